// Products of one left or one right side as one step: query, key and value of an attention read the same rows, and so
// do the gradients of their weights.
#include <algorithm>

#include "engine/exec/optimize.h"
#include "engine/exec/rewriter.h"
#include "engine/ir/op.h"

namespace fw {
namespace {

/// Products that become one step, which stands where the last of them stood, or the first where all it needs is there.
struct Group {
  std::vector<int> members;
  size_t shared = 0;  // input 0 or 1
  int at = 0;
};

bool isCandidate(const ir::Graph& graph, const ir::Node& node) {
  if (node.op->name != "matmul" || node.attrs.flag("keep", false) || node.attrs.flag("accumulate", false)) return false;
  const int rank = graph.type(node.inputs[0]).shape.rank();
  return graph.type(node.inputs[1]).shape.rank() == 2 && (rank == 2 || !node.attrs.flag("transpose_a", false));
}

bool areAlike(const ir::Graph& graph, const ir::Node& x, const ir::Node& y, size_t shared) {
  return x.inputs[shared] == y.inputs[shared] && x.inputs.size() == y.inputs.size() && x.attrs == y.attrs &&
         graph.type(x.inputs[1 - shared]) == graph.type(y.inputs[1 - shared]);
}

/// Where the group can stand: all inputs that are computed come before, all readers after. -1: nowhere.
int placeOf(const ir::Graph& graph, const std::vector<std::vector<int>>& users, const std::vector<int>& members) {
  int ready = -1, needed = int(graph.nodes.size());
  for (const int member : members) {
    for (const ir::ValueRef& input : graph.nodes[size_t(member)].inputs)
      if (graph.nodes[size_t(input.node)].op->infer) ready = std::max(ready, input.node);
    for (const int user : users[size_t(member)]) needed = std::min(needed, user);
  }
  if (ready < members.front()) return members.front();
  const auto place = std::find_if(members.begin(), members.end(), [&](int member) { return member > ready; });
  return place != members.end() && *place < needed ? *place : -1;
}

std::vector<Group> groupsOf(const ir::Graph& graph) {
  const std::vector<std::vector<int>> users = graph.users();
  std::vector<Group> groups;
  for (int i = 0; i < int(graph.nodes.size()); ++i) {
    const ir::Node& node = graph.nodes[size_t(i)];
    if (!isCandidate(graph, node)) continue;
    const auto joins = [&](Group& group) {
      for (const size_t shared : {size_t(0), size_t(1)}) {
        if (group.members.size() > 1 && shared != group.shared) continue;
        if (!areAlike(graph, graph.nodes[size_t(group.members.front())], node, shared)) continue;
        std::vector<int> members = group.members;
        members.push_back(i);
        const int at = placeOf(graph, users, members);
        if (at < 0) continue;
        group = {members, shared, at};
        return true;
      }
      return false;
    };
    if (std::find_if(groups.rbegin(), groups.rend(), joins) == groups.rend()) groups.push_back({{i}, 0, i});
  }
  std::erase_if(groups, [](const Group& group) { return group.members.size() < 2; });
  return groups;
}

}  // namespace

ir::Graph withFusedProducts(const ir::Graph& graph) {
  const std::vector<Group> groups = groupsOf(graph);
  if (groups.empty()) return graph;
  Rewriter rewriter(graph);
  return rewriter.run([&](int i) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& of) {
      return std::find(of.members.begin(), of.members.end(), i) != of.members.end();
    });
    if (group == groups.end()) return false;
    if (i != group->at) return true;
    const ir::Node& first = graph.nodes[size_t(group->members.front())];
    std::vector<ir::Value> inputs = {rewriter.at(first.inputs[group->shared])};
    for (size_t input = 0; input < first.inputs.size(); ++input)
      for (const int member : group->members)
        if (input != group->shared) inputs.push_back(rewriter.at(graph.nodes[size_t(member)].inputs[input]));
    ir::Attrs attrs = first.attrs;
    attrs.set("products", int64_t(group->members.size()));
    if (group->shared == 1) attrs.set("shares_right", true);
    const std::vector<ir::Value> results = rewriter.builder().ops("matmul_group", inputs, attrs);
    for (size_t m = 0; m < group->members.size(); ++m) rewriter.set(group->members[m], {results[m]});
    return true;
  });
}

}  // namespace fw
