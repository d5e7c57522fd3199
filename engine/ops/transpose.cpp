// transpose: dimension i of y is dimension permutation[i] of x; its gradient is the inverse permutation.
#include "engine/ops/transpose.h"

#include "engine/ops/rules.h"
#include "kernels/copy.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "transpose", 1, 1);
  const Shape& x = call.shape(0);
  const std::vector<int64_t>& permutation = call.attrs.list("permutation");
  if (permutation.size() != size_t(x.rank()))
    throw Error(Code::Parameter,
                text("[transpose] got ", permutation.size(), " dimensions for ", x, "; expected ", x.rank(), "."));
  Shape y = x;
  std::vector<bool> isUsed(permutation.size(), false);
  for (size_t i = 0; i < permutation.size(); ++i) {
    const int64_t axis = permutation[i];
    if (axis < 0 || axis >= x.rank() || isUsed[size_t(axis)])
      throw Error(Code::Parameter, text("[transpose] dimension ", axis, " at place ", i, " of the order for ", x,
                                        "; expected each of 0 to ", x.rank() - 1, " once."));
    isUsed[size_t(axis)] = true;
    y.set(int(i), x[int(axis)]);
  }
  return {{call.type(0).dtype, y}};
}

Grads vjp(const VjpCall& call) {
  const std::vector<int64_t>& permutation = call.attrs.list("permutation");
  std::vector<int64_t> inverse(permutation.size());
  for (size_t i = 0; i < permutation.size(); ++i) inverse[size_t(permutation[i])] = int64_t(i);
  return {ir::transpose(call.grad(0), inverse)};
}

void run(const KernelCall& call) {
  const Shape& y = call.outputShape(0);
  const std::vector<int64_t>& permutation = call.attrs.list("permutation");
  const std::vector<int64_t> xStrides = rowMajorStrides(call.inputShape(0)), yStrides = rowMajorStrides(y);
  kernels::CopyArgs args = {call.inputs[0], call.outputs[0], byteSize(call.inputTypes[0].dtype), y.rank(), {}, {}, {}};
  for (int i = 0; i < y.rank(); ++i) {
    args.sizes[i] = y[i];
    args.fromStrides[i] = xStrides[size_t(permutation[size_t(i)])];
    args.toStrides[i] = yStrides[size_t(i)];
  }
  call.launch.kernels->copyStrided(call.launch, args);
}

}  // namespace

OpDef op_transpose() {
  const auto example = [](const Shape& shape, std::vector<int64_t> permutation) {
    return OpExample{.inputs = {{.shape = shape}}, .attrs = {{"permutation", permutation}}};
  };
  return {
      .name = "transpose",
      .help = "Puts the dimensions in another order.",
      .infer = infer,
      .vjp = vjp,
      .kernel = run,
      .examples = {example({33, 7}, {1, 0}), example({2, 9, 3, 5}, {0, 2, 1, 3}), example({3, 7, 5}, {2, 0, 1}),
                   example({}, {})},
  };
}

namespace ir {

Value transpose(Value x, const std::vector<int64_t>& permutation) {
  return x.builder->op("transpose", {x}, {{"permutation", permutation}});
}

Value swapAxes(Value x, int a, int b) {
  std::vector<int64_t> permutation;
  for (int i = 0; i < x.rank(); ++i) permutation.push_back(i);
  std::swap(permutation[size_t(axisIn(x.shape(), a, "transpose"))],
            permutation[size_t(axisIn(x.shape(), b, "transpose"))]);
  return transpose(x, permutation);
}

}  // namespace ir
}  // namespace fw
