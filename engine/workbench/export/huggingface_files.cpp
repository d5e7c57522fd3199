// The files of a Hugging Face folder besides code.
#include "engine/workbench/export/huggingface_files.h"

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

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

/// The file of each tensor in a folder with an index; empty for one without.
std::map<std::string, std::string> filesOf(const std::string& source) {
  std::error_code ignored;
  if (source.empty() || !fs::exists(fs::path(source) / kIndex, ignored)) return {};
  std::map<std::string, std::string> files;
  const CheckpointFiles checkpoint(source);
  for (const auto& [name, item] : checkpoint.tensors()) files[name] = item.file;
  return files;
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
  const std::map<std::string, std::string> known = filesOf(source);
  int64_t total = 0;
  for (const auto& [name, tensor] : tensors) total += tensor.bytes();
  if (known.empty() && total <= mostBytes) {
    saveSafetensors((fs::path(folder) / kSingle).string(), tensors, {{"format", "pt"}});
    return;
  }
  std::map<std::string, std::map<std::string, Tensor>> files;
  std::vector<std::map<std::string, Tensor>> parts;
  int64_t filled = 0;
  for (const auto& [name, tensor] : tensors) {
    if (const auto at = known.find(name); at != known.end()) {
      files[at->second][name] = tensor;
      continue;
    }
    if (parts.empty() || filled + tensor.bytes() > mostBytes) {
      parts.emplace_back();
      filled = 0;
    }
    parts.back()[name] = tensor;
    filled += tensor.bytes();
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    char file[80];
    std::snprintf(file, sizeof file,
                  known.empty() ? "model-%05zu-of-%05zu.safetensors" : "model-more-%05zu-of-%05zu.safetensors", i + 1,
                  parts.size());
    files[file] = std::move(parts[i]);
  }
  SortedJson index = {{"metadata", {{"total_size", total}}}, {"weight_map", SortedJson::object()}};
  for (const auto& [file, held] : files) {
    saveSafetensors((fs::path(folder) / file).string(), held, {{"format", "pt"}});
    for (const auto& [name, tensor] : held) index["weight_map"][name] = file;
  }
  writeFileAtomically((fs::path(folder) / kIndex).string(), index.dump(2) + "\n");
}

}  // namespace fw
