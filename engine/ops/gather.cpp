// gather: y[o,j,i] = x[o, indices[o,j,i], i]; its gradient is scatter_add into zeros.
#include "engine/ops/gather.h"

#include "engine/ops/rules.h"
#include "engine/ops/scatter_add.h"
#include "kernels/gather.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "gather", 2, 2);
  expectDType(call, 1, DType::I64, "gather", "indices are");
  const int axis = axisIn(call.shape(0), call.attrs.integer("axis"), "gather");
  if (call.shape(1).rank() != call.shape(0).rank() || call.shape(1).with(axis, 0) != call.shape(0).with(axis, 0))
    throw Error(Code::Shape, text("[gather] indices are ", call.shape(1), ", x is ", call.shape(0),
                                  "; expected equal sizes except along axis ", axis, "."));
  return {{call.type(0).dtype, call.shape(1)}};
}

Cost cost(const OpCall& call) {
  const double picked = double(call.shape(1).count());
  const double element = double(byteSize(call.type(0).dtype));
  return {.bytesRead = picked * (element + 8), .bytesWritten = picked * element};
}

Grads vjp(const VjpCall& call) {
  return {ir::scatterAdd(call.builder.zerosLike(call.input(0)), call.input(1), call.grad(0),
                         int(call.attrs.integer("axis")))};
}

void run(const KernelCall& call) {
  const Shape& shape = call.inputShape(0);
  const int axis = axisIn(shape, call.attrs.integer("axis"), "gather");
  const AxisView view = viewAt(shape, axis);
  const int64_t stray = call.launch.kernels->gather(
      call.launch, {call.inputs[0], call.input<int64_t>(1), call.outputs[0], byteSize(call.inputTypes[0].dtype),
                    view.outer, view.size, call.inputShape(1)[axis], view.inner});
  if (stray >= 0)
    throw Error(Code::Data, text("[gather] index ", call.input<int64_t>(1)[stray], placeText(stray, call.inputShape(1)),
                                 " is outside axis ", axis, " of size ", view.size, "."));
}

}  // namespace

OpDef op_gather() {
  return {
      .name = "gather",
      .help = "Picks elements along an axis by one index an element.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .kernel = run,
      .examples =
          {
              {.inputs = {{.shape = {3, 7}}, {.shape = {3, 5}, .dtype = DType::I64, .low = 0, .high = 7}},
               .attrs = {{"axis", int64_t(1)}}},
              {.inputs = {{.shape = {5, 3, 33}}, {.shape = {63, 3, 33}, .dtype = DType::I64, .low = 0, .high = 5}},
               .attrs = {{"axis", int64_t(0)}}},
          },
  };
}

namespace ir {
Value gather(Value x, Value indices, int axis) {
  return x.builder->op("gather", {x, indices}, {{"axis", int64_t(axisIn(x.shape(), axis, "gather"))}});
}
}  // namespace ir

}  // namespace fw
