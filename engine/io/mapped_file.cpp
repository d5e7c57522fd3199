// A file's bytes in memory.
#include "engine/io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/base/error.h"

namespace fw {

MappedFile mapFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw Error(Code::File, text("[", path, "] cannot be opened: ", std::strerror(errno), "."));
  struct stat info {};
  const bool isKnown = ::fstat(file, &info) == 0;
  if (!isKnown || S_ISDIR(info.st_mode) || info.st_size <= 0) {
    ::close(file);
    throw Error(Code::File, text("[", path, "] ",
                                 !isKnown                ? "cannot be examined"
                                 : S_ISDIR(info.st_mode) ? "is a folder; expected a file"
                                                         : "is empty",
                                 "."));
  }
  const size_t bytes = size_t(info.st_size);
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file, 0);
  ::close(file);
  if (memory == MAP_FAILED) throw Error(Code::File, text("[", path, "] cannot be mapped: ", std::strerror(errno), "."));
  return {std::shared_ptr<std::byte>(static_cast<std::byte*>(memory), [bytes](std::byte* p) { ::munmap(p, bytes); }),
          bytes};
}

void releasePages(const void* memory, int64_t bytes) {
  const uintptr_t page = uintptr_t(::sysconf(_SC_PAGESIZE)), begin = reinterpret_cast<uintptr_t>(memory);
  const uintptr_t first = (begin + page - 1) / page * page, end = (begin + uintptr_t(bytes)) / page * page;
  // Advice: where the system knows it not, nothing happens.
  if (bytes > 0 && first < end) ::madvise(reinterpret_cast<void*>(first), end - first, MADV_PAGEOUT);
}

}  // namespace fw
