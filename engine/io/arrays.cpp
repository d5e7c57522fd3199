// Named arrays in a file.
#include "engine/io/arrays.h"

#include <cstring>

#include "engine/base/error.h"
#include "engine/io/mapped_file.h"
#include "engine/io/safetensors.h"

namespace fw {

std::map<std::string, Tensor> loadArrays(const std::string& path) {
  const MappedFile file = mapFile(path);
  const bool isZip = file.bytes >= 4 && (std::memcmp(file.memory.get(), "PK\3\4", 4) == 0 ||
                                         std::memcmp(file.memory.get(), "PK\5\6", 4) == 0);
  return isZip ? loadNpz(path) : loadSafetensors(path).tensors;
}

void requireArraysName(const std::string& path) {
  if (path.ends_with(".npz") || path.ends_with(".safetensors")) return;
  throw Error(Code::Usage, text("[", path, "] expected a name that ends in .npz or .safetensors."));
}

void saveArrays(const std::string& path, const std::map<std::string, Tensor>& arrays) {
  requireArraysName(path);
  if (path.ends_with(".npz")) return saveNpz(path, arrays);
  saveSafetensors(path, arrays);
}

}  // namespace fw
