// A recipe for mergekit: layers of a checkpoint stacked anew, dropped, repeated or in another order. (Goddard et al.,
// Arcee's MergeKit, 2024.)
#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/families/layers.h"
#include "engine/io/huggingface.h"
#include "engine/ir/graph.h"
#include "engine/workbench/exporter.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

using Weights = std::map<std::string, Tensor>;

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(Code::Data, "[mergekit] the model is no re-stack of the source: " + sentence);
}

/// The stack as the source has it: its number of layers, nothing of a layer's own, no shared weights.
Hash commonHash(const Architecture& architecture, const Node& repeat, int64_t layers) {
  Architecture plain = architecture;
  plain.weightGroups.clear();
  Graph root = *architecture.root;
  Node node = repeat;
  node.params["count"] = layers;
  node.overrides.clear();
  node.weightGroup.clear();
  root.nodes[node.id] = std::make_shared<const Node>(std::move(node));
  plain.root = std::make_shared<const Graph>(std::move(root));
  return structuralHash(plain);
}

/// Whether every sublayer of a layer is skipped; refuses a layer that has something else of its own.
bool isDropped(const Node& repeat, const BlockDef& block, int64_t layer) {
  const auto own = repeat.overrides.find(layer);
  if (own == repeat.overrides.end() || (own->second.params.empty() && own->second.muted.empty())) return false;
  std::vector<NodeId> sums;
  for (const auto& [id, node] : repeat.bodies.at(layerBody(repeat, block, layer))->nodes)
    if (node->block.starts_with("structure.") && node->block.ends_with("residual")) sums.push_back(id);
  if (!own->second.params.empty() || own->second.muted != sums)
    refuse(text("layer ", layer, " has something of its own, but only whole layers can be dropped."));
  return true;
}

/// The parameters that each layer reads, by the name inside the layer: "attention.q.weight" -> "layers.2.attention...".
std::vector<std::map<std::string, std::string>> readParameters(const Architecture& architecture, const Node& repeat,
                                                               int64_t layers) {
  const auto graph = lowerOrThrow(architecture, catalog(),
                                  {.mode = Mode::Prefill, .dims = {{"B", smallestBatch(architecture)}, {"T", 1}}});
  std::vector<std::map<std::string, std::string>> read(static_cast<size_t>(layers));
  const std::string prefix = repeat.name + ".";
  for (const ir::Node& node : graph->nodes) {
    const std::string& scope = graph->scopes[size_t(node.scope)];
    if (!scope.starts_with(prefix)) continue;
    const size_t layer = size_t(std::stoll(scope.substr(prefix.size())));
    for (const ir::ValueRef& input : node.inputs) {
      const ir::Node& source = graph->nodes[size_t(input.node)];
      if (source.op->name != "parameter") continue;
      const std::string& name = source.attrs.text("name");
      const size_t dot = name.starts_with(prefix) ? name.find('.', prefix.size()) : std::string::npos;
      if (layer < read.size() && dot != std::string::npos) read[layer][name.substr(dot + 1)] = name;
    }
  }
  return read;
}

bool areEqual(const Tensor& a, const Tensor& b) {
  if (a.dtype != b.dtype || !(a.shape == b.shape)) return false;
  return a.memory == b.memory || std::memcmp(a.memory.get(), b.memory.get(), size_t(a.bytes())) == 0;
}

/// The source's layer that holds the same weights; `likely` is looked at first.
std::optional<int64_t> sourceLayer(const std::map<std::string, std::string>& own, const Weights& weights,
                                   const std::string& stack, const Weights& source, int64_t layers, int64_t likely) {
  const auto holds = [&](int64_t layer) {
    const std::string prefix = stack + "." + std::to_string(layer) + ".";
    const auto first = source.lower_bound(prefix);
    size_t count = 0;
    for (auto at = first; at != source.end() && at->first.starts_with(prefix); ++at) ++count;
    return count == own.size() && std::all_of(own.begin(), own.end(), [&](const auto& entry) {
             const auto theirs = source.find(prefix + entry.first), ours = weights.find(entry.second);
             return theirs != source.end() && ours != weights.end() && areEqual(theirs->second, ours->second);
           });
  };
  if (likely >= 0 && likely < layers && holds(likely)) return likely;
  for (int64_t layer = 0; layer < layers; ++layer)
    if (layer != likely && holds(layer)) return layer;
  return std::nullopt;
}

/// The source's layer at each place of the stack.
std::vector<int64_t> stackOf(const ExportCall& call, const Checkpoint& source) {
  const Node *ours = onlyRepeat(call.architecture, catalog()), *theirs = onlyRepeat(source.architecture, catalog());
  if (!ours || !theirs) refuse("each must have one stack of layers.");
  const BlockDef& block = *catalog().find(ours->block);
  const int64_t layers = layerCount(*ours, block, call.architecture.variables).value_or(0);
  const int64_t known = layerCount(*theirs, *catalog().find(theirs->block), source.architecture.variables).value_or(0);
  if (commonHash(call.architecture, *ours, known) != commonHash(source.architecture, *theirs, known))
    refuse("the layers, or what stands around them, are built differently.");
  const auto read = readParameters(call.architecture, *ours, layers);
  const Weights& weights = call.weights ? *call.weights : source.weights;
  std::vector<int64_t> stack;
  std::set<std::string> inLayers;
  for (int64_t layer = 0; layer < layers; ++layer) {
    for (const auto& [local, name] : read[size_t(layer)]) inLayers.insert(name);
    if (isDropped(*ours, block, layer)) continue;
    const std::string first = read[size_t(layer)].empty() ? "" : read[size_t(layer)].begin()->second;
    const int64_t likely = first.empty() ? layer : std::stoll(first.substr(ours->name.size() + 1));
    const auto found = sourceLayer(read[size_t(layer)], weights, ours->name, source.weights, known, likely);
    if (!found) refuse(text("layer ", layer, " has the weights of none of its ", known, " layers."));
    if (layerBody(*ours, block, layer) != layerBody(*theirs, block, *found))
      refuse(text("layer ", layer, " is of another kind than layer ", *found, ", whose weights it has."));
    stack.push_back(*found);
  }
  for (const auto& [name, tensor] : weights)
    if (!inLayers.contains(name) && !name.starts_with(ours->name + ".")) {
      const auto at = source.weights.find(name);
      if (at == source.weights.end() || !areEqual(at->second, tensor)) refuse(text("'", name, "' was changed."));
    }
  if (stack.empty()) refuse("every layer is dropped.");
  return stack;
}

void write(const ExportCall& call) {
  if (call.source.empty())
    throw Error(Code::Usage,
                "[mergekit] the model was opened from no Hugging Face folder whose layers could be stacked anew; "
                "expected one (--source).");
  const Checkpoint source = openHuggingFace(call.source, catalog());
  const std::vector<int64_t> stack = stackOf(call, source);
  std::string yaml = "# Layers stacked anew, written by Formwright. mergekit-yaml " +
                     std::string("FILE FOLDER makes the model.\n") + "slices:\n";
  for (size_t i = 0; i < stack.size();) {
    size_t end = i + 1;
    while (end < stack.size() && stack[end] == stack[end - 1] + 1) ++end;
    yaml += "  - sources:\n      - model: " + Json(call.source).dump() + "\n        layer_range: [" +
            std::to_string(stack[i]) + ", " + std::to_string(stack[end - 1] + 1) + "]\n";
    i = end;
  }
  const DType dtype = source.weights.empty() ? DType::F32 : source.weights.begin()->second.dtype;
  yaml += std::string("merge_method: passthrough\ndtype: ") +
          (dtype == DType::BF16  ? "bfloat16"
           : dtype == DType::F16 ? "float16"
                                 : "float32") +
          "\n";
  writeFileAtomically(call.path, yaml);
}

}  // namespace

ExporterDef exporter_mergekit() {
  return {
      .id = "mergekit",
      .title = "mergekit recipe",
      .help =
          "YAML for mergekit (passthrough) where the model is layers of an opened Hugging Face folder stacked anew: "
          "dropped, repeated or in another order.",
      .extension = ".yaml",
      .write = write};
}

}  // namespace fw
