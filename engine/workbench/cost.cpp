// Counting on the null device: parameters, FLOPs, bytes, decode states, peak memory.
#include <cmath>

#include "engine/analysis/cost/step_costs.h"
#include "engine/base/error.h"
#include "engine/exec/optimize.h"
#include "engine/exec/plan.h"
#include "engine/ir/autodiff.h"
#include "engine/ir/op.h"
#include "engine/ir/passes.h"
#include "engine/workbench/layer_paths.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

Mode modeOf(const std::string& name) {
  if (name == "prefill") return Mode::Prefill;
  if (name == "decode") return Mode::Decode;
  if (name == "train") return Mode::Train;
  throw Error(Code::Usage, text("there is no mode '", name, "'; there are: prefill, decode, train."));
}

/// The forward graph with the gradients of all parameters as further outputs: what a training step computes, the
/// optimiser aside.
ir::Graph withBackward(const ir::Graph& forward) {
  ir::Builder builder(forward);
  std::vector<ir::Value> outputs, parameters;
  for (const ir::OutputInfo& output : forward.outputs) outputs.push_back(builder.value(output.value));
  for (const ir::ParameterInfo& parameter : forward.parameters)
    parameters.push_back(builder.value({parameter.node, 0}));
  const std::vector<ir::Value> gradients = ir::gradients(builder, outputs, parameters);
  for (size_t i = 0; i < gradients.size(); ++i)
    if (gradients[i].isValid()) builder.output("gradient/" + forward.parameters[i].name, gradients[i]);
  return optimized(builder.finish());
}

ir::Graph counted(const ir::Graph& lowered, Mode mode) {
  return mode == Mode::Train ? withBackward(lowered) : optimized(lowered);
}

LowerOptions loweringOf(const Architecture& architecture, const CostOptions& options) {
  const Mode mode = modeOf(options.mode);
  return {.mode = mode,
          .dims = {{"B", options.batch > 0 ? options.batch : smallestBatch(architecture)},
                   {"T", mode == Mode::Decode ? 1 : options.time}},
          .cacheLength = options.time};
}

}  // namespace

ir::Graph countedGraph(const Architecture& architecture, const CostOptions& options) {
  return counted(*lowerOrThrow(architecture, catalog(), loweringOf(architecture, options)), modeOf(options.mode));
}

CostReport cost(const Architecture& architecture, const CostOptions& options) {
  const Mode mode = modeOf(options.mode);
  const int64_t fewest = smallestBatch(architecture), batch = options.batch > 0 ? options.batch : fewest;
  const LowerOptions lowering = loweringOf(architecture, options);
  const LowerResult lowered = lower(architecture, catalog(), lowering);
  if (!lowered.graph) lowerOrThrow(architecture, catalog(), lowering);
  const ir::Graph graph = counted(*lowered.graph, mode);

  CostReport report;
  std::map<NodeId, NodeCost> perNode;
  const auto of = [&](NodeId id) -> NodeCost& {
    NodeCost& entry = perNode[id];
    if (entry.node == 0 && id != 0) {
      entry.node = id;
      if (const auto path = lowered.paths.find(id); path != lowered.paths.end()) entry.path = path->second;
      if (const Node* node = findNode(architecture, id)) entry.block = node->block;
    }
    return entry;
  };
  for (const LayerInfo& layer : lowered.layers) report.perLayer.push_back({.path = layer.path});
  const LayerPaths paths(lowered.layers);
  for (const ir::ParameterInfo& parameter : graph.parameters) {
    if (!parameter.isTrainable) continue;
    const double count = double(graph.type({parameter.node, 0}).shape.count());
    report.parametersUnique += count;
    of(parameter.origin).parameters += count;
    paths.forEach(parameter.name, [&](size_t layer) { report.perLayer[layer].parameters += count; });
  }
  report.parametersTotal = lowered.appliedParameters;
  report.parametersActive = report.parametersUnique;
  for (const ir::Node& node : graph.nodes) {
    const Cost one = nodeCost(graph, node);
    report.flops += one.flops;
    report.macs += one.macs;
    report.bytes += one.bytesRead + one.bytesWritten;
    paths.forEach(graph.scopes[size_t(node.scope)], [&](size_t layer) {
      report.perLayer[layer].flops += one.flops;
      report.perLayer[layer].bytes += one.bytesRead + one.bytesWritten;
    });
    if (node.origin == 0) continue;
    NodeCost& entry = of(node.origin);
    entry.flops += one.flops;
    entry.bytes += one.bytesRead + one.bytesWritten;
  }
  for (auto& [id, entry] : perNode)
    if (id != 0) report.perNode.push_back(std::move(entry));

  // States belong to decoding; a model that cannot decode has none.
  LowerOptions decoding{.mode = Mode::Decode, .dims = {{"B", fewest}, {"T", 1}}, .cacheLength = options.time};
  const LowerResult decode =
      mode == Mode::Decode && batch == fewest ? lowered : lower(architecture, catalog(), decoding);
  if (decode.graph)
    for (const StateInfo& state : decode.states) {
      if (state.growsWithTokens)
        report.kvBytesPerToken += double(state.type.bytes()) / double(decoding.cacheLength * fewest);
      else
        report.stateBytes += double(state.type.bytes()) / double(fewest);
    }
  if (options.withPeak) report.peakBytes = double(makePlan(std::make_shared<const ir::Graph>(graph)).peakBytes());
  return report;
}

}  // namespace fw
