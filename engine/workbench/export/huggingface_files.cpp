// The files of a Hugging Face folder besides code.
#include "engine/workbench/export/huggingface_files.h"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/io/huggingface.h"
#include "engine/io/safetensors.h"

namespace fw {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

/// Python's way to write what JSON has no number for; reading turned it into a text.
std::string withPythonNumbers(std::string json) {
  for (const std::string number : {"-Infinity", "Infinity"})
    for (size_t at = 0; (at = json.find('"' + number + '"', at)) != std::string::npos; at += number.size())
      json.replace(at, number.size() + 2, number);
  return json;
}

bool hasTensors(const std::string& source) {
  std::error_code ignored;
  return !source.empty() &&
         (fs::exists(fs::path(source) / kSingle, ignored) || fs::exists(fs::path(source) / kIndex, ignored));
}

/// A tensor as it leaves: with the bytes of the source where its file has a dtype that becomes another when it is read,
/// and the tensor is what becomes of them.
StoredTensor leaving(const std::string& name, const Tensor& tensor, const CheckpointFiles* source) {
  if (!source) return storedTensor(tensor);
  const auto at = source->tensors().find(name);
  if (at == source->tensors().end() || keepsDtype(at->second.entry.dtype)) return storedTensor(tensor);
  const Tensor theirs = source->tensor(name);
  const bool isUntouched =
      theirs.dtype == tensor.dtype && theirs.shape == tensor.shape &&
      (tensor.bytes() == 0 || std::memcmp(theirs.memory.get(), tensor.memory.get(), size_t(tensor.bytes())) == 0);
  return isUntouched ? source->stored(name) : storedTensor(tensor);
}

}  // namespace

void makeExportFolder(const std::string& folder, const std::string& source) {
  std::error_code error;
  if (!source.empty() && fs::equivalent(folder, source, error))
    throw Error(Code::Usage, text("[", folder, "] is the folder that the model comes from; expected another one."));
  fs::create_directories(folder, error);
  if (error) throw Error(Code::File, text("[", folder, "] the folder cannot be made: ", error.message(), "."));
}

void copyTextFiles(const std::string& source, const std::string& folder) {
  if (source.empty()) return;
  for (const char* name :
       {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
        "merges.txt", "vocab.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "chat_template.jinja",
        "chat_template.json", "generation_config.json", "preprocessor_config.json", "processor_config.json"}) {
    const fs::path from = fs::path(source) / name;
    std::error_code ignored;
    if (fs::is_regular_file(from, ignored))
      writeFileAtomically((fs::path(folder) / name).string(), readFile(from.string()));
  }
}

void writeConfig(const std::string& config, const std::string& source, const std::string& folder) {
  const Json json = Json::parse(config);
  const std::string target = (fs::path(folder) / "config.json").string(),
                    written = withPythonNumbers(toSortedText(json));
  std::error_code ignored;
  const fs::path original = fs::path(source) / "config.json";
  if (!source.empty() && fs::is_regular_file(original, ignored)) {
    const std::string bytes = readFile(original.string(), size_t(1) << 24);
    const SortedJson theirs = SortedJson::parse(bytes, nullptr, false);
    if (!theirs.is_discarded() && theirs == SortedJson::parse(config)) return writeFileAtomically(target, bytes);
  }
  writeFileAtomically(target, written);
}

void writeTensors(const std::map<std::string, Tensor>& tensors, const std::string& source, const std::string& folder,
                  int64_t mostBytes) {
  std::optional<const CheckpointFiles> checkpoint;
  if (hasTensors(source)) checkpoint.emplace(source);
  std::error_code ignored;
  const bool isCut = checkpoint && !fs::exists(fs::path(source) / kSingle, ignored);
  std::map<std::string, StoredTensor> stored;
  int64_t total = 0;
  for (const auto& [name, tensor] : tensors) {
    const StoredTensor& one = stored[name] = leaving(name, tensor, checkpoint ? &*checkpoint : nullptr);
    total += one.bytes;
  }
  if (!isCut && total <= mostBytes) {
    saveStoredTensors((fs::path(folder) / kSingle).string(), stored, {{"format", "pt"}});
    return;
  }
  std::map<std::string, std::map<std::string, StoredTensor>> files;
  std::vector<std::map<std::string, StoredTensor>> parts;
  int64_t filled = 0;
  for (const auto& [name, tensor] : stored) {
    if (isCut && checkpoint->tensors().contains(name)) {
      files[checkpoint->tensors().at(name).file][name] = tensor;
      continue;
    }
    if (parts.empty() || filled + tensor.bytes > mostBytes) {
      parts.emplace_back();
      filled = 0;
    }
    parts.back()[name] = tensor;
    filled += tensor.bytes;
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    char file[80];
    std::snprintf(file, sizeof file,
                  isCut ? "model-more-%05zu-of-%05zu.safetensors" : "model-%05zu-of-%05zu.safetensors", i + 1,
                  parts.size());
    files[file] = std::move(parts[i]);
  }
  SortedJson index = {{"metadata", {{"total_size", total}}}, {"weight_map", SortedJson::object()}};
  for (const auto& [file, held] : files) {
    saveStoredTensors((fs::path(folder) / file).string(), held, {{"format", "pt"}});
    for (const auto& [name, tensor] : held) index["weight_map"][name] = file;
  }
  writeFileAtomically((fs::path(folder) / kIndex).string(), index.dump(2) + "\n");
}

}  // namespace fw
