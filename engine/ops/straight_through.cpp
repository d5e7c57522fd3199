// straight_through: the value of `forward`, the gradient of `backward`. (Bengio, Leonard and Courville, "Estimating or
// Propagating Gradients Through Stochastic Neurons", 2013.)
#include "engine/ops/elementwise.h"
#include "engine/ops/rules.h"
#include "kernels/copy.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "straight_through", 2, 2);
  if (call.type(0) != call.type(1))
    throw Error(Code::Shape, text("[straight_through] forward is ", call.type(0).toString(), " and backward is ",
                                  call.type(1).toString(), "; expected one type."));
  return {call.type(0)};
}

void run(const KernelCall& call) {
  if (call.inputs[0] != call.outputs[0])
    call.launch.kernels->copyBytes(call.launch, call.inputs[0], call.outputs[0], call.outputTypes[0].bytes());
}

}  // namespace

OpDef op_straight_through() {
  return {
      .name = "straight_through",
      .help = "The value of one input, the gradient of another.",
      .infer = infer,
      .cost = [](const OpCall&) { return Cost(); },
      .vjp = [](const VjpCall& call) -> Grads {
        return {ir::Value(), call.grad(0)};
      },
      .decompose = [](const DecomposeCall& call) -> std::vector<ir::Value> {
        return {call.input(1) + ir::stopGradient(call.input(0) - call.input(1))};
      },
      .kernel = run,
      .isView = true,
      .examples = {{.inputs = {{.shape = {3, 7}}, {.shape = {3, 7}}}, .isSmooth = false}},
  };
}

namespace ir {
Value straightThrough(Value forward, Value backward) {
  return forward.builder->op("straight_through", {forward, backward});
}
}  // namespace ir

}  // namespace fw
