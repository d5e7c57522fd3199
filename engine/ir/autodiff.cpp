// Gradients as graph. The walk goes from the last node to the first, adds what several users send back, and sums down
// what an op broadcast. An op without a vjp is differentiated through its decomposition.
#include "engine/ir/autodiff.h"

#include "engine/base/error.h"
#include "engine/ir/op.h"

namespace fw::ir {
namespace {

bool isDifferentiable(const OpDef& op) { return op.hasGradient; }

class Walk {
 public:
  Walk(Builder& builder, bool throughDecomposition) : builder_(builder), throughDecomposition_(throughDecomposition) {}

  std::vector<Value> run(const std::vector<Value>& outputs, const std::vector<Value>& wrt,
                         const std::vector<Value>& seeds) {
    const int count = int(builder_.graph().nodes.size());
    int first = count;
    for (const Value& value : wrt) first = std::min(first, value.ref.node);
    markDependents(wrt, first, count);

    grads_.assign(size_t(count), {});
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!depends_[size_t(outputs[i].ref.node)]) continue;
      const Value seed = i < seeds.size() ? seeds[i] : builder_.constant(1, outputs[i].shape(), outputs[i].dtype());
      if (seed.isValid()) accumulate(outputs[i].ref, seed);
    }
    for (int index = count - 1; index >= first; --index)
      if (depends_[size_t(index)] && !grads_[size_t(index)].empty()) back(index);

    std::vector<Value> result;
    for (const Value& value : wrt) {
      const std::vector<Value>& of = grads_[size_t(value.ref.node)];
      result.push_back(of.empty() ? Value{} : of[size_t(value.ref.output)]);
    }
    return result;
  }

 private:
  void markDependents(const std::vector<Value>& wrt, int first, int count) {
    depends_.assign(size_t(count), false);
    for (const Value& value : wrt) depends_[size_t(value.ref.node)] = true;
    for (int index = first; index < count; ++index) {
      const Node& node = builder_.graph().nodes[size_t(index)];
      if (!isDifferentiable(*node.op)) continue;
      for (const ValueRef& input : node.inputs)
        if (depends_[size_t(input.node)] && isFloat(builder_.graph().type(input).dtype)) depends_[size_t(index)] = true;
    }
  }

  void accumulate(ValueRef ref, Value grad) {
    std::vector<Value>& of = grads_[size_t(ref.node)];
    if (of.empty()) of.resize(builder_.graph().nodes[size_t(ref.node)].types.size());
    Value& total = of[size_t(ref.output)];
    total = total.isValid() ? total + grad : grad;
  }

  void back(int index) {
    const Node node = builder_.graph().nodes[size_t(index)];  // a copy: the graph grows below
    if (node.inputs.empty()) return;
    ScopeGuard guard(builder_, builder_.graph().scopes[size_t(node.scope)], node.origin);
    std::vector<Value> inputs, outputs;
    std::vector<bool> needs;
    bool isNeeded = false;
    for (const ValueRef& ref : node.inputs) {
      inputs.push_back(builder_.value(ref));
      needs.push_back(depends_[size_t(ref.node)] && isFloat(builder_.graph().type(ref).dtype));
      isNeeded = isNeeded || needs.back();
    }
    if (!isNeeded) return;
    for (size_t i = 0; i < node.types.size(); ++i) outputs.push_back(builder_.value({index, int(i)}));
    const std::vector<Value> grads = grads_[size_t(index)];

    const bool canDecompose = bool(node.op->decompose);
    Grads sent;
    if (node.op->vjp && !(throughDecomposition_ && canDecompose))
      sent = node.op->vjp(VjpCall{builder_, inputs, outputs, grads, needs, node.attrs, node.body.get()});
    else if (canDecompose)
      sent = throughDecomposition(node, inputs, grads, needs);
    else
      throw Error(Code::Graph, text("[", node.op->name, "] has no gradient, but one is needed."));

    for (size_t i = 0; i < sent.size() && i < inputs.size(); ++i)
      if (needs[i] && sent[i].isValid()) accumulate(node.inputs[i], sumTo(sent[i], inputs[i].shape()));
  }

  Grads throughDecomposition(const Node& node, const std::vector<Value>& inputs, const std::vector<Value>& grads,
                             const std::vector<bool>& needs) {
    // An identity per input separates this use of it from every other one.
    std::vector<Value> copies;
    for (size_t i = 0; i < inputs.size(); ++i)
      copies.push_back(needs[i] ? builder_.op("reshape", {inputs[i]}, {{"shape", inputs[i].shape().dims()}})
                                : inputs[i]);
    const std::vector<Value> outputs = node.op->decompose(DecomposeCall{builder_, copies, node.attrs, node.body.get()});
    std::vector<Value> used, seeds, wrt;
    for (size_t i = 0; i < outputs.size(); ++i)
      if (grads[i].isValid()) {
        used.push_back(outputs[i]);
        seeds.push_back(grads[i]);
      }
    for (size_t i = 0; i < copies.size(); ++i)
      if (needs[i]) wrt.push_back(copies[i]);
    const std::vector<Value> found = Walk(builder_, throughDecomposition_).run(used, wrt, seeds);
    Grads sent(inputs.size());
    for (size_t i = 0, j = 0; i < inputs.size(); ++i)
      if (needs[i]) sent[i] = found[j++];
    return sent;
  }

  Builder& builder_;
  bool throughDecomposition_;
  std::vector<bool> depends_;
  std::vector<std::vector<Value>> grads_;
};

}  // namespace

std::vector<Value> gradients(Builder& builder, const std::vector<Value>& outputs, const std::vector<Value>& wrt,
                             const std::vector<Value>& seeds) {
  return Walk(builder, false).run(outputs, wrt, seeds);
}

std::vector<Value> gradientsThroughDecomposition(Builder& builder, const std::vector<Value>& outputs,
                                                 const std::vector<Value>& wrt, const std::vector<Value>& seeds) {
  return Walk(builder, true).run(outputs, wrt, seeds);
}

}  // namespace fw::ir
