// Opening and checking models.
#include <algorithm>
#include <filesystem>
#include <numeric>

#include "engine/arch/document_file.h"
#include "engine/arch/walk.h"
#include "engine/base/error.h"
#include "engine/io/huggingface.h"
#include "engine/io/safetensors.h"
#include "engine/io/tensor_table.h"
#include "engine/presets/preset.h"
#include "engine/workbench/workbench.h"

namespace fw {

const Catalog& catalog() {
  static const Catalog all(allBlocks());
  return all;
}

OpenedModel openModel(const std::string& model, bool withWeights) {
  namespace fs = std::filesystem;
  if (const PresetDef* preset = findPreset(model))
    return {.architecture = std::make_shared<const Architecture>(preset->make(catalog())), .name = preset->title};
  std::error_code ignored;
  const fs::path path(model);
  if (fs::is_directory(path, ignored)) {
    const fs::path document = path / "model.fw.json", weights = path / "checkpoint.safetensors";
    if (!fs::exists(document, ignored) && isHuggingFaceFolder(model)) {
      Checkpoint checkpoint = openHuggingFace(model, catalog(), withWeights);
      OpenedModel opened{.architecture = std::make_shared<const Architecture>(std::move(checkpoint.architecture)),
                         .weights = std::move(checkpoint.weights),
                         .family = std::move(checkpoint.family),
                         .notes = std::move(checkpoint.notes)};
      opened.name = opened.architecture->name;
      return opened;
    }
    if (const auto table = fs::exists(document, ignored) ? std::nullopt : openTensorTable(model))
      throw Error(Code::File, table->reason);
    if (!fs::exists(document, ignored))
      throw Error(Code::File, text("[", model,
                                   "] is a folder without model.fw.json and config.json; expected a run folder or a "
                                   "Hugging Face folder."));
    OpenedModel opened{.architecture = std::make_shared<const Architecture>(loadDocument(document.string())),
                       .run = path};
    opened.name = opened.architecture->name;
    if (withWeights && fs::exists(weights, ignored)) {
      const std::string prefix = "parameter/";
      for (auto& [name, tensor] : loadSafetensors(weights.string()).tensors)
        if (name.starts_with(prefix)) opened.weights.emplace(name.substr(prefix.size()), std::move(tensor));
    }
    return opened;
  }
  if (const std::optional<TensorTable> table = openTensorTable(model)) throw Error(Code::File, table->reason);
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

namespace {

int64_t smallestBatch(const Graph& graph) {
  int64_t rows = 1;
  for (const auto& [id, node] : graph.nodes) {
    const BlockDef* block = catalog().find(node->block);
    if (!block || block->body == BodyKind::None) continue;
    int64_t inside = 1;
    for (const auto& [name, body] : node->bodies) inside = std::lcm(inside, smallestBatch(*body));
    // With a port that picks the branch, every branch sees all rows.
    const bool isDealt = block->body == BodyKind::Fork && !portsOf(*node, *block).findInput("branch");
    if (isDealt) inside *= std::max<int64_t>(1, int64_t(bodyNames(*node, *block).size()));
    // A file may nest what no batch could hold; lowering then says so.
    constexpr int64_t kMost = 1 << 20;
    rows = inside > kMost ? rows : std::lcm(rows, inside);
    if (rows > kMost) return 1;
  }
  return rows;
}

}  // namespace

int64_t longestTime(const Architecture& architecture, int64_t wish) {
  forEachNode(
      architecture, [](const Node& node) { return node.block == "embedding.position"; },
      [&](const GraphPath&, const Node& node) {
        try {
          const ParamValue length = paramValue(node, *catalog().find(node.block), "length", architecture.variables);
          wish = std::min(wish, std::get<int64_t>(length));
        } catch (const Error&) {
          return;  // lowering says what is wrong with it
        }
      });
  return wish;
}

int64_t smallestBatch(const Architecture& architecture) { return smallestBatch(*architecture.root); }

std::vector<Diagnostic> check(const Architecture& architecture, const std::map<std::string, int64_t>& dims) {
  LowerOptions options;
  options.dims["B"] = smallestBatch(architecture);
  options.dims["T"] = longestTime(architecture, 128);
  for (const auto& [letter, size] : dims) options.dims[letter] = size;
  return lower(architecture, catalog(), options).diagnostics;
}

}  // namespace fw
