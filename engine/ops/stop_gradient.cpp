// stop_gradient: y = x, through which no gradient passes.
#include "engine/ops/elementwise.h"
#include "engine/ops/rules.h"
#include "kernels/copy.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "stop_gradient", 1, 1);
  return {call.type(0)};
}

void cpu(const KernelCall& call) {
  if (call.inputs[0] != call.outputs[0])
    kernels::cpu::copyBytes(call.launch, call.inputs[0], call.outputs[0], call.outputTypes[0].bytes());
}

}  // namespace

OpDef op_stop_gradient() {
  return {
      .name = "stop_gradient",
      .help = "The value itself, through which no gradient passes.",
      .infer = infer,
      .cost = [](const OpCall&) { return Cost(); },
      .cpu = cpu,
      .isView = true,
      .hasGradient = false,
      .examples = {{.inputs = {{.shape = {3, 7}}}, .isSmooth = false}},
  };
}

namespace ir {
Value stopGradient(Value x) { return x.builder->op("stop_gradient", {x}); }
}  // namespace ir

}  // namespace fw
