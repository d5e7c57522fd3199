// Products with the activation or the sum that follows, norms with the sum before them, and norms' gradients with the
// sum after: what passes between them stays in the caches or is not written at all. A product that a gradient would
// compute again, because the first one gave its activation only, is computed once and gives both.
#include <algorithm>

#include "engine/exec/optimize.h"
#include "engine/exec/rewriter.h"
#include "engine/ir/op.h"
#include "engine/ops/activation.h"

namespace fw {
namespace {

/// Which nodes become one. Each node takes part in one fusion at most.
class Neighbours {
 public:
  explicit Neighbours(const ir::Graph& graph) : graph_(graph), users_(graph.users()), rewriter_(graph) {
    isTaken_.assign(graph.nodes.size(), false);
    isOutput_.assign(graph.nodes.size(), false);
    for (const ir::OutputInfo& output : graph.outputs) isOutput_[size_t(output.value.node)] = true;
  }

  ir::Graph run() {
    for (int i = 0; i < count(); ++i) fuseArgument(i);
    for (int i = 0; i < count(); ++i) fuseActivation(i);
    for (int i = 0; i < count(); ++i) fuseNorm(i);
    for (int i = 0; i < count(); ++i) fuseGradient(i);
    for (int i = 0; i < count(); ++i) fuseSum(i);
    if (replacements_.empty()) return graph_;
    return rewriter_.run([&](int i) {
      const auto found = replacements_.find(i);
      if (found == replacements_.end()) return false;
      found->second();
      return true;
    });
  }

 private:
  int count() const { return int(graph_.nodes.size()); }
  const ir::Node& node(int i) const { return graph_.nodes[size_t(i)]; }
  const std::string& op(int i) const { return node(i).op->name; }
  bool isFree(int i) const { return !isTaken_[size_t(i)]; }
  bool isPlain(int matmul) const {
    const ir::Attrs& attrs = node(matmul).attrs;
    return activationName(attrs) == "none" && !attrs.flag("keep", false) && !attrs.flag("accumulate", false);
  }
  bool hasOneUser(int i) const { return users_[size_t(i)].size() == 1 && !isOutput_[size_t(i)]; }
  bool reads(int i, ir::ValueRef value) const {
    const std::vector<ir::ValueRef>& inputs = node(i).inputs;
    return std::find(inputs.begin(), inputs.end(), value) != inputs.end();
  }
  bool isResult(ir::ValueRef value) const {
    return std::any_of(graph_.outputs.begin(), graph_.outputs.end(),
                       [&](const ir::OutputInfo& output) { return output.value == value; });
  }
  /// An addition of two values of its own shape.
  bool isSum(int i) const {
    if (op(i) != "add") return false;
    for (const ir::ValueRef& input : node(i).inputs)
      if (!(graph_.type(input) == node(i).types[0])) return false;
    return true;
  }
  void take(std::initializer_list<int> nodes) {
    for (const int i : nodes) isTaken_[size_t(i)] = true;
  }

  /// act(z) and, elsewhere, z = a b + bias (+ addend) once more.
  void fuseArgument(int i) {
    if (op(i) != "matmul" || !isFree(i) || activationName(node(i).attrs) == "none") return;
    if (node(i).attrs.flag("keep", false)) return;
    ir::Attrs argument = node(i).attrs;
    argument.set("activation", std::string("none"));
    for (const int j : users_[size_t(node(i).inputs[0].node)]) {
      if (op(j) != "matmul" || !isFree(j) || node(j).inputs != node(i).inputs || !(node(j).attrs == argument)) continue;
      take({i, j});
      const int first = std::min(i, j);
      replacements_[first] = [=, this] {
        ir::Attrs attrs = node(i).attrs;
        const std::vector<ir::Value> results =
            rewriter_.builder().ops("matmul", rewriter_.at(node(i).inputs), attrs.set("keep", true));
        rewriter_.set(i, {results[0]});
        rewriter_.set(j, {results[1]});
      };
      replacements_[std::max(i, j)] = [] {};
      return;
    }
  }

  /// y = act(a b + bias). Where a gradient reads the argument too both would be written anyway: nothing is won.
  void fuseActivation(int i) {
    if (op(i) != "matmul" || !isFree(i) || !isPlain(i) || !hasOneUser(i)) return;
    const int activation = users_[size_t(i)].front();
    if (!isActivation(op(activation)) || !isFree(activation)) return;
    take({i, activation});
    replacements_[i] = [=, this] {
      ir::Attrs attrs = node(i).attrs;
      attrs.set("activation", op(activation));
      rewriter_.set(activation, {rewriter_.builder().op("matmul", rewriter_.at(node(i).inputs), attrs)});
    };
    replacements_[activation] = [] {};
  }

  /// norm(x + residual), which also gives the sum.
  void fuseNorm(int i) {
    if (!isSum(i) || !isFree(i)) return;
    // The sum is made where its norm stood, so that nothing else may read it before.
    const std::vector<int>& users = users_[size_t(i)];
    if (users.empty() || !isFree(users.front())) return;
    const int norm = users.front();
    if ((op(norm) != "layer_norm" && op(norm) != "rms_norm") || node(norm).inputs[0] != ir::ValueRef{i, 0}) return;
    take({i, norm});
    replacements_[i] = [] {};
    replacements_[norm] = [=, this] {
      std::vector<ir::Value> of = rewriter_.at(node(i).inputs);
      for (size_t w = 1; w < node(norm).inputs.size(); ++w) of.push_back(rewriter_.at(node(norm).inputs[w]));
      const std::vector<ir::Value> results = rewriter_.builder().ops("add_" + op(norm), of, node(norm).attrs);
      rewriter_.set(norm, {results[0]});
      rewriter_.set(i, {results[1]});
    };
  }

  /// The gradient of a norm + the gradient that flows past it.
  void fuseGradient(int i) {
    if (!isSum(i) || !isFree(i)) return;
    for (int side = 0; side < 2; ++side) {
      const ir::ValueRef gradient = node(i).inputs[size_t(side)], carry = node(i).inputs[size_t(1 - side)];
      const int g = gradient.node;
      if (op(g) != "layer_norm_gradient" && op(g) != "rms_norm_gradient") continue;
      if (gradient.output != 0 || !isFree(g) || carry.node >= g || node(g).attrs.flag("carry", false)) continue;
      const std::vector<int>& users = users_[size_t(g)];
      const bool isReadOnce =
          std::none_of(users.begin(), users.end(), [&](int user) { return user != i && reads(user, gradient); });
      if (!isReadOnce || isResult(gradient) || carry == gradient) continue;
      take({i, g});
      replacements_[g] = [=, this] {
        std::vector<ir::Value> of = rewriter_.at(node(g).inputs);
        of.push_back(rewriter_.at(carry));
        ir::Attrs attrs = node(g).attrs;
        std::vector<ir::Value> results = rewriter_.builder().ops(op(g), of, attrs.set("carry", true));
        rewriter_.set(i, {results[0]});
        rewriter_.set(g, std::move(results));
      };
      replacements_[i] = [] {};
      return;
    }
  }

  /// a b + bias + addend, in the memory of the addend: only where that is read for the last time.
  void fuseSum(int i) {
    if (!isSum(i) || !isFree(i)) return;
    for (const size_t side : {size_t(1), size_t(0)}) {
      const int m = node(i).inputs[side].node;
      const ir::ValueRef addend = node(i).inputs[1 - side];
      if (op(m) != "matmul" || !isFree(m) || !isPlain(m) || !hasOneUser(m) || addend.node == m) continue;
      const std::vector<int>& users = users_[size_t(addend.node)];
      if (!node(addend.node).op->infer || node(addend.node).op->isView || isResult(addend)) continue;
      if (std::any_of(users.begin(), users.end(), [&](int user) { return user > i && reads(user, addend); })) continue;
      take({i, m});
      replacements_[m] = [] {};
      replacements_[i] = [=, this] {
        std::vector<ir::Value> of = rewriter_.at(node(m).inputs);
        of.push_back(rewriter_.at(addend));
        ir::Attrs attrs = node(m).attrs;
        rewriter_.set(i, {rewriter_.builder().op("matmul", of, attrs.set("accumulate", true))});
      };
      return;
    }
  }

  const ir::Graph& graph_;
  std::vector<std::vector<int>> users_;
  Rewriter rewriter_;
  std::vector<bool> isTaken_, isOutput_;
  std::map<int, std::function<void()>> replacements_;
};

}  // namespace

ir::Graph withFusedNeighbours(const ir::Graph& graph) { return Neighbours(graph).run(); }

}  // namespace fw
