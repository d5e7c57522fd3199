// index_add: y = x, then y[o, indices[j], :] += updates[o,j,:], j ascending; the transpose of take.
#include "engine/ops/index_add.h"

#include "engine/ops/rules.h"
#include "engine/ops/take.h"
#include "kernels/kernels.h"
#include "kernels/take.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "index_add", 3, 3);
  expectDType(call, 0, DType::F32, "index_add", "x is");
  expectDType(call, 1, DType::I64, "index_add", "indices are");
  expectDType(call, 2, DType::F32, "index_add", "updates are");
  const Shape& x = call.shape(0);
  const int axis = axisIn(x, call.attrs.integer("axis"), "index_add");
  std::vector<int64_t> expected = x.dims();
  expected.erase(expected.begin() + axis);
  expected.insert(expected.begin() + axis, call.shape(1).begin(), call.shape(1).end());
  if (call.shape(2).dims() != expected)
    throw Error(Code::Shape, text("[index_add] updates are ", call.shape(2), ", x is ", x, ", indices are ",
                                  call.shape(1), "; expected the indices' sizes in the place of axis ", axis, "."));
  return {call.type(0)};
}

Cost cost(const OpCall& call) {
  const double added = double(call.shape(2).count()), whole = double(call.type(0).bytes());
  return {.flops = added, .bytesRead = whole + added * 4 + double(call.type(1).bytes()), .bytesWritten = whole};
}

Grads vjp(const VjpCall& call) {
  Grads grads = {call.grad(0), {}, {}};
  if (call.need(2)) grads[2] = ir::take(call.grad(0), call.input(1), int(call.attrs.integer("axis")));
  return grads;
}

void run(const KernelCall& call) {
  const int axis = axisIn(call.inputShape(0), call.attrs.integer("axis"), "index_add");
  const AxisView view = viewAt(call.inputShape(0), axis);
  const int64_t stray =
      call.launch.kernels->indexAdd(call.launch, {call.input(0), call.input<int64_t>(1), call.input(2), call.output(0),
                                                  view.outer, view.size, call.inputShape(1).count(), view.inner});
  if (stray >= 0)
    throw Error(Code::Data,
                text("[index_add] index ", call.input<int64_t>(1)[stray], placeText(stray, call.inputShape(1)),
                     " is outside axis ", axis, " of size ", view.size, "."));
}

}  // namespace

OpDef op_index_add() {
  return {
      .name = "index_add",
      .help = "Adds whole rows along an axis by index, in a fixed order.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .kernel = run,
      .inPlace = {{0, 0}},
      .examples =
          {
              {.inputs = {{.shape = {7, 5}},
                          {.shape = {3, 11}, .dtype = DType::I64, .low = 0, .high = 7},
                          {.shape = {3, 11, 5}}},
               .attrs = {{"axis", int64_t(0)}}},
              {.inputs = {{.shape = {3, 9}},
                          {.shape = {7}, .dtype = DType::I64, .low = 0, .high = 9},
                          {.shape = {3, 7}}},
               .attrs = {{"axis", int64_t(1)}}},
          },
  };
}

namespace ir {
Value indexAdd(Value x, Value indices, Value updates, int axis) {
  return x.builder->op("index_add", {x, indices, updates}, {{"axis", int64_t(axisIn(x.shape(), axis, "index_add"))}});
}
}  // namespace ir

}  // namespace fw
