// take: y[o,j,:] = x[o, indices[j], :]; its gradient is index_add into zeros.
#include "engine/ops/take.h"

#include "engine/ops/index_add.h"
#include "engine/ops/rules.h"
#include "kernels/kernels.h"
#include "kernels/take.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "take", 2, 2);
  expectDType(call, 1, DType::I64, "take", "indices are");
  const Shape& x = call.shape(0);
  const int axis = axisIn(x, call.attrs.integer("axis"), "take");
  if (x.rank() - 1 + call.shape(1).rank() > Shape::maxRank)
    throw Error(Code::Shape, text("[take] x is ", x, ", indices are ", call.shape(1), "; expected a result of at most ",
                                  Shape::maxRank, " dimensions."));
  Shape y;
  for (int i = 0; i < axis; ++i) y.append(x[i]);
  for (const int64_t size : call.shape(1)) y.append(size);
  for (int i = axis + 1; i < x.rank(); ++i) y.append(x[i]);
  return {{call.type(0).dtype, y}};
}

Cost cost(const OpCall& call) {
  const AxisView view = viewAt(call.shape(0), axisIn(call.shape(0), call.attrs.integer("axis"), "take"));
  const double rows = double(call.shape(1).count());
  const double moved = rows * double(view.outer * view.inner * byteSize(call.type(0).dtype));
  return {.bytesRead = moved + rows * 8, .bytesWritten = moved};
}

Grads vjp(const VjpCall& call) {
  return {ir::indexAdd(call.builder.zerosLike(call.input(0)), call.input(1), call.grad(0),
                       int(call.attrs.integer("axis")))};
}

void run(const KernelCall& call) {
  const int axis = axisIn(call.inputShape(0), call.attrs.integer("axis"), "take");
  const AxisView view = viewAt(call.inputShape(0), axis);
  const int64_t stray = call.launch.kernels->take(
      call.launch, {call.inputs[0], call.input<int64_t>(1), call.outputs[0], byteSize(call.inputTypes[0].dtype),
                    view.outer, view.size, call.inputShape(1).count(), view.inner});
  if (stray >= 0)
    throw Error(Code::Data, text("[take] index ", call.input<int64_t>(1)[stray], placeText(stray, call.inputShape(1)),
                                 " is outside axis ", axis, " of size ", view.size, "."));
}

}  // namespace

OpDef op_take() {
  return {
      .name = "take",
      .help = "Picks whole rows along an axis by index.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .kernel = run,
      .examples =
          {
              {.inputs = {{.shape = {7, 5}}, {.shape = {3, 33}, .dtype = DType::I64, .low = 0, .high = 7}},
               .attrs = {{"axis", int64_t(0)}}},
              {.inputs = {{.shape = {3, 9}}, {.shape = {7}, .dtype = DType::I64, .low = 0, .high = 9}},
               .attrs = {{"axis", int64_t(1)}}},
              {.inputs = {{.shape = {2, 3, 4}}, {.shape = {}, .dtype = DType::I64, .values = {2}}},
               .attrs = {{"axis", int64_t(1)}}},
          },
  };
}

namespace ir {
Value take(Value x, Value indices, int axis) {
  return x.builder->op("take", {x, indices}, {{"axis", int64_t(axisIn(x.shape(), axis, "take"))}});
}
}  // namespace ir

}  // namespace fw
