// sum_squares: y = sum of x[i]^2, accumulated in double; what a gradient's global norm is made of.
#include "engine/ops/sum_squares.h"

#include "engine/ops/rules.h"
#include "kernels/kernels.h"
#include "kernels/optimizer.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "sum_squares", 1, 1);
  expectDType(call, 0, DType::F32, "sum_squares", "x is");
  return {{DType::F32, {}}};
}

Cost cost(const OpCall& call) {
  const double count = double(call.shape(0).count());
  return {.flops = 2 * count, .macs = count, .bytesRead = 4 * count, .bytesWritten = 4};
}

Grads vjp(const VjpCall& call) { return {call.input(0) * (call.grad(0) * 2.0)}; }

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const ir::Value x = call.input(0);
  std::vector<int64_t> axes;
  for (int i = 0; i < x.rank(); ++i) axes.push_back(i);
  return {call.builder.op("sum", {x * x}, {{"axes", axes}, {"keep", false}})};
}

int64_t workspace(const OpCall& call, const kernels::Launch& launch) {
  return launch.kernels->sumSquaresPartials(call.shape(0).count()) * int64_t(sizeof(double));
}

void run(const KernelCall& call) {
  call.launch.kernels->sumSquares(
      call.launch, {call.input(0), call.output(0), static_cast<double*>(call.workspace), call.inputShape(0).count()});
}

}  // namespace

OpDef op_sum_squares() {
  return {
      .name = "sum_squares",
      .help = "The sum of all squared elements.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .workspace = workspace,
      .examples = {{.inputs = {{.shape = {3, 33}}}}, {.inputs = {{.shape = {7, 3, 63}}}}, {.inputs = {{.shape = {}}}}},
  };
}

namespace ir {
Value sumSquares(Value x) { return x.builder->op("sum_squares", {x}); }
}  // namespace ir

}  // namespace fw
