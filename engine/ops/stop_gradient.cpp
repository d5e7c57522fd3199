// stop_gradient: y = x, through which no gradient passes.
#include "engine/ops/elementwise.h"
#include "engine/ops/rules.h"
#include "kernels/copy.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "stop_gradient", 1, 1);
  return {call.type(0)};
}

void run(const KernelCall& call) {
  if (call.inputs[0] != call.outputs[0])
    call.launch.kernels->copyBytes(call.launch, call.inputs[0], call.outputs[0], call.outputTypes[0].bytes());
}

}  // namespace

OpDef op_stop_gradient() {
  return {
      .name = "stop_gradient",
      .help = "The value itself, through which no gradient passes.",
      .infer = infer,
      .cost = [](const OpCall&) { return Cost(); },
      .kernel = run,
      .isView = true,
      .hasGradient = false,
      .examples = {{.inputs = {{.shape = {3, 7}}}, .isSmooth = false}},
  };
}

namespace ir {
Value stopGradient(Value x) { return x.builder->op("stop_gradient", {x}); }
}  // namespace ir

}  // namespace fw
