// safetensors: whatever is accepted has its tensors inside the file, and survives being written and read again, as what
// it becomes here and byte by byte.
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

void expectSameBytes(const SafetensorsView& view, const std::string& copy) {
  std::map<std::string, StoredTensor> stored;
  for (const auto& [name, entry] : view.entries()) stored.emplace(name, view.stored(entry));
  saveStoredTensors(copy, stored, view.metadata());
  const SafetensorsView again(copy);
  if (again.entries().size() != stored.size()) throw std::logic_error("tensors were lost");
  for (const auto& [name, tensor] : stored) {
    const StoredTensor theirs = again.stored(again.entries().at(name));
    if (theirs.dtype != tensor.dtype || theirs.shape != tensor.shape || theirs.bytes != tensor.bytes ||
        (tensor.bytes > 0 && std::memcmp(theirs.memory.get(), tensor.memory.get(), size_t(tensor.bytes)) != 0))
      throw std::logic_error("a tensor has changed: " + name);
  }
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
  expectSameBytes(SafetensorsView(file.path()), copy);
  return 0;
}
