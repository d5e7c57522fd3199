// softmax_gradient: dx = y (dy - sum(dy y)).
#include "engine/ops/elementwise.h"
#include "engine/ops/rows_def.h"
#include "engine/ops/sum.h"
#include "kernels/kernels.h"
#include "kernels/softmax.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "softmax_gradient", 2, 2);
  expectRows(call, 0, "softmax_gradient");
  expectLikeFirst(call, 1, "softmax_gradient");
  return {call.type(0)};
}

void run(const KernelCall& call) {
  const auto [rows, width] = rowsOf(call.inputShape(0));
  call.launch.kernels->softmaxGradient(call.launch, {call.input(0), call.input(1), call.output(0), rows, width});
}

}  // namespace

OpDef op_softmax_gradient() {
  return {
      .name = "softmax_gradient",
      .help = "The gradient of softmax, from its result.",
      .infer = infer,
      .cost = [](const OpCall& call) { return costPerElement(call, infer(call), 4); },
      .decompose = [](const DecomposeCall& call) -> std::vector<ir::Value> {
        const ir::Value y = call.input(0), dy = call.input(1);
        return {y * (dy - ir::sum(dy * y, {-1}, true))};
      },
      .kernel = run,
      .inPlace = {{0, 0}, {0, 1}},
      .examples = {{.inputs = {{.shape = {3, 7}, .low = -2, .high = 0}, {.shape = {3, 7}}}},
                   {.inputs = {{.shape = {2, 3, 33}, .low = -2, .high = 0}, {.shape = {2, 3, 33}}}}},
  };
}

}  // namespace fw
