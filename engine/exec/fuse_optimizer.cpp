// The optimiser's steps of all tensors as one: where nothing but the graph's outputs reads what they give, the last of
// them can do the work of all.
#include <algorithm>

#include "engine/exec/optimize.h"
#include "engine/exec/rewriter.h"
#include "engine/ir/op.h"
#include "engine/ops/fused_adamw.h"

namespace fw {
namespace {

/// Steps of the same rule, with the same scalars.
struct Group {
  ir::Attrs attrs;                    // without the decay
  std::vector<ir::ValueRef> scalars;  // learning rate, step, scale
  std::vector<int> members;
};

constexpr size_t kOperands = 4;  // parameter, gradient, m, v

ir::Attrs sharedAttrs(const ir::Attrs& attrs) {
  return {{"beta1", attrs.real("beta1")}, {"beta2", attrs.real("beta2")}, {"epsilon", attrs.real("epsilon")}};
}

std::vector<Group> groupsOf(const ir::Graph& graph) {
  const std::vector<std::vector<int>> users = graph.users();
  std::vector<Group> groups;
  for (int i = 0; i < int(graph.nodes.size()); ++i) {
    const ir::Node& node = graph.nodes[size_t(i)];
    if (node.op->name != "adamw" || !users[size_t(i)].empty()) continue;
    const ir::Attrs attrs = sharedAttrs(node.attrs);
    const std::vector<ir::ValueRef> scalars(node.inputs.begin() + kOperands, node.inputs.end());
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& of) {
      return of.attrs == attrs && of.scalars == scalars && of.members.size() < size_t(ir::kFusedTensors);
    });
    if (group == groups.end()) group = groups.insert(groups.end(), Group{attrs, scalars, {}});
    group->members.push_back(i);
  }
  std::erase_if(groups, [](const Group& of) { return of.members.size() < 2; });
  return groups;
}

}  // namespace

ir::Graph withFusedOptimizer(const ir::Graph& graph) {
  const std::vector<Group> groups = groupsOf(graph);
  if (groups.empty()) return graph;
  Rewriter rewriter(graph);
  return rewriter.run([&](int i) {
    for (const Group& group : groups) {
      if (std::find(group.members.begin(), group.members.end(), i) == group.members.end()) continue;
      if (i != group.members.back()) return true;
      std::vector<ir::Value> inputs = rewriter.at(group.scalars);
      std::vector<double> decays;
      for (const int member : group.members) {
        const ir::Node& node = graph.nodes[size_t(member)];
        for (size_t k = 0; k < kOperands; ++k) inputs.push_back(rewriter.at(node.inputs[k]));
        decays.push_back(node.attrs.real("decay"));
      }
      ir::Attrs attrs = group.attrs;
      const std::vector<ir::Value> results = rewriter.builder().ops("fused_adamw", inputs, attrs.set("decays", decays));
      for (size_t m = 0; m < group.members.size(); ++m)
        rewriter.set(group.members[m], {results.begin() + ir::kFusedOutputs * int64_t(m),
                                        results.begin() + ir::kFusedOutputs * int64_t(m + 1)});
      return true;
    }
    return false;
  });
}

}  // namespace fw
