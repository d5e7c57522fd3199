// dynamic_update_slice: y = x, then y[o, position + j, i] = update[o,j,i].
#include "engine/ops/dynamic_update_slice.h"

#include "engine/ops/dynamic_slice.h"
#include "engine/ops/rules.h"
#include "kernels/dynamic_slice.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "dynamic_update_slice", 3, 3);
  expectDType(call, 2, DType::I64, "dynamic_update_slice", "the position is");
  expectScalar(call, 2, "dynamic_update_slice", "the position is");
  const Shape &x = call.shape(0), &update = call.shape(1);
  const int axis = axisIn(x, call.attrs.integer("axis"), "dynamic_update_slice");
  if (call.type(1).dtype != call.type(0).dtype)
    throw Error(Code::Type, text("[dynamic_update_slice] the update is ", call.type(1).toString(), ", x is ",
                                 call.type(0).toString(), "; expected one dtype."));
  if (update.rank() != x.rank() || update.with(axis, 0) != x.with(axis, 0) || update[axis] > x[axis])
    throw Error(Code::Shape, text("[dynamic_update_slice] the update is ", update, ", x is ", x,
                                  "; expected equal sizes except along axis ", axis, ", where at most ", x[axis], "."));
  return {call.type(0)};
}

Grads vjp(const VjpCall& call) {
  const int axis = int(call.attrs.integer("axis"));
  Grads grads(3);
  if (call.need(0))
    grads[0] = ir::dynamicUpdateSlice(call.grad(0), call.builder.zerosLike(call.input(1)), call.input(2), axis);
  if (call.need(1)) grads[1] = ir::dynamicSlice(call.grad(0), call.input(2), axis, call.input(1).size(axis));
  return grads;
}

void run(const KernelCall& call) {
  const int axis = axisIn(call.inputShape(0), call.attrs.integer("axis"), "dynamic_update_slice");
  const AxisView view = viewAt(call.inputShape(0), axis);
  const int64_t length = call.inputShape(1)[axis], *position = call.input<int64_t>(2);
  if (!call.launch.kernels->dynamicUpdateSlice(
          call.launch, {call.inputs[0], call.inputs[1], position, call.outputs[0], byteSize(call.inputTypes[0].dtype),
                        view.outer, view.size, length, view.inner}))
    throw Error(Code::Data, text("[dynamic_update_slice] ", length, " elements from position ", *position,
                                 " on do not lie in axis ", axis, " of size ", view.size, "."));
}

}  // namespace

OpDef op_dynamic_update_slice() {
  return {
      .name = "dynamic_update_slice",
      .help = "Replaces a window of an axis at a position known only when running.",
      .infer = infer,
      .vjp = vjp,
      .kernel = run,
      .inPlace = {{0, 0}},
      .examples =
          {
              {.inputs = {{.shape = {3, 9, 5}}, {.shape = {3, 2, 5}}, {.dtype = DType::I64, .values = {7}}},
               .attrs = {{"axis", int64_t(1)}}},
              {.inputs = {{.shape = {33}}, {.shape = {1}}, {.dtype = DType::I64, .values = {0}}},
               .attrs = {{"axis", int64_t(0)}}},
          },
  };
}

namespace ir {
Value dynamicUpdateSlice(Value x, Value update, Value position, int axis) {
  return x.builder->op("dynamic_update_slice", {x, update, position},
                       {{"axis", int64_t(axisIn(x.shape(), axis, "dynamic_update_slice"))}});
}
}  // namespace ir

}  // namespace fw
