// Writes a safetensors file piece by piece.
#include "engine/io/safetensors_writer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace fw {
SafetensorsWriter::SafetensorsWriter(const std::string& path, const std::map<std::string, SafetensorsSpec>& tensors,
                                     const std::map<std::string, std::string>& metadata)
    : path_(path), part_(path + kPartSuffix + "XXXXXX") {
  const std::string header = safetensorsHeader(tensors, metadata);
  int64_t offset = int64_t(header.size());
  for (const auto& [name, spec] : tensors) {
    places_[name] = {offset, spec.bytes()};
    offset += spec.bytes();
  }
  file_ = ::mkstemp(part_.data());
  if (file_ < 0) fail("cannot be written");
  try {
    writeAt(0, header.data(), int64_t(header.size()));
    if (::ftruncate(file_, offset) != 0) fail("cannot be made large enough");
  } catch (...) {
    remove();
    throw;
  }
}

SafetensorsWriter::~SafetensorsWriter() { remove(); }

void SafetensorsWriter::remove() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(part_.c_str());
  file_ = -1;
}

void SafetensorsWriter::fail(const std::string& what) const {
  throw Error(Code::File, text("[", path_, "] ", what, ": ", std::strerror(errno), "."));
}

void SafetensorsWriter::writeAt(int64_t offset, const char* bytes, int64_t count) {
  while (count > 0) {
    const ssize_t written = ::pwrite(file_, bytes, size_t(count), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("cannot be written");
    bytes += written;
    offset += written;
    count -= written;
  }
}

void SafetensorsWriter::write(const std::string& tensor, int64_t begin, const void* bytes, int64_t count) {
  const auto place = places_.find(tensor);
  if (place == places_.end() || begin < 0 || count < 0 || begin + count > place->second.bytes)
    throw Error(Code::Internal, text("[", path_, "] bytes ", begin, " to ", begin + count, " lie outside of '", tensor,
                                     "'; expected a place in a tensor that was announced."));
  writeAt(place->second.begin + begin, static_cast<const char*>(bytes), count);
}

void SafetensorsWriter::finish() {
  // mkstemp makes files that only their owner may read.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(file_, 0666 & ~mask) != 0 || ::fsync(file_) != 0) fail("cannot be written");
  if (::rename(part_.c_str(), path_.c_str()) != 0) fail("cannot be replaced");
  ::close(file_);
  file_ = -1;
}

}  // namespace fw
