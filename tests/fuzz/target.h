// What fuzz targets share: refusals are what hostile input deserves, anything else thrown is a finding; and a file made
// of the input.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "engine/base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace fw {

/// What `read` gives, or nothing where it refuses. Errors that blame the program itself go on, and so end it.
template <class Read>
auto unlessRefused(const Read& read) -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const Error& error) {
    if (error.code() == Code::Internal) throw;
    return std::nullopt;
  }
}

/// A file in memory that holds the input and can be opened by its path.
class InputFile {
 public:
  InputFile(const uint8_t* data, size_t size) : file_(::memfd_create("input", MFD_CLOEXEC)) {
    if (file_ < 0 || ::write(file_, data, size) != ssize_t(size)) throw std::runtime_error("no file in memory");
  }
  ~InputFile() { ::close(file_); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

}  // namespace fw
