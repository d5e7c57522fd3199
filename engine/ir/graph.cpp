// A computation as a value.
#include "engine/ir/graph.h"

#include <algorithm>
#include <set>

#include "engine/base/error.h"
#include "engine/ir/op.h"

namespace fw::ir {
namespace {

template <class Info>
const Info* findNamed(const std::vector<Info>& infos, const std::string& name) {
  const auto at = std::find_if(infos.begin(), infos.end(), [&](const Info& info) { return info.name == name; });
  return at == infos.end() ? nullptr : &*at;
}

void addType(Hasher& hasher, const TensorType& type) {
  hasher.add(int64_t(type.dtype)).add(int64_t(type.shape.rank()));
  for (int64_t d : type.shape) hasher.add(d);
}

std::string toText(ValueRef ref) { return text("%", ref.node, ref.output ? text(".", ref.output) : ""); }

}  // namespace

std::string TensorType::toString() const { return text(name(dtype), shape); }

const InputInfo* Graph::findInput(const std::string& name) const { return findNamed(inputs, name); }
const ParameterInfo* Graph::findParameter(const std::string& name) const { return findNamed(parameters, name); }
const OutputInfo* Graph::findOutput(const std::string& name) const { return findNamed(outputs, name); }

std::vector<std::vector<int>> Graph::users() const {
  std::vector<std::vector<int>> users(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i)
    for (const ValueRef& input : nodes[i].inputs) {
      std::vector<int>& of = users[size_t(input.node)];
      if (of.empty() || of.back() != int(i)) of.push_back(int(i));
    }
  return users;
}

Hash Graph::hash() const {
  Hasher hasher;
  hasher.add(int64_t(nodes.size()));
  for (const Node& node : nodes) {
    hasher.add(std::string_view(node.op->name));
    node.attrs.addTo(hasher);
    for (const ValueRef& input : node.inputs) hasher.add(input.node).add(input.output);
    for (const TensorType& type : node.types) addType(hasher, type);
    if (node.body) hasher.add(node.body->hash());
  }
  for (const InputInfo& input : inputs) hasher.add(std::string_view(input.name)).add(input.node);
  for (const ParameterInfo& parameter : parameters) {
    hasher.add(std::string_view(parameter.name)).add(parameter.node).add(std::string_view(parameter.init.name));
    hasher.add(parameter.init.a).add(parameter.init.b).add(parameter.isTrainable).add(parameter.decays);
  }
  for (const OutputInfo& output : outputs)
    hasher.add(std::string_view(output.name))
        .add(output.value.node)
        .add(output.value.output)
        .add(std::string_view(output.aliasOf));
  for (const ProbeInfo& probe : probes)
    hasher.add(std::string_view(probe.name)).add(probe.value.node).add(probe.value.output);
  return hasher.finish();
}

std::string Graph::toString() const {
  std::string out;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    out += text("%", i, " = ", node.op->name, "(");
    for (size_t j = 0; j < node.inputs.size(); ++j) out += (j ? ", " : "") + toText(node.inputs[j]);
    out += ") {" + node.attrs.toString() + "} :";
    for (const TensorType& type : node.types) out += " " + type.toString();
    if (node.scope) out += "  # " + scopes[size_t(node.scope)];
    out += "\n";
  }
  for (const OutputInfo& output : outputs)
    out +=
        text(output.name, " <- ", toText(output.value), output.aliasOf.empty() ? "" : " into " + output.aliasOf, "\n");
  return out;
}

void verify(const Graph& graph) {
  const auto fail = [](const std::string& sentence) { throw Error(Code::Internal, "[verify] " + sentence); };
  const auto checkRef = [&](ValueRef ref, size_t before, const std::string& who) {
    if (ref.node < 0 || size_t(ref.node) >= before)
      fail(text(who, " reads node ", ref.node, ", which does not come before it."));
    if (ref.output < 0 || size_t(ref.output) >= graph.nodes[size_t(ref.node)].types.size())
      fail(text(who, " reads output ", ref.output, " of node ", ref.node, ", which has ",
                graph.nodes[size_t(ref.node)].types.size(), "."));
  };
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const std::string who = text("node ", i, " (", node.op ? node.op->name : "no op", ")");
    if (!node.op) fail(who + " has no op.");
    std::vector<TensorType> inputs;
    for (const ValueRef& ref : node.inputs) {
      checkRef(ref, i, who);
      inputs.push_back(graph.type(ref));
    }
    if (node.op->infer && node.op->infer(OpCall{inputs, node.attrs, node.body.get()}) != node.types)
      fail(who + " has types that differ from its type rule.");
    if (node.scope < 0 || size_t(node.scope) >= graph.scopes.size()) fail(who + " has no scope.");
    if (node.body) verify(*node.body);
  }
  std::set<std::string> names;
  const auto checkSource = [&](const std::string& name, int node) {
    if (!names.insert(name).second) fail(text("the name '", name, "' is used twice."));
    if (node < 0 || size_t(node) >= graph.nodes.size() || !graph.nodes[size_t(node)].inputs.empty())
      fail(text("'", name, "' is no source."));
  };
  for (const InputInfo& input : graph.inputs) checkSource(input.name, input.node);
  for (const ParameterInfo& parameter : graph.parameters) checkSource(parameter.name, parameter.node);
  names.clear();
  for (const OutputInfo& output : graph.outputs) {
    checkRef(output.value, graph.nodes.size(), "output '" + output.name + "'");
    if (!names.insert(output.name).second) fail(text("the output '", output.name, "' stands twice."));
    if (output.aliasOf.empty()) continue;
    const InputInfo* input = graph.findInput(output.aliasOf);
    const ParameterInfo* parameter = graph.findParameter(output.aliasOf);
    const int source = input ? input->node : parameter ? parameter->node : -1;
    if (source < 0) fail(text("output '", output.name, "' goes into '", output.aliasOf, "', which does not exist."));
    if (graph.type({source, 0}) != graph.type(output.value))
      fail(text("output '", output.name, "' has another type than '", output.aliasOf, "'."));
  }
  for (const ProbeInfo& probe : graph.probes) checkRef(probe.value, graph.nodes.size(), "probe '" + probe.name + "'");
}

}  // namespace fw::ir
