// Files as bytes.
#include "engine/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "engine/base/error.h"

namespace fw {
namespace {

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int get() const { return fd_; }
  int close() {
    const int fd = fd_;
    fd_ = -1;
    return fd >= 0 ? ::close(fd) : 0;
  }

 private:
  int fd_;
};

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw Error(Code::File, text("[", path, "] ", what, ": ", std::strerror(errno), "."));
}

}  // namespace

std::string readFile(const std::string& path, size_t limit) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail(path, "cannot be opened");
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) fail(path, "cannot be examined");
  if (S_ISDIR(info.st_mode)) throw Error(Code::File, text("[", path, "] is a folder; expected a file."));
  std::string bytes;
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path, "cannot be read");
    if (got == 0) return bytes;
    bytes.append(buffer, size_t(got));
    if (bytes.size() > limit) throw Error(Code::File, text("[", path, "] is longer than ", limit, " bytes."));
  }
}

void writeFileAtomically(const std::string& path, std::string_view bytes) {
  writeFileAtomically(path, std::vector<std::string_view>{bytes});
}

void writeFileAtomically(const std::string& path, const std::vector<std::string_view>& parts) {
  std::string temporary = path + kPartSuffix + "XXXXXX";
  Descriptor file(::mkstemp(temporary.data()));
  if (file.get() < 0) fail(path, "cannot be written");
  try {
    for (const std::string_view bytes : parts)
      for (size_t done = 0; done < bytes.size();) {
        const ssize_t put = ::write(file.get(), bytes.data() + done, bytes.size() - done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) fail(path, "cannot be written");
        done += size_t(put);
      }
    struct stat old {};
    const mode_t mask = ::umask(0);
    ::umask(mask);
    const mode_t mode = ::stat(path.c_str(), &old) == 0 ? (old.st_mode & 07777) : (0666 & ~mask);
    if (::fchmod(file.get(), mode) != 0 || ::fsync(file.get()) != 0 || file.close() != 0)
      fail(path, "cannot be written");
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "cannot be replaced");
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

}  // namespace fw
