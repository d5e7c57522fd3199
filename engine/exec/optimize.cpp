// What makes a graph faster before it is planned.
#include "engine/exec/optimize.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/exec/rewriter.h"
#include "engine/ir/builder.h"
#include "engine/ir/op.h"
#include "engine/ir/passes.h"
#include "engine/ops/fused_elementwise.h"

namespace fw {
namespace {

/// Nodes that will be one step. The step stands where its last node stood.
struct Chain {
  Shape shape;
  int root = 0;
  std::vector<int> members;        // descending while chains are found
  std::set<ir::ValueRef> outputs;  // read outside
  std::set<ir::ValueRef> inputs;
};

bool isScalarConstant(const ir::Node& node) { return node.op->name == "constant" && node.types[0].shape.rank() == 0; }

class ChainFinder {
 public:
  explicit ChainFinder(const ir::Graph& graph)
      : graph_(graph), users_(graph.users()), chainOf_(graph.nodes.size(), -1), isKept_(graph.nodes.size(), false) {
    for (const ir::OutputInfo& output : graph.outputs) isKept_[size_t(output.value.node)] = true;
  }

  /// From the last node to the first: a node joins the chain that all its users belong to, or whose last node comes
  /// before every other user.
  std::vector<Chain> run() {
    for (int i = int(graph_.nodes.size()) - 1; i >= 0; --i) {
      const ir::Node& node = graph_.nodes[size_t(i)];
      if (!node.op->infer || !ir::canFuse(node, graph_) || isScalarConstant(node)) continue;
      const int found = chainFor(i);
      const int index = found >= 0 ? found : int(chains_.size());
      if (found < 0) chains_.push_back({.shape = node.types[0].shape, .root = i});
      chainOf_[size_t(i)] = index;
      chains_[size_t(index)] = extended(chains_[size_t(index)], i);
    }
    return std::move(chains_);
  }

 private:
  int chainFor(int i) const {
    int best = -1;
    for (const int user : users_[size_t(i)])
      if (const int chain = chainOf_[size_t(user)];
          chain >= 0 && (best < 0 || chains_[size_t(chain)].root < chains_[size_t(best)].root))
        best = chain;
    if (best < 0) return -1;
    const Chain& chain = chains_[size_t(best)];
    if (!(chain.shape == graph_.nodes[size_t(i)].types[0].shape)) return -1;
    for (const int user : users_[size_t(i)])
      if (chainOf_[size_t(user)] != best && user < chain.root) return -1;
    const Chain larger = extended(chain, i);
    const bool fits = larger.inputs.size() <= ir::FusedLimits::inputs && steps(larger) <= ir::FusedLimits::steps &&
                      larger.outputs.size() <= ir::FusedLimits::outputs;
    return fits ? best : -1;
  }

  Chain extended(Chain chain, int i) const {
    const ir::ValueRef value{i, 0};
    chain.members.push_back(i);
    chain.inputs.erase(value);
    const auto isMember = [&](int node) {
      return std::find(chain.members.begin(), chain.members.end(), node) != chain.members.end();
    };
    if (isKept_[size_t(i)] ||
        std::any_of(users_[size_t(i)].begin(), users_[size_t(i)].end(), [&](int user) { return !isMember(user); }))
      chain.outputs.insert(value);
    for (const ir::ValueRef& input : graph_.nodes[size_t(i)].inputs)
      if (!isScalarConstant(graph_.nodes[size_t(input.node)])) chain.inputs.insert(input);
    return chain;
  }

  size_t steps(const Chain& chain) const {
    std::set<int> constants;
    for (const int member : chain.members)
      for (const ir::ValueRef& input : graph_.nodes[size_t(member)].inputs)
        if (isScalarConstant(graph_.nodes[size_t(input.node)])) constants.insert(input.node);
    return chain.members.size() + constants.size();
  }

  const ir::Graph& graph_;
  std::vector<std::vector<int>> users_;
  std::vector<int> chainOf_;
  std::vector<bool> isKept_;
  std::vector<Chain> chains_;
};

/// The chain as a node of `builder`; `at` gives the values of earlier nodes.
template <class At, class Set>
void emit(ir::Builder& builder, const ir::Graph& graph, const Chain& chain, const At& at, const Set& set) {
  std::vector<ir::Value> inputs;
  std::map<ir::ValueRef, int64_t> slots;
  for (const ir::ValueRef& input : chain.inputs) {
    slots.emplace(input, int64_t(inputs.size()));
    inputs.push_back(at(input));
  }
  std::vector<ir::FusedStep> steps;
  const auto slotOf = [&](ir::ValueRef ref) {
    const auto known = slots.find(ref);
    if (known != slots.end()) return known->second;
    const ir::Node& constant = graph.nodes[size_t(ref.node)];
    steps.push_back({constant.op->name, {}, constant.attrs});
    return slots.emplace(ref, int64_t(inputs.size() + steps.size()) - 1).first->second;
  };
  for (auto member = chain.members.rbegin(); member != chain.members.rend(); ++member) {
    const ir::Node& node = graph.nodes[size_t(*member)];
    ir::FusedStep step{node.op->name, {}, node.attrs};
    for (const ir::ValueRef& input : node.inputs) step.slots.push_back(slotOf(input));
    steps.push_back(std::move(step));
    slots.emplace(ir::ValueRef{*member, 0}, int64_t(inputs.size() + steps.size()) - 1);
  }
  std::vector<int64_t> outputs;
  for (const ir::ValueRef& output : chain.outputs) outputs.push_back(slots.at(output));
  const std::vector<ir::Value> results = ir::fusedElementwise(builder, inputs, steps, outputs);
  size_t o = 0;
  for (const ir::ValueRef& output : chain.outputs) set(output, results[o++]);
}

std::shared_ptr<const ir::Graph> optimizedBody(const std::shared_ptr<const ir::Graph>& body) {
  return body ? std::make_shared<const ir::Graph>(optimized(*body)) : nullptr;
}

/// Scans keep their results while their bodies get faster. Merging compares the bodies as they were written, so it goes
/// first.
ir::Graph withOptimizedBodies(const ir::Graph& graph) {
  ir::Graph out = graph;
  for (ir::Node& node : out.nodes) node.body = optimizedBody(node.body);
  return out;
}

}  // namespace

ir::Graph withFusedElementwise(const ir::Graph& graph) {
  std::map<int, const Chain*> roots;
  std::set<int> members;
  const std::vector<Chain> chains = ChainFinder(graph).run();
  for (const Chain& chain : chains) {
    if (chain.members.size() < 2) continue;
    roots[chain.root] = &chain;
    members.insert(chain.members.begin(), chain.members.end());
  }
  if (roots.empty()) return graph;

  Rewriter rewriter(graph);
  const auto at = [&](ir::ValueRef ref) { return rewriter.at(ref); };
  const auto set = [&](ir::ValueRef ref, ir::Value value) { rewriter.set(ref.node, {value}); };
  return rewriter.run([&](int i) {
    if (const auto chain = roots.find(i); chain != roots.end())
      emit(rewriter.builder(), graph, *chain->second, at, set);
    return members.contains(i);
  });
}

ir::Graph optimized(const ir::Graph& graph) {
  using Pass = ir::Graph (*)(const ir::Graph&);
  const Pass dropDead = [](const ir::Graph& g) { return ir::withoutDeadNodes(g, false); };
  ir::Graph out = graph;
  for (const Pass pass : {dropDead, Pass(ir::withoutDuplicates), Pass(ir::withMergedScans), Pass(withOptimizedBodies),
                          Pass(withFusedNeighbours), Pass(withFusedProducts), Pass(withFusedElementwise),
                          Pass(withFusedOptimizer), dropDead}) {
    out = pass(out);
#ifndef NDEBUG
    ir::verify(out);
#endif
  }
  return out;
}

}  // namespace fw
