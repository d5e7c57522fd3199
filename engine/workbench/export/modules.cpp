// A graph cut into modules.
#include "engine/workbench/export/modules.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/base/error.h"
#include "engine/ir/op.h"

namespace fw {
namespace {

bool isSource(const ir::Node& node) { return node.op->name == "input" || node.op->name == "parameter"; }

}  // namespace

bool isInlineConstant(const ir::Node& node) {
  return node.op->name == "constant" && node.types[0].shape.rank() == 0 && !node.attrs.has("values");
}

bool ModuleTree::isInside(int module, int ancestor) const {
  for (; module >= 0; module = modules[size_t(module)].parent)
    if (module == ancestor) return true;
  return false;
}

ModuleTree moduleTree(const ir::Graph& graph) {
  ModuleTree tree;
  tree.modules.push_back({});
  std::map<std::string, int> byPath = {{"", 0}};
  const auto moduleAt = [&](const std::string& path, const auto& self) -> int {
    if (const auto known = byPath.find(path); known != byPath.end()) return known->second;
    const size_t dot = path.rfind('.');
    const int parent = self(dot == std::string::npos ? "" : path.substr(0, dot), self);
    const int index = int(tree.modules.size());
    tree.modules.push_back(
        {.path = path, .name = dot == std::string::npos ? path : path.substr(dot + 1), .parent = parent});
    byPath[path] = index;
    return index;
  };

  // A scope without weights that computes next to nothing is written where it is used: a residual sum.
  constexpr int kFew = 2;
  std::map<std::string, int> work;
  const auto outerPath = [](const std::string& path) {
    const size_t dot = path.rfind('.');
    return dot == std::string::npos ? std::string() : path.substr(0, dot);
  };
  for (const ir::Node& node : graph.nodes) {
    if (isSource(node) || isInlineConstant(node)) continue;
    const std::string& path = graph.scopes[size_t(node.scope)];
    ++work[path];
    for (std::string outer = path; !outer.empty();) work[outer = outerPath(outer)] += kFew + 1;
  }
  for (const ir::ParameterInfo& info : graph.parameters)
    for (std::string path = outerPath(info.name); !path.empty(); path = outerPath(path)) work[path] += kFew + 1;
  const auto pathOf = [&](const ir::Node& node) {
    const std::string& path = graph.scopes[size_t(node.scope)];
    return path.empty() || work[path] > kFew ? path : outerPath(path);
  };

  tree.moduleOf.assign(graph.nodes.size(), -1);
  tree.ownerOf.assign(graph.nodes.size(), -1);
  std::vector<bool> isCalled(1, true);
  for (int i = 0; i < int(graph.nodes.size()); ++i) {
    const ir::Node& node = graph.nodes[size_t(i)];
    if (isSource(node) || isInlineConstant(node)) continue;
    const int module = moduleAt(pathOf(node), moduleAt);
    isCalled.resize(tree.modules.size(), false);
    tree.moduleOf[size_t(i)] = module;
    if (tree.modules[size_t(module)].origin == 0 && pathOf(node) == graph.scopes[size_t(node.scope)])
      tree.modules[size_t(module)].origin = node.origin;
    tree.modules[size_t(module)].steps.push_back({.node = i});
    for (int inner = module; inner != 0 && inner >= 0; inner = tree.modules[size_t(inner)].parent) {
      Module& outer = tree.modules[size_t(tree.modules[size_t(inner)].parent)];
      const bool isLast = !outer.steps.empty() && outer.steps.back().child == inner;
      if (isLast) break;
      if (isCalled[size_t(inner)])
        throw Error(Code::Internal,
                    text("[export] the steps of '", tree.modules[size_t(inner)].path, "' do not lie together."));
      isCalled[size_t(inner)] = true;
      outer.steps.push_back({.child = inner});
      outer.children.push_back(inner);
    }
  }

  for (int p = 0; p < int(graph.parameters.size()); ++p) {
    const ir::ParameterInfo& info = graph.parameters[size_t(p)];
    std::string path = info.name;
    int owner = 0;
    for (size_t dot = path.rfind('.'); dot != std::string::npos; dot = path.rfind('.')) {
      path.resize(dot);
      if (const auto at = byPath.find(path); at != byPath.end()) {
        owner = at->second;
        break;
      }
    }
    tree.ownerOf[size_t(info.node)] = owner;
    tree.modules[size_t(owner)].parameters.push_back(p);
  }

  // What crosses the border of a module, from the inside and from the outside.
  std::vector<std::set<ir::ValueRef>> inputs(tree.modules.size()), outputs(tree.modules.size());
  const auto cross = [&](ir::ValueRef value, int user) {
    const ir::Node& node = graph.nodes[size_t(value.node)];
    if (isInlineConstant(node)) return;
    const int owner =
        node.op->name == "parameter" ? tree.ownerOf[size_t(value.node)] : tree.moduleOf[size_t(value.node)];
    for (int at = user; at > 0; at = tree.modules[size_t(at)].parent)
      if (owner < 0 || !tree.isInside(owner, at)) inputs[size_t(at)].insert(value);
    if (node.op->name == "parameter") return;
    for (int at = owner; at > 0; at = tree.modules[size_t(at)].parent)
      if (!tree.isInside(user, at)) outputs[size_t(at)].insert(value);
  };
  for (int i = 0; i < int(graph.nodes.size()); ++i)
    if (tree.moduleOf[size_t(i)] >= 0)
      for (const ir::ValueRef& value : graph.nodes[size_t(i)].inputs) cross(value, tree.moduleOf[size_t(i)]);
  for (const ir::OutputInfo& output : graph.outputs) cross(output.value, 0);
  for (size_t m = 1; m < tree.modules.size(); ++m) {
    tree.modules[m].inputs.assign(inputs[m].begin(), inputs[m].end());
    tree.modules[m].outputs.assign(outputs[m].begin(), outputs[m].end());
    // Values before parameters of others.
    std::stable_partition(tree.modules[m].inputs.begin(), tree.modules[m].inputs.end(),
                          [&](ir::ValueRef value) { return graph.nodes[size_t(value.node)].op->name != "parameter"; });
  }
  for (const ir::InputInfo& input : graph.inputs) tree.modules[0].inputs.push_back({input.node, 0});
  for (const ir::OutputInfo& output : graph.outputs) tree.modules[0].outputs.push_back(output.value);
  return tree;
}

}  // namespace fw
