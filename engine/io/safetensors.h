// safetensors: a JSON header and raw little-endian tensors; read through a memory map, checked as hostile.
#pragma once

#include <map>
#include <string>

#include "engine/base/tensor.h"

namespace fw {

struct SafetensorsFile {
  std::map<std::string, Tensor> tensors;  // share the file's memory map: nothing is read until it is touched
  std::map<std::string, std::string> metadata;
};

/// Maps the file. dtypes F32 F16 BF16 I64 I32 I8 BOOL are kept as they are (unaligned tensors are copied); F64 becomes
/// f32, I16 U8 U16 become i32, U32 U64 become i64. Throws Code::File "[weights.safetensors] the header claims 1048576
/// bytes but the file has 40." and the like for every way in which a file can be wrong.
SafetensorsFile loadSafetensors(const std::string& path);

/// Writes atomically, tensors ordered by name, the header padded so that data is 64-byte aligned.
void saveSafetensors(const std::string& path, const std::map<std::string, Tensor>& tensors,
                     const std::map<std::string, std::string>& metadata = {});

}  // namespace fw
