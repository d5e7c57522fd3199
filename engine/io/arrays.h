// Named arrays in a file: `.npz` or `.safetensors`, told apart by their content.
#pragma once

#include <map>
#include <string>

#include "engine/base/tensor.h"

namespace fw {

/// Throws Code::File with a sentence that names the file and the array.
std::map<std::string, Tensor> loadArrays(const std::string& path);

/// Throws Code::Usage unless the name ends in `.npz` or `.safetensors`.
void requireArraysName(const std::string& path);

/// By the extension; see requireArraysName().
void saveArrays(const std::string& path, const std::map<std::string, Tensor>& arrays);

/// NumPy's zip of .npy files: stored or deflated members, versions 1 to 3, C order, little endian; f2 f4 f8, signed and
/// unsigned integers, bool. Checked as hostile.
std::map<std::string, Tensor> loadNpz(const std::string& path);
void saveNpz(const std::string& path, const std::map<std::string, Tensor>& arrays);

}  // namespace fw
