// scatter_add: y = x, then y[o, indices[o,j,i], i] += updates[o,j,i], j ascending; the transpose of gather.
#include "engine/ops/scatter_add.h"

#include "engine/ops/gather.h"
#include "engine/ops/rules.h"
#include "kernels/gather.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "scatter_add", 3, 3);
  expectDType(call, 0, DType::F32, "scatter_add", "x is");
  expectDType(call, 1, DType::I64, "scatter_add", "indices are");
  expectDType(call, 2, DType::F32, "scatter_add", "updates are");
  const int axis = axisIn(call.shape(0), call.attrs.integer("axis"), "scatter_add");
  if (call.shape(1) != call.shape(2))
    throw Error(Code::Shape, text("[scatter_add] updates are ", call.shape(2), ", indices are ", call.shape(1),
                                  "; expected equal shapes."));
  if (call.shape(1).rank() != call.shape(0).rank() || call.shape(1).with(axis, 0) != call.shape(0).with(axis, 0))
    throw Error(Code::Shape, text("[scatter_add] indices are ", call.shape(1), ", x is ", call.shape(0),
                                  "; expected equal sizes except along axis ", axis, "."));
  return {call.type(0)};
}

Cost cost(const OpCall& call) {
  const double added = double(call.shape(1).count()), whole = double(call.type(0).bytes());
  return {.flops = added, .bytesRead = whole + added * (8 + 4), .bytesWritten = whole};
}

Grads vjp(const VjpCall& call) {
  Grads grads = {call.grad(0), {}, {}};
  if (call.need(2)) grads[2] = ir::gather(call.grad(0), call.input(1), int(call.attrs.integer("axis")));
  return grads;
}

void run(const KernelCall& call) {
  const Shape& shape = call.inputShape(0);
  const int axis = axisIn(shape, call.attrs.integer("axis"), "scatter_add");
  const AxisView view = viewAt(shape, axis);
  const int64_t stray = call.launch.kernels->scatterAdd(
      call.launch, {call.input(0), call.input<int64_t>(1), call.input(2), call.output(0), view.outer, view.size,
                    call.inputShape(1)[axis], view.inner});
  if (stray >= 0)
    throw Error(Code::Data,
                text("[scatter_add] index ", call.input<int64_t>(1)[stray], placeText(stray, call.inputShape(1)),
                     " is outside axis ", axis, " of size ", view.size, "."));
}

}  // namespace

OpDef op_scatter_add() {
  return {
      .name = "scatter_add",
      .help = "Adds elements along an axis by one index an element, in a fixed order.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .kernel = run,
      .inPlace = {{0, 0}},
      .examples =
          {
              {.inputs = {{.shape = {3, 7}},
                          {.shape = {3, 33}, .dtype = DType::I64, .low = 0, .high = 7},
                          {.shape = {3, 33}}},
               .attrs = {{"axis", int64_t(1)}}},
              {.inputs = {{.shape = {5, 3}},
                          {.shape = {2, 3}, .dtype = DType::I64, .low = 0, .high = 5},
                          {.shape = {2, 3}}},
               .attrs = {{"axis", int64_t(0)}}},
          },
  };
}

namespace ir {
Value scatterAdd(Value x, Value indices, Value updates, int axis) {
  return x.builder->op("scatter_add", {x, indices, updates},
                       {{"axis", int64_t(axisIn(x.shape(), axis, "scatter_add"))}});
}
}  // namespace ir

}  // namespace fw
