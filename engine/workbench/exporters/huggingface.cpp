// A Hugging Face folder: of the family that the model is one of, else with code of its own.
#include <algorithm>
#include <filesystem>
#include <optional>

#include "engine/base/file.h"
#include "engine/io/huggingface.h"
#include "engine/workbench/export/huggingface_custom.h"
#include "engine/workbench/export/huggingface_files.h"
#include "engine/workbench/export/huggingface_native.h"
#include "engine/workbench/exporter.h"

namespace fw {
namespace {

namespace fs = std::filesystem;

const std::vector<ParamDef>& params() {
  static const std::vector<ParamDef> all = {realParam("shard", 5)
                                                .range(1e-6, 1e6)
                                                .label("Largest file")
                                                .help("Gigabytes of a file of tensors; above, several.")};
  return all;
}

void writeCustom(const ExportCall& call, const fs::path& folder, int64_t mostBytes) {
  const CustomFolder custom = customFolder(call.architecture);
  writeConfig(custom.config, {}, call.path);
  for (const auto& [name, source] : custom.files) writeFileAtomically((folder / name).string(), source);
  if (!call.weights) return;
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, tensor] : *call.weights) tensors[custom.tensorName(name)] = tensor;
  writeTensors(tensors, {}, call.path, mostBytes);
}

/// Names of an older time, as the source has them, in place of those of today. `missing`: what stands before the names
/// of the family's rules but not before those of the files.
void keepOldNames(const FamilyModel& model, const CheckpointFiles& files, const std::string& missing,
                  std::map<std::string, Tensor>& tensors) {
  std::vector<std::string> numbers;
  for (const auto& [name, item] : files.tensors())
    for (const WeightRule& old : model.weights) {
      if (!old.isOldName || !matchesName(old.tensor, missing + name, numbers)) continue;
      for (const WeightRule& rule : model.weights) {
        if (rule.isOldName || rule.parts.front().name != old.parts.front().name) continue;
        const std::string whole = filledName(rule.tensor, numbers);
        if (!whole.starts_with(missing)) continue;
        const std::string today = whole.substr(missing.size());
        if (files.tensors().contains(today) || !tensors.contains(today)) continue;
        auto node = tensors.extract(today);
        node.key() = name;
        tensors.insert(std::move(node));
      }
    }
}

/// The tensors that a checkpoint of this family has, under the names that `source` uses, with those of `source` that no
/// weight of the document needs where the model is the same.
std::map<std::string, Tensor> tensorsOf(const NativeModel& native, const ExportCall& call) {
  std::map<std::string, Tensor> tensors = nativeTensors(native.model, *call.weights);
  if (call.source.empty()) return tensors;
  const CheckpointFiles files(call.source);
  const std::string& prefix = native.model.prefix;
  const bool isBare = !prefix.empty() && !files.isEmpty() &&
                      std::none_of(files.tensors().begin(), files.tensors().end(),
                                   [&](const auto& tensor) { return tensor.first.starts_with(prefix); });
  if (isBare) {
    std::map<std::string, Tensor> bare;
    for (auto& [name, tensor] : tensors)
      bare[name.starts_with(prefix) ? name.substr(prefix.size()) : name] = std::move(tensor);
    tensors = std::move(bare);
  }
  keepOldNames(native.model, files, isBare ? prefix : "", tensors);
  if (!native.isWhole) return tensors;
  const auto isNamed = [&](const std::string& name) {
    std::vector<std::string> numbers;
    return std::any_of(native.model.weights.begin(), native.model.weights.end(), [&](const WeightRule& rule) {
      return matchesName(rule.tensor, name, numbers) || (isBare && matchesName(rule.tensor, prefix + name, numbers));
    });
  };
  for (const auto& [name, item] : files.tensors())
    if (!tensors.contains(name) && !isNamed(name)) tensors[name] = files.tensor(name);
  return tensors;
}

void write(const ExportCall& call) {
  makeExportFolder(call.path, call.source);
  const Params options = completeOptions("huggingface", params(), call.options);
  const int64_t mostBytes = int64_t(std::get<double>(options.at("shard")) * 1e9);
  const fs::path folder(call.path);
  copyTextFiles(call.source, call.path);
  if (const std::optional<NativeModel> native = nativeModel(call.architecture)) {
    writeConfig(native->config, call.source, call.path);
    if (call.weights) writeTensors(tensorsOf(*native, call), call.source, call.path, mostBytes);
    return;
  }
  if (const std::optional<LayeredModel> layered = layeredModel(call.architecture)) {
    writeConfig(layered->native.config, call.source, call.path);
    writeFileAtomically((folder / "configuration_formwright.py").string(), layered->configuration);
    writeFileAtomically((folder / "modeling_formwright.py").string(), layered->modeling);
    if (call.weights)
      writeTensors(nativeTensors(layered->native.model, *call.weights), call.source, call.path, mostBytes);
    return;
  }
  writeCustom(call, folder, mostBytes);
}

}  // namespace

ExporterDef exporter_huggingface() {
  return {
      .id = "huggingface",
      .title = "Hugging Face folder",
      .help =
          "config.json and safetensors: of the family where the model still is one, so that other tools load it "
          "with no code; else with code that transformers runs when it is trusted. The tokenizer of the folder that "
          "the model was opened from comes along.",
      .extension = "",
      .write = write,
      .params = params()};
}

}  // namespace fw
