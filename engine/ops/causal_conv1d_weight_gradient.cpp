// causal_conv1d_weight_gradient: dweight[d,k] = sum over b,t of dy[b,t,d] x[b, t-K+1+k, d].
#include "engine/ops/causal_conv1d.h"
#include "engine/ops/causal_conv1d_def.h"
#include "engine/ops/reshape.h"
#include "kernels/causal_conv1d.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

constexpr const char* opName = "causal_conv1d_weight_gradient";

Types infer(const OpCall& call) {
  expectInputs(call, opName, 2, 3);
  const char* names[] = {"x is", "dy is", "the history is"};
  for (size_t i = 0; i < call.count(); ++i) expectDType(call, i, DType::F32, opName, names[i]);
  const Shape& x = call.shape(0);
  if (x.rank() != 3) throw Error(Code::Shape, text("[", opName, "] x is ", x, "; expected [B,T,D]."));
  if (call.shape(1) != x) throw Error(Code::Shape, text("[", opName, "] dy is ", call.shape(1), "; expected ", x, "."));
  const int64_t kernel = call.attrs.integer("kernel");
  checkCausalKernel(opName, kernel);
  if (call.count() > 2) checkHistory(opName, call.shape(2), x, kernel);
  return {{DType::F32, {x[2], kernel}}};
}

Cost cost(const OpCall& call) {
  Cost cost = movedOnce(call, infer(call));
  cost.macs = double(call.shape(0).count()) * double(call.attrs.integer("kernel"));
  cost.flops = 2 * cost.macs;
  return cost;
}

Grads vjp(const VjpCall& call) {
  const ir::Value x = call.input(0), dy = call.input(1), grad = call.grad(0);
  const int64_t kernel = grad.size(1);
  const ir::Value history = call.inputs.size() > 2 ? call.input(2) : ir::Value();
  Grads grads(call.inputs.size());
  if (call.need(0)) grads[0] = ir::causalConv1d(dy, grad, {.isReversed = true});
  if (call.need(1)) grads[1] = ir::causalConv1d(x, grad, {.history = history});
  if (history.isValid() && kernel > 1 && call.need(2)) {
    const ir::Value all = ir::causalConv1d(ir::pad(dy, {0, kernel - 1, 0}, {0, 0, 0}), grad, {.isReversed = true});
    grads[2] = ir::slice(all, 1, 0, kernel - 1);
  }
  return grads;
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const ir::Value x = call.input(0), dy = call.input(1);
  const int64_t kernel = call.attrs.integer("kernel"), time = x.size(1), width = x.size(2);
  const ir::Value all = afterHistory(x, call.count() > 2 ? call.input(2) : ir::Value(), kernel);
  std::vector<ir::Value> columns;
  for (int64_t k = 0; k < kernel; ++k) {
    const ir::Value sum = ir::sumTo(dy * ir::slice(all, 1, k, k + time), {1, 1, width});
    columns.push_back(ir::reshape(sum, Shape{width, 1}));
  }
  return {ir::concat(columns, 1)};
}

kernels::CausalConv1dWeightGradientArgs argsOf(const Shape& x, const ir::Attrs& attrs) {
  kernels::CausalConv1dWeightGradientArgs args;
  args.batch = x[0];
  args.time = x[1];
  args.width = x[2];
  args.kernel = attrs.integer("kernel");
  return args;
}

void run(const KernelCall& call) {
  kernels::CausalConv1dWeightGradientArgs args = argsOf(call.inputShape(0), call.attrs);
  args.x = call.input(0);
  args.dy = call.input(1);
  args.history = call.count() > 2 ? call.input(2) : nullptr;
  args.dweight = call.output(0);
  call.launch.kernels->causalConv1dWeightGradient(call.launch, args, call.workspace);
}

}  // namespace

OpDef op_causal_conv1d_weight_gradient() {
  return {
      .name = opName,
      .help = "The gradient of the weight of a causal convolution.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .workspace =
          [](const OpCall& call, const kernels::Launch& launch) {
            return launch.kernels->causalConv1dWeightGradientWorkspace(argsOf(call.shape(0), call.attrs));
          },
      .examples =
          {
              {.inputs = {{.shape = {2, 7, 33}}, {.shape = {2, 7, 33}}}, .attrs = {{"kernel", int64_t(4)}}},
              {.inputs = {{.shape = {2, 3, 5}}, {.shape = {2, 3, 5}}, {.shape = {2, 3, 5}}},
               .attrs = {{"kernel", int64_t(4)}}},
              {.inputs = {{.shape = {1, 70, 3}}, {.shape = {1, 70, 3}}}, .attrs = {{"kernel", int64_t(1)}}},
          },
  };
}

}  // namespace fw
