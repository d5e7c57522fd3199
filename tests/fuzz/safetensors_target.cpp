// safetensors: whatever is accepted has its tensors inside the file, and survives being written and read again.
#include "engine/io/safetensors.h"

#include <cstring>

#include "tests/fuzz/target.h"
#include "tests/support/temporary_folder.h"

using namespace fw;

namespace {

bool areEqual(const Tensor& a, const Tensor& b) {
  return a.dtype == b.dtype && a.shape == b.shape &&
         (a.bytes() == 0 || std::memcmp(a.memory.get(), b.memory.get(), size_t(a.bytes())) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TemporaryFolder folder;
  const InputFile file(data, size);
  const auto read = unlessRefused([&] { return loadSafetensors(file.path()); });
  if (!read) return 0;
  const std::string copy = folder / "copy.safetensors";
  saveSafetensors(copy, read->tensors, read->metadata);
  const SafetensorsFile again = loadSafetensors(copy);
  if (again.tensors.size() != read->tensors.size()) throw std::logic_error("tensors were lost");
  for (const auto& [name, tensor] : read->tensors)
    if (!areEqual(tensor, again.tensors.at(name))) throw std::logic_error("a tensor has changed: " + name);
  return 0;
}
