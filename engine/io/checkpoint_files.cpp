// The safetensors of a folder.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/io/huggingface.h"

namespace fw {
namespace {

namespace fs = std::filesystem;

bool isPlainName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string("/\\\0", 3)) == std::string::npos;
}

}  // namespace

CheckpointFiles::CheckpointFiles(const std::string& folder) {
  std::error_code ignored;
  const fs::path path(folder);
  const std::string single = "model.safetensors", index = "model.safetensors.index.json";
  if (fs::exists(path / single, ignored)) {
    addFile(folder, single);
    return;
  }
  if (!fs::exists(path / index, ignored)) {
    for (const char* pickled : {"pytorch_model.bin", "pytorch_model.bin.index.json", "model.pt", "model.pth"})
      if (fs::exists(path / pickled, ignored))
        throw Error(Code::File, text("[", pickled,
                                     "] is a pickle, which runs code when it is read, so it is not opened; "
                                     "expected model.safetensors (transformers writes it with save_pretrained)."));
    return;
  }
  const SortedJson json = parseSortedJson(readFile((path / index).string(), size_t(1) << 28), index, {.depth = 8});
  const auto fail = [&](const std::string& what) { throw Error(Code::File, "[" + index + "] " + what); };
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
    fail("has no object 'weight_map'.");
  std::map<std::string, std::string> wanted;
  for (const auto& [name, file] : json["weight_map"].items()) {
    if (!file.is_string()) fail(text("the file of tensor '", name, "' is no text."));
    wanted[name] = file.get<std::string>();
  }
  for (const auto& [name, file] : wanted) {
    if (views_.contains(file)) continue;
    if (!isPlainName(file)) fail(text("tensor '", name, "' lies in '", file, "'; expected a file of the folder."));
    if (!fs::exists(path / file, ignored)) fail(text("tensor '", name, "' lies in '", file, "', which is not there."));
    addFile(folder, file);
  }
  for (const auto& [name, file] : wanted) {
    const auto at = tensors_.find(name);
    if (at == tensors_.end() || at->second.file != file) fail(text("'", file, "' has no tensor '", name, "'."));
  }
}

void CheckpointFiles::addFile(const std::string& folder, const std::string& file) {
  const SafetensorsView& view = views_.emplace(file, SafetensorsView((fs::path(folder) / file).string())).first->second;
  for (const auto& [name, entry] : view.entries()) {
    const auto [at, isNew] = tensors_.emplace(name, Item{file, entry});
    if (!isNew) throw Error(Code::File, text("[", file, "] tensor '", name, "' is in '", at->second.file, "' too."));
  }
}

Tensor CheckpointFiles::tensor(const std::string& name) const {
  const auto at = tensors_.find(name);
  if (at == tensors_.end()) throw Error(Code::Data, text("[", name, "] there is no tensor of this name."));
  return views_.at(at->second.file).tensor(at->second.entry);
}

StoredTensor CheckpointFiles::stored(const std::string& name) const {
  const auto at = tensors_.find(name);
  if (at == tensors_.end()) throw Error(Code::Data, text("[", name, "] there is no tensor of this name."));
  return views_.at(at->second.file).stored(at->second.entry);
}

}  // namespace fw
