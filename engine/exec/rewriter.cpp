// Copies a graph node by node while some nodes are replaced.
#include "engine/exec/rewriter.h"

#include "engine/ir/op.h"

namespace fw {

Rewriter::Rewriter(const ir::Graph& graph) : graph_(graph), values_(graph.nodes.size()) {}

std::vector<ir::Value> Rewriter::at(const std::vector<ir::ValueRef>& refs) const {
  std::vector<ir::Value> values;
  for (const ir::ValueRef& ref : refs) values.push_back(at(ref));
  return values;
}

ir::Graph Rewriter::run(const std::function<bool(int)>& replace) {
  std::map<int, const ir::InputInfo*> inputs;
  std::map<int, const ir::ParameterInfo*> parameters;
  for (const ir::InputInfo& input : graph_.inputs) inputs[input.node] = &input;
  for (const ir::ParameterInfo& parameter : graph_.parameters) parameters[parameter.node] = &parameter;
  const auto forNodes = [&](const auto& visit) {
    for (int i = 0; i < int(graph_.nodes.size()); ++i) {
      const ir::Node& node = graph_.nodes[size_t(i)];
      const ir::ScopeGuard guard(builder_, graph_.scopes[size_t(node.scope)], node.origin);
      visit(i, node);
    }
  };
  // Sources come first: no step has to wait for them.
  forNodes([&](int i, const ir::Node& node) {
    if (const auto input = inputs.find(i); input != inputs.end()) {
      set(i, {builder_.input(input->second->name, node.types[0])});
    } else if (const auto parameter = parameters.find(i); parameter != parameters.end()) {
      set(i, {builder_.parameter(parameter->second->name, node.types[0], parameter->second->init)});
      ir::ParameterInfo& info = builder_.parameterInfo(parameter->second->name);
      const int index = info.node;
      info = *parameter->second;
      info.node = index;
    }
  });
  forNodes([&](int i, const ir::Node& node) {
    if (inputs.contains(i) || parameters.contains(i) || replace(i)) return;
    set(i, builder_.ops(node.op->name, at(node.inputs), node.attrs, node.body));
  });
  for (const ir::OutputInfo& output : graph_.outputs) builder_.output(output.name, at(output.value), output.aliasOf);
  for (const ir::ProbeInfo& probe : graph_.probes)
    if (const std::vector<ir::Value>& of = values_[size_t(probe.value.node)];
        size_t(probe.value.output) < of.size() && of[size_t(probe.value.output)].isValid())
      builder_.probe(probe, of[size_t(probe.value.output)]);
  return builder_.finish();
}

}  // namespace fw
