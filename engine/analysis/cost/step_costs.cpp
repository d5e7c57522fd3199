// What each step of a plan computes and moves.
#include "engine/analysis/cost/step_costs.h"

#include <algorithm>

namespace fw {
namespace {

/// Flags that are set and words: what selects another kernel. Numbers show in sizes and FLOPs.
std::string kindOf(const ir::Node& node) {
  std::string kind = node.op->name;
  for (const auto& [name, value] : node.attrs.entries()) {
    if (const bool* flag = std::get_if<bool>(&value); flag && *flag) kind += " " + name;
    if (const std::string* word = std::get_if<std::string>(&value)) kind += " " + name + "=" + *word;
  }
  return kind;
}

}  // namespace

Cost nodeCost(const ir::Graph& graph, const ir::Node& node) {
  if (!node.op->infer || node.op->isView) return {};
  std::vector<ir::TensorType> inputs;
  for (const ir::ValueRef& ref : node.inputs) inputs.push_back(graph.type(ref));
  return costOf(*node.op, OpCall{inputs, node.attrs, node.body.get()}, node.types);
}

std::vector<StepCost> stepCosts(const Plan& plan) {
  const ir::Graph& graph = *plan.graph;
  std::vector<bool> isParameter(graph.nodes.size(), false);
  for (const ir::ParameterInfo& parameter : graph.parameters) isParameter[size_t(parameter.node)] = true;
  std::vector<StepCost> costs;
  for (size_t s = 0; s < plan.steps.size(); ++s) {
    const Step& step = plan.steps[s];
    const ir::Node& node = graph.nodes[size_t(step.node)];
    if (node.op->isView) continue;
    StepCost one{.step = int(s),
                 .op = node.op->name,
                 .kind = kindOf(node),
                 .scope = graph.scopes[size_t(node.scope)],
                 .origin = node.origin,
                 .cost = nodeCost(graph, node),
                 .footprint = double(plan.peakBytes())};
    for (const ir::ValueRef& ref : node.inputs)
      if (isParameter[size_t(ref.node)]) one.weightBytes += double(graph.type(ref).bytes());
    if (!node.types.empty()) {
      const Shape& shape = node.types[0].shape;
      if (shape.rank() > 0) one.columns = std::max<int64_t>(1, shape[-1]);
      if (shape.rank() > 1) one.rows = std::max<int64_t>(1, shape[-2]);
    }
    if (step.body) {
      one.body = stepCosts(*step.body);
      one.repeats = std::max<int64_t>(1, node.attrs.integer("length", 1));
    }
    costs.push_back(std::move(one));
  }
  return costs;
}

std::string partOf(const std::string& scope) {
  const size_t dot = scope.find('.');
  if (dot == std::string::npos) return scope;
  const size_t next = scope.find('.', dot + 1);
  const std::string second = scope.substr(dot + 1, next == std::string::npos ? next : next - dot - 1);
  const bool isIndex = !second.empty() && second.find_first_not_of("0123456789") == std::string::npos;
  return isIndex ? scope.substr(0, next) : scope.substr(0, dot);
}

double energyPicojoules(const Cost& cost) {
  constexpr double kMultiply = 3.7, kAdd = 0.9;
  return cost.macs * (kMultiply + kAdd) + std::max(0.0, cost.flops - 2 * cost.macs) * kAdd;
}

}  // namespace fw
