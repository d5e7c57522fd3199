// causal_conv1d: y[b,t,d] = act(bias[d] + sum over k of weight[d,k] x[b, t-K+1+k, d]). The gradient of x is the same,
// reversed in time.
#include "engine/ops/causal_conv1d.h"

#include "engine/ir/autodiff.h"
#include "engine/ops/activation.h"
#include "engine/ops/causal_conv1d_def.h"
#include "engine/ops/reshape.h"
#include "kernels/causal_conv1d.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

constexpr const char* opName = "causal_conv1d";

/// The inputs are x, weight, bias, history; the last two may be absent.
struct Form {
  Form(const ir::Attrs& attrs, size_t inputs)
      : isReversed(attrs.flag("reverse", false)),
        hasHistory(attrs.flag("history", false)),
        hasBias(inputs > 2 + size_t(hasHistory)),
        activation(activationName(attrs)) {}
  bool isReversed, hasHistory, hasBias;
  std::string activation;
  size_t history() const { return hasBias ? 3 : 2; }
};

Types infer(const OpCall& call) {
  expectInputs(call, opName, 2, 4);
  const Form form(call.attrs, call.count());
  if (form.hasHistory && call.count() < 3)
    throw Error(Code::Graph, "[causal_conv1d] there is no history; expected a third input.");
  const char* names[] = {"x is", "the weight is", form.hasBias ? "the bias is" : "the history is", "the history is"};
  for (size_t i = 0; i < call.count(); ++i) expectDType(call, i, DType::F32, opName, names[i]);
  activationOf(call.attrs, opName);
  const Shape &x = call.shape(0), &weight = call.shape(1);
  if (x.rank() != 3) throw Error(Code::Shape, text("[causal_conv1d] x is ", x, "; expected [B,T,D]."));
  if (weight.rank() != 2 || weight[0] != x[2])
    throw Error(Code::Shape, text("[causal_conv1d] the weight is ", weight, "; expected [", x[2], ",K]."));
  checkCausalKernel(opName, weight[1]);
  if (form.hasBias && call.shape(2) != Shape{x[2]})
    throw Error(Code::Shape, text("[causal_conv1d] the bias is ", call.shape(2), "; expected ", Shape{x[2]}, "."));
  if (form.hasHistory) checkHistory(opName, call.shape(form.history()), x, weight[1]);
  if (form.hasHistory && form.isReversed)
    throw Error(Code::Graph, "[causal_conv1d] reversed in time there is no history; expected no such input.");
  return {call.type(0)};
}

Cost cost(const OpCall& call) {
  const Form form(call.attrs, call.count());
  const Types types = infer(call);
  const double count = double(types[0].shape.count());
  Cost cost = movedOnce(call, types);
  cost.macs = count * double(call.shape(1)[1]);
  cost.flops = 2 * cost.macs + (form.hasBias ? count : 0) + activationFlops(form.activation, types[0]);
  return cost;
}

Grads vjp(const VjpCall& call) {
  const Form form(call.attrs, call.inputs.size());
  const ir::Value x = call.input(0), weight = call.input(1);
  const int64_t kernel = weight.size(1);
  ir::Value dz = call.grad(0);
  if (form.activation != "none") {
    ir::Attrs attrs = call.attrs;
    const ir::Value z = call.builder.op(opName, call.inputs, attrs.set("activation", std::string("none")));
    dz = ir::gradients(call.builder, {call.builder.op(form.activation, {z})}, {z}, {dz})[0];
  }
  const ir::Value history = form.hasHistory ? call.input(form.history()) : ir::Value();
  Grads grads(call.inputs.size());
  if (call.need(0)) grads[0] = ir::causalConv1d(dz, weight, {.isReversed = !form.isReversed});
  if (call.need(1))
    grads[1] = form.isReversed ? ir::causalConv1dWeightGradient(dz, x, kernel)
                               : ir::causalConv1dWeightGradient(x, dz, kernel, history);
  if (form.hasBias && call.need(2)) grads[2] = dz;
  if (form.hasHistory && kernel > 1 && call.need(form.history())) {
    const ir::Value all = ir::causalConv1d(ir::pad(dz, {0, kernel - 1, 0}, {0, 0, 0}), weight, {.isReversed = true});
    grads[form.history()] = ir::slice(all, 1, 0, kernel - 1);
  }
  return grads;
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const Form form(call.attrs, call.count());
  const ir::Value x = call.input(0), weight = call.input(1);
  const int64_t kernel = weight.size(1), time = x.size(1), width = x.size(2);
  const ir::Value all = form.isReversed
                            ? ir::pad(x, {0, 0, 0}, {0, kernel - 1, 0})
                            : afterHistory(x, form.hasHistory ? call.input(form.history()) : ir::Value(), kernel);
  ir::Value y;
  for (int64_t k = 0; k < kernel; ++k) {
    const int64_t start = form.isReversed ? kernel - 1 - k : k;
    const ir::Value part =
        ir::slice(all, 1, start, start + time) * ir::reshape(ir::slice(weight, 1, k, k + 1), Shape{width});
    y = y.isValid() ? y + part : part;
  }
  if (form.hasBias) y = y + call.input(2);
  return {form.activation == "none" ? y : call.builder.op(form.activation, {y})};
}

kernels::CausalConv1dArgs argsOf(const Shape& x, const Shape& weight, const ir::Attrs& attrs) {
  kernels::CausalConv1dArgs args;
  args.batch = x[0];
  args.time = x[1];
  args.width = x[2];
  args.kernel = weight[1];
  args.isReversed = attrs.flag("reverse", false);
  args.activation = activationOf(attrs, opName);
  return args;
}

void run(const KernelCall& call) {
  const Form form(call.attrs, call.count());
  kernels::CausalConv1dArgs args = argsOf(call.inputShape(0), call.inputShape(1), call.attrs);
  args.x = call.input(0);
  args.weight = call.input(1);
  args.bias = form.hasBias ? call.input(2) : nullptr;
  args.history = form.hasHistory ? call.input(form.history()) : nullptr;
  args.y = call.output(0);
  call.launch.kernels->causalConv1d(call.launch, args, call.workspace);
}

}  // namespace

OpDef op_causal_conv1d() {
  return {
      .name = opName,
      .help = "Each channel convolved with its own past along time.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .workspace =
          [](const OpCall& call, const kernels::Launch& launch) {
            return launch.kernels->causalConv1dWorkspace(argsOf(call.shape(0), call.shape(1), call.attrs));
          },
      .examples =
          {
              {.inputs = {{.shape = {2, 7, 33}}, {.shape = {33, 4}}, {.shape = {33}}},
               .attrs = {{"activation", std::string("silu")}}},
              {.inputs = {{.shape = {2, 3, 5}}, {.shape = {5, 4}}, {.shape = {5}}, {.shape = {2, 3, 5}}},
               .attrs = {{"history", true}}},
              {.inputs = {{.shape = {1, 1, 3}}, {.shape = {3, 4}}, {.shape = {1, 3, 3}}}, .attrs = {{"history", true}}},
              {.inputs = {{.shape = {2, 9, 5}}, {.shape = {5, 3}}}, .attrs = {{"reverse", true}}},
              {.inputs = {{.shape = {1, 3, 1}}, {.shape = {1, 1}}}},
          },
  };
}

namespace ir {

Value causalConv1d(Value x, Value weight, const CausalConv1dOptions& options) {
  std::vector<Value> inputs = {x, weight};
  Attrs attrs;
  if (options.bias.isValid()) inputs.push_back(options.bias);
  if (options.history.isValid()) {
    inputs.push_back(options.history);
    attrs.set("history", true);
  }
  if (options.isReversed) attrs.set("reverse", true);
  attrs.set("activation", options.activation);
  return x.builder->op(opName, inputs, std::move(attrs));
}

Value causalConv1dWeightGradient(Value x, Value dy, int64_t kernel, Value history) {
  std::vector<Value> inputs = {x, dy};
  if (history.isValid()) inputs.push_back(history);
  return x.builder->op("causal_conv1d_weight_gradient", inputs, {{"kernel", kernel}});
}

}  // namespace ir

}  // namespace fw
