// dynamic_slice: y[o,j,i] = x[o, position + j, i]; its gradient is dynamic_update_slice into zeros.
#include "engine/ops/dynamic_slice.h"

#include "engine/ops/dynamic_update_slice.h"
#include "engine/ops/rules.h"
#include "kernels/dynamic_slice.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "dynamic_slice", 2, 2);
  expectDType(call, 1, DType::I64, "dynamic_slice", "the position is");
  expectScalar(call, 1, "dynamic_slice", "the position is");
  const int axis = axisIn(call.shape(0), call.attrs.integer("axis"), "dynamic_slice");
  const int64_t length = call.attrs.integer("length"), size = call.shape(0)[axis];
  if (length < 0 || length > size)
    throw Error(Code::Parameter, text("[dynamic_slice] length is ", length, ", axis ", axis, " has ", size,
                                      " elements; expected 0 to ", size, "."));
  return {{call.type(0).dtype, call.shape(0).with(axis, length)}};
}

Cost cost(const OpCall& call) {
  const double moved = double(infer(call)[0].bytes());
  return {.bytesRead = moved + 8, .bytesWritten = moved};
}

Grads vjp(const VjpCall& call) {
  return {ir::dynamicUpdateSlice(call.builder.zerosLike(call.input(0)), call.grad(0), call.input(1),
                                 int(call.attrs.integer("axis")))};
}

void run(const KernelCall& call) {
  const int axis = axisIn(call.inputShape(0), call.attrs.integer("axis"), "dynamic_slice");
  const AxisView view = viewAt(call.inputShape(0), axis);
  const int64_t length = call.outputShape(0)[axis], *position = call.input<int64_t>(1);
  if (!call.launch.kernels->dynamicSlice(
          call.launch, {call.inputs[0], position, call.outputs[0], byteSize(call.inputTypes[0].dtype), view.outer,
                        view.size, length, view.inner}))
    throw Error(Code::Data, text("[dynamic_slice] ", length, " elements from position ", *position,
                                 " on do not lie in axis ", axis, " of size ", view.size, "."));
}

}  // namespace

OpDef op_dynamic_slice() {
  return {
      .name = "dynamic_slice",
      .help = "A window of an axis at a position known only when running.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .kernel = run,
      .examples =
          {
              {.inputs = {{.shape = {3, 9, 5}}, {.dtype = DType::I64, .values = {4}}},
               .attrs = {{"axis", int64_t(1)}, {"length", int64_t(3)}}},
              {.inputs = {{.shape = {33}}, {.dtype = DType::I64, .values = {0}}},
               .attrs = {{"axis", int64_t(0)}, {"length", int64_t(33)}}},
          },
  };
}

namespace ir {
Value dynamicSlice(Value x, Value position, int axis, int64_t length) {
  return x.builder->op("dynamic_slice", {x, position},
                       {{"axis", int64_t(axisIn(x.shape(), axis, "dynamic_slice"))}, {"length", length}});
}
}  // namespace ir

}  // namespace fw
