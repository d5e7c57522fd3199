// Opening and checking models.
#include <filesystem>

#include "engine/arch/document_file.h"
#include "engine/base/error.h"
#include "engine/io/safetensors.h"
#include "engine/presets/preset.h"
#include "engine/workbench/workbench.h"

namespace fw {

const Catalog& catalog() {
  static const Catalog all(allBlocks());
  return all;
}

OpenedModel openModel(const std::string& model) {
  namespace fs = std::filesystem;
  if (const PresetDef* preset = findPreset(model))
    return {.architecture = std::make_shared<const Architecture>(preset->make(catalog())), .name = preset->title};
  std::error_code ignored;
  const fs::path path(model);
  if (fs::is_directory(path, ignored)) {
    const fs::path document = path / "model.fw.json", weights = path / "checkpoint.safetensors";
    if (!fs::exists(document, ignored))
      throw Error(Code::File, text("[", model, "] is a folder without model.fw.json; expected a run folder."));
    OpenedModel opened{.architecture = std::make_shared<const Architecture>(loadDocument(document.string())),
                       .run = path};
    opened.name = opened.architecture->name;
    if (fs::exists(weights, ignored)) {
      const std::string prefix = "parameter/";
      for (auto& [name, tensor] : loadSafetensors(weights.string()).tensors)
        if (name.starts_with(prefix)) opened.weights.emplace(name.substr(prefix.size()), std::move(tensor));
    }
    return opened;
  }
  if (fs::exists(path, ignored)) {
    OpenedModel opened{.architecture = std::make_shared<const Architecture>(loadDocument(model)), .file = model};
    opened.name = opened.architecture->name.empty() ? path.filename().string() : opened.architecture->name;
    return opened;
  }
  std::string known;
  for (const PresetDef& preset : allPresets()) known += (known.empty() ? "" : ", ") + preset.id;
  throw Error(Code::File,
              text("[", model, "] there is no preset, file or run folder of this name; presets are: ", known, "."));
}

std::vector<Diagnostic> check(const Architecture& architecture, const std::map<std::string, int64_t>& dims) {
  LowerOptions options;
  for (const auto& [letter, size] : dims) options.dims[letter] = size;
  return lower(architecture, catalog(), options).diagnostics;
}

}  // namespace fw
