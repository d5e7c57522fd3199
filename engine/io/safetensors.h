// safetensors: a JSON header and raw little-endian tensors; read through a memory map, checked as hostile.
#pragma once

#include <map>
#include <string>

#include "engine/base/tensor.h"

namespace fw {

/// A tensor of a file as its header describes it.
struct SafetensorsEntry {
  std::string dtype;  // "BF16"
  Shape shape;
  int64_t begin = 0, end = 0;  // bytes in the map
};

/// A tensor as a file has it, of any dtype of the format.
struct StoredTensor {
  std::string dtype;  // "F8_E4M3"
  Shape shape;
  std::shared_ptr<std::byte> memory;
  int64_t bytes = 0;
};

/// Whether tensors of this dtype of the format are kept as they are when they are read; else they become another.
bool keepsDtype(const std::string& dtype);

/// A file whose header has been read and checked; no tensor has been touched. Copies share the map.
class SafetensorsView {
 public:
  /// Throws Code::File "[weights.safetensors] the header claims 1048576 bytes but the file has 40." and the like for
  /// every way in which a file can be wrong.
  explicit SafetensorsView(const std::string& path);

  const std::map<std::string, SafetensorsEntry>& entries() const { return entries_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// Shares the map: nothing is read until it is touched. F32 F16 BF16 I64 I32 I8 BOOL are kept as they are (unaligned
  /// tensors are copied); F64 F8_E4M3 F8_E5M2 become f32, I16 U8 U16 i32, U32 U64 i64, which reads and copies.
  Tensor tensor(const SafetensorsEntry& entry) const;
  /// Its bytes as they lie; shares the map.
  StoredTensor stored(const SafetensorsEntry& entry) const;

 private:
  std::shared_ptr<std::byte> memory_;
  std::map<std::string, SafetensorsEntry> entries_;
  std::map<std::string, std::string> metadata_;
};

struct SafetensorsFile {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Every tensor of SafetensorsView(path).
SafetensorsFile loadSafetensors(const std::string& path);

struct SafetensorsSpec {
  DType dtype = DType::F32;
  Shape shape;
  int64_t bytes() const { return checkedProduct(shape.count(), byteSize(dtype), "tensor"); }
};

/// How a file begins: length and JSON, padded so that data is 64-byte aligned; tensors lie in the order of their names.
std::string safetensorsHeader(const std::map<std::string, SafetensorsSpec>& tensors,
                              const std::map<std::string, std::string>& metadata);

/// Writes atomically, tensors ordered by name, the header padded so that data is 64-byte aligned.
void saveSafetensors(const std::string& path, const std::map<std::string, Tensor>& tensors,
                     const std::map<std::string, std::string>& metadata = {});

StoredTensor storedTensor(const Tensor& tensor);
/// The same for tensors of any dtype of the format.
void saveStoredTensors(const std::string& path, const std::map<std::string, StoredTensor>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace fw
