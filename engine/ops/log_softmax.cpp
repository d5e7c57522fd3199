// log_softmax: y = x - ln sum of e^x over the last axis.
#include "engine/ops/log_softmax.h"

#include "engine/ops/elementwise.h"
#include "engine/ops/max.h"
#include "engine/ops/rows_def.h"
#include "engine/ops/sum.h"
#include "kernels/kernels.h"
#include "kernels/softmax.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "log_softmax", 1, 1);
  expectRows(call, 0, "log_softmax");
  return {call.type(0)};
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const ir::Value x = call.input(0);
  const ir::Value shifted = x - ir::stopGradient(ir::max(x, {-1}, true));  // exp overflows above 88
  return {shifted - ir::log(ir::sum(ir::exp(shifted), {-1}, true))};
}

void run(const KernelCall& call) {
  const auto [rows, width] = rowsOf(call.inputShape(0));
  call.launch.kernels->logSoftmax(call.launch, {call.input(0), call.output(0), rows, width});
}

}  // namespace

OpDef op_log_softmax() {
  return {
      .name = "log_softmax",
      .help = "The logarithm of softmax over the last axis.",
      .infer = infer,
      .cost = [](const OpCall& call) { return costPerElement(call, infer(call), 5); },
      .vjp = [](const VjpCall& call) -> Grads {
        return {call.builder.op("log_softmax_gradient", {call.output(0), call.grad(0)})};
      },
      .decompose = decompose,
      .kernel = run,
      .inPlace = {{0, 0}},
      .examples = {{.inputs = {{.shape = {3, 7}, .low = -4, .high = 4}}},
                   {.inputs = {{.shape = {2, 3, 33}, .low = -9, .high = 9}}},
                   {.inputs = {{.shape = {5, 1000}}}},
                   {.inputs = {{.shape = {7, 1}}}}},
  };
}

namespace ir {
Value logSoftmax(Value x) { return x.builder->op("log_softmax", {x}); }
}  // namespace ir

}  // namespace fw
