// Turning a model into a mixture of hidden dimensions.
#include "engine/workbench/hidden_mixture.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/arch/walk.h"
#include "engine/base/error.h"

namespace fw {
namespace {

constexpr double kRow = 110;  // between rows of blocks on the canvas

/// What feeds the branch of a residual.
struct Branch {
  GraphPath path;
  NodeId residual = 0, source = 0;
  std::string port;  // of the residual
};

std::vector<Branch> branchesOf(const Architecture& architecture) {
  std::vector<Branch> branches;
  const auto isResidual = [](const Node& node) { return node.block.starts_with("structure.residual"); };
  forEachNode(architecture, isResidual, [&](const GraphPath& path, const Node& node) {
    const Graph& graph = *graphAt(architecture, path);
    for (const Wire& wire : graph.wiresInto(node.id)) {
      const Node* source = graph.find(wire.from.node);
      if (wire.to.port != "branch" || !source) continue;
      const BlockDef* block = catalog().find(source->block);
      if (block && (block->category == "attention" || block->category == "mlp") && !block->inputs.empty())
        branches.push_back({path, node.id, source->id, wire.to.port});
    }
  });
  return branches;
}

/// Makes room on the canvas: what lies below `y` goes down by a row.
void makeRoom(Editor& editor, const Graph& graph, double y) {
  std::vector<std::pair<NodeId, Position>> below;
  for (const auto& [id, node] : graph.nodes)
    if (const auto at = editor.result().layout.find(id); at != editor.result().layout.end() && at->second.y > y)
      below.emplace_back(id, at->second);
  for (auto& [id, at] : below) {
    at.y += kRow;
    editor.move(id, at);
  }
}

}  // namespace

std::optional<HiddenMixture> proposedMixture(const Architecture& architecture, const AnalysisResult& sparsity) {
  const std::vector<Branch> branches = branchesOf(architecture);
  if (branches.empty()) return {};
  const LowerResult lowered = lower(
      architecture, catalog(),
      {.mode = Mode::Prefill, .dims = {{"B", smallestBatch(architecture)}, {"T", longestTime(architecture, 128)}}});
  HiddenMixture mixture;
  for (const Branch& branch : branches) {
    const Node* source = findNode(architecture, branch.source);
    const BlockDef& block = *catalog().find(source->block);
    const auto type = lowered.types.find({branch.source, block.outputs.front().name});
    if (type == lowered.types.end() || type->second.shape.rank() == 0) return {};
    while (mixture.parts > 1 && type->second.shape[-1] % mixture.parts != 0) mixture.parts /= 2;
  }
  if (mixture.parts < 2) return {};
  mixture.active = mixture.parts / 2;
  double share = 0;
  int64_t places = 0;
  for (const Series& series : sparsity.series)
    for (size_t i = 0; series.name == "shared_dimensions" && i < series.values.size(); ++i)
      if (!series.labels[i].ends_with(" hidden") && std::isfinite(series.values[i])) {
        share += series.values[i];
        ++places;
      }
  if (places == 0) return {};
  mixture.shared = std::clamp<int64_t>(std::llround(share / double(places) * double(mixture.parts)), 0, mixture.active);
  return mixture;
}

void mixHiddenDimensions(Editor& editor, const HiddenMixture& mixture) {
  const std::vector<Branch> branches = branchesOf(editor.result());
  if (branches.empty())
    throw Error(Code::Usage, "[mixture] no attention and no MLP feeds a residual; there is nothing to wrap.");
  for (const Branch& branch : branches) {
    const Node source = *findNode(editor.result(), branch.source);
    const BlockDef& block = *catalog().find(source.block);
    const std::string in = block.inputs.front().name, out = block.outputs.front().name;
    const Position at = [&] {
      const auto found = editor.result().layout.find(source.id);
      return found == editor.result().layout.end() ? Position{} : found->second;
    }();
    std::vector<Wire> into;
    for (const Wire& wire : graphAt(editor.result(), branch.path)->wiresInto(source.id))
      if (wire.to.port == in) into.push_back(wire);
    makeRoom(editor, *graphAt(editor.result(), branch.path), at.y - 1);
    const Position below = {at.x, at.y + kRow};
    makeRoom(editor, *graphAt(editor.result(), branch.path), below.y);
    const NodeId router = editor.addNode(
        branch.path, "experts.hidden_router", at,
        {{"parts", mixture.parts}, {"active", mixture.active}, {"shared", mixture.shared}}, source.name + "_router");
    const NodeId fusion = editor.addNode(branch.path, "experts.hidden_fusion", {below.x, below.y + kRow},
                                         {{"parts", mixture.parts}}, source.name + "_fusion");
    for (const Wire& wire : into) editor.connect(branch.path, wire.from, {router, "x"});
    editor.connect(branch.path, {router, "y"}, {source.id, in});
    editor.connect(branch.path, {source.id, out}, {fusion, "x"});
    editor.connect(branch.path, {router, "mask"}, {fusion, "mask"});
    editor.connect(branch.path, {fusion, "y"}, {branch.residual, branch.port});
  }
}

std::map<std::string, Tensor> weightsAfterMixing(const std::map<std::string, Tensor>& weights,
                                                 const Architecture& after, uint64_t seed) {
  std::map<std::string, Tensor> all = startingWeights(after, seed);
  for (auto& [name, value] : all)
    if (const auto old = weights.find(name); old != weights.end() && old->second.shape == value.shape)
      value = old->second;
  return all;
}

}  // namespace fw
