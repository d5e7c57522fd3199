// flip: y[i] = x[size - 1 - i] along some dimensions; its own gradient.
#include "engine/ops/flip.h"

#include "engine/ops/rules.h"
#include "kernels/copy.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "flip", 1, 1);
  std::vector<bool> isFlipped(size_t(call.shape(0).rank()), false);
  for (const int64_t axis : call.attrs.list("axes")) {
    const size_t i = size_t(axisIn(call.shape(0), axis, "flip"));
    if (isFlipped[i]) throw Error(Code::Parameter, text("[flip] axis ", i, " stands twice; expected it once."));
    isFlipped[i] = true;
  }
  return {call.type(0)};
}

Grads vjp(const VjpCall& call) { return {ir::flip(call.grad(0), call.attrs.list("axes"))}; }

void run(const KernelCall& call) {
  const Shape& shape = call.inputShape(0);
  const int64_t bytes = byteSize(call.inputTypes[0].dtype);
  if (shape.count() == 0) return;
  const std::vector<int64_t> strides = rowMajorStrides(shape);
  kernels::CopyArgs args = {nullptr, call.outputs[0], bytes, shape.rank(), {}, {}, {}};
  for (int i = 0; i < shape.rank(); ++i) {
    args.sizes[i] = shape[i];
    args.fromStrides[i] = args.toStrides[i] = strides[size_t(i)];
  }
  int64_t offset = 0;
  for (const int64_t axis : call.attrs.list("axes")) {
    const int i = axisIn(shape, axis, "flip");
    args.fromStrides[i] = -strides[size_t(i)];
    offset += (shape[i] - 1) * strides[size_t(i)];
  }
  args.from = call.input<std::byte>(0) + offset * bytes;
  call.launch.kernels->copyStrided(call.launch, args);
}

}  // namespace

OpDef op_flip() {
  return {
      .name = "flip",
      .help = "Reverses dimensions.",
      .infer = infer,
      .vjp = vjp,
      .kernel = run,
      .examples =
          {
              {.inputs = {{.shape = {3, 7}}}, .attrs = {{"axes", std::vector<int64_t>{1}}}},
              {.inputs = {{.shape = {3, 5, 2}}}, .attrs = {{"axes", std::vector<int64_t>{0, 2}}}},
              {.inputs = {{.shape = {33}}}, .attrs = {{"axes", std::vector<int64_t>{}}}},
          },
  };
}

namespace ir {
Value flip(Value x, const std::vector<int64_t>& axes) {
  std::vector<int64_t> positive;
  for (const int64_t axis : axes) positive.push_back(axisIn(x.shape(), axis, "flip"));
  return x.builder->op("flip", {x}, {{"axes", positive}});
}
}  // namespace ir

}  // namespace fw
