// argmax: y[o,i] = the j with the largest x[o,j,i].
#include "engine/ops/argmax.h"

#include "engine/ops/rules.h"
#include "kernels/kernels.h"
#include "kernels/top_k.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "argmax", 1, 1);
  expectDType(call, 0, DType::F32, "argmax", "x is");
  const int axis = axisIn(call.shape(0), call.attrs.integer("axis"), "argmax");
  if (call.shape(0)[axis] == 0)
    throw Error(Code::Shape, text("[argmax] axis ", axis, " of ", call.shape(0), " is empty."));
  return {{DType::I64, call.shape(0).without(axis)}};
}

void run(const KernelCall& call) {
  const AxisView view = viewAt(call.inputShape(0), axisIn(call.inputShape(0), call.attrs.integer("axis"), "argmax"));
  call.launch.kernels->argmax(call.launch, {call.input(0), call.output<int64_t>(0), view.outer, view.size, view.inner});
}

}  // namespace

OpDef op_argmax() {
  return {
      .name = "argmax",
      .help = "The index of the largest element along an axis.",
      .infer = infer,
      .kernel = run,
      .hasGradient = false,
      .examples =
          {
              {.inputs = {{.shape = {3, 33}}}, .attrs = {{"axis", int64_t(1)}}, .isSmooth = false},
              {.inputs = {{.shape = {7, 3, 5}}}, .attrs = {{"axis", int64_t(0)}}, .isSmooth = false},
          },
  };
}

namespace ir {
Value argmax(Value x, int axis) {
  return x.builder->op("argmax", {x}, {{"axis", int64_t(axisIn(x.shape(), axis, "argmax"))}});
}
}  // namespace ir

}  // namespace fw
