// Blocks that hold graphs: groups, repeats and forks.
#include <utility>

#include "engine/blocks/lowering_context.h"
#include "engine/ops/concat.h"
#include "engine/ops/slice.h"

namespace fw {

LoweringContext::Values LoweringContext::apply(const Node& node, const BlockDef& block, const GraphPath& path,
                                               const Values& inputs) {
  switch (block.body) {
    case BodyKind::Repeat:
      return applyRepeat(node, block, path, inputs);
    case BodyKind::Fork:
      return applyFork(node, block, path, inputs);
    case BodyKind::Single: {
      const auto group = enterGroup(node, 0);
      const auto body = node.bodies.find("body");
      if (body == node.bodies.end()) throw Error(Code::Graph, "has no body.");
      return lowerGraph(*body->second, childPath(path, node.id, "body"), inputs);
    }
    case BodyKind::None:
      break;
  }
  const auto group = enterGroup(node, 0);
  Lowering lowering(*this, node, block, completeParams(node, block, architecture_.variables), inputs);
  if (!block.lower) throw Error(Code::Internal, text("block '", block.id, "' has no lowering."));
  block.lower(lowering);
  for (const PortDef& port : block.outputs)
    if (!lowering.outputs().contains(port.name))
      throw Error(Code::Internal, text("block '", block.id, "' gave no output '", port.name, "'."));
  return lowering.outputs();
}

GraphPath LoweringContext::childPath(GraphPath path, NodeId node, const std::string& body) {
  path.push_back({node, body});
  return path;
}

LoweringContext::Values LoweringContext::applyRepeat(const Node& node, const BlockDef& block, const GraphPath& path,
                                                     const Values& inputs) {
  const Params params = completeParams(node, block, architecture_.variables);
  const int64_t count = std::get<int64_t>(params.at("count"));
  const Ports ports = portsOf(node, block);
  const auto pairs = repeatPairs(ports);
  Values carried = inputs, outputs;
  for (int64_t i = 0; i < count; ++i) {
    const std::string body = layerBody(node, block, i);
    const auto graph = node.bodies.find(body);
    if (graph == node.bodies.end()) throw Error(Code::Graph, text("has no body '", body, "'."));
    const std::string outerPath = std::exchange(path_, joinPath(path_, std::to_string(i)));
    const int64_t outerLayer = std::exchange(layer_, int64_t(result_.layers.size()));
    result_.layers.push_back({node.id, i, body, path_});
    {
      ir::ScopeGuard guard(builder_, path_, node.id);
      const auto group = enterGroup(node, i, count);
      if (!pairs.empty())
        if (const auto at = carried.find(pairs.front().second); at != carried.end())
          probe("layer.in", path_, node.id, at->second);
      const auto override = node.overrides.find(i);
      if (override != node.overrides.end()) overrides_.push_back(&override->second);
      outputs = lowerGraph(*graph->second, childPath(path, node.id, body), carried);
      if (override != node.overrides.end()) overrides_.pop_back();
      if (!pairs.empty())
        if (const auto at = outputs.find(pairs.front().first); at != outputs.end())
          probe("layer.out", path_, node.id, at->second);
    }
    path_ = outerPath;
    layer_ = outerLayer;
    for (const auto& [out, in] : pairs) {
      if (!outputs.contains(out)) return {};  // the cause is reported inside
      if (i + 1 < count && carried.contains(in) && carried[in].type() != outputs[out].type())
        throw Error(Code::Shape, text("layer ", i, " takes ", carried[in].type().toString(), " and gives ",
                                      outputs[out].type().toString(), "; expected equal types."));
      carried[in] = outputs[out];
    }
  }
  if (count == 0)
    for (const auto& [out, in] : pairs)
      if (inputs.contains(in)) outputs[out] = inputs.at(in);
  return outputs;
}

LoweringContext::Values LoweringContext::applyFork(const Node& node, const BlockDef& block, const GraphPath& path,
                                                   const Values& inputs) {
  const std::vector<std::string> branches = bodyNames(node, block);
  const bool isSelected = inputs.contains("branch");
  const int64_t count = int64_t(branches.size());
  Values outputs;
  std::map<std::string, std::vector<ir::Value>> parts;
  for (int64_t i = 0; i < count; ++i) {
    const auto graph = node.bodies.find(branches[size_t(i)]);
    if (graph == node.bodies.end()) throw Error(Code::Graph, text("has no body '", branches[size_t(i)], "'."));
    Values share = inputs;
    if (!isSelected)
      for (auto& [port, value] : share) {
        const int64_t rows = value.rank() > 0 ? value.size(0) : 0;
        if (rows % count != 0 || rows == 0)
          throw Error(Code::Shape,
                      text("input '", port, "' has ", rows, " rows; expected a multiple of ", count, " branches."));
        value = ir::slice(value, 0, i * rows / count, (i + 1) * rows / count);
      }
    const std::string outerPath = std::exchange(path_, joinPath(path_, branches[size_t(i)]));
    {
      ir::ScopeGuard guard(builder_, path_, node.id);
      for (const auto& [port, value] : lowerGraph(*graph->second, childPath(path, node.id, branches[size_t(i)]), share))
        parts[port].push_back(value);
    }
    path_ = outerPath;
  }
  for (const auto& [port, values] : parts) {
    if (int64_t(values.size()) != count) continue;
    if (!isSelected) {
      outputs[port] = ir::concat(values, 0);
      continue;
    }
    ir::Value chosen = values.front();
    for (size_t i = 1; i < values.size(); ++i) {
      std::vector<int64_t> dims(size_t(values[i].rank()), 1);
      dims[0] = values[i].size(0);
      const ir::Value branch = inputs.at("branch");
      const ir::Value isThis = builder_.op("equal", {branch, builder_.constant(double(i), {}, branch.dtype())});
      chosen = builder_.op("where", {builder_.op("reshape", {isThis}, {{"shape", dims}}), values[i], chosen});
    }
    outputs[port] = chosen;
  }
  return outputs;
}

LoweringContext::GroupScope LoweringContext::enterGroup(const Node& node, int64_t index, int64_t count) {
  const auto group = architecture_.weightGroups.find(node.weightGroup);
  if (node.weightGroup.empty() || group == architecture_.weightGroups.end()) return {&groups_, false};
  GroupFrame frame{.name = node.weightGroup,
                   .policy = &findWeightPolicy(group->second.policy),
                   .base = path_,
                   .index = index,
                   .count = count};
  if (count == 0) frame.index = members_[node.weightGroup]++;
  const Node holder{.name = node.weightGroup, .params = group->second.params};
  const BlockDef schema{.id = frame.policy->id, .params = frame.policy->params};
  frame.params = completeParams(holder, schema, architecture_.variables);
  groups_.push_back(std::move(frame));
  return {&groups_, true};
}

}  // namespace fw
