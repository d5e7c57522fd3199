// Writes a safetensors file piece by piece: shapes first, then the bytes of any tensor in any order, in constant
// memory.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/io/safetensors.h"

namespace fw {

class SafetensorsWriter {
 public:
  /// Opens a temporary file beside `path`. Throws Code::File where that cannot be.
  SafetensorsWriter(const std::string& path, const std::map<std::string, SafetensorsSpec>& tensors,
                    const std::map<std::string, std::string>& metadata);
  SafetensorsWriter(const SafetensorsWriter&) = delete;
  SafetensorsWriter& operator=(const SafetensorsWriter&) = delete;
  /// Removes the temporary file where finish() was not reached.
  ~SafetensorsWriter();

  /// Bytes `begin` and those after it of a tensor. Throws Code::File (full disk), Code::Internal outside the tensor.
  void write(const std::string& tensor, int64_t begin, const void* bytes, int64_t count);
  /// Replaces `path`. What was never written is zero.
  void finish();

 private:
  struct Place {
    int64_t begin, bytes;
  };
  void remove();
  [[noreturn]] void fail(const std::string& what) const;
  void writeAt(int64_t offset, const char* bytes, int64_t count);

  std::string path_, part_;
  std::map<std::string, Place> places_;
  int file_ = -1;
};

}  // namespace fw
