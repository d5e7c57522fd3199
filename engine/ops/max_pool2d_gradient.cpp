// max_pool2d_gradient: each dy given to the first element (row by row) that is the maximum of its window.
#include <limits>

#include "engine/ops/elementwise.h"
#include "engine/ops/pool2d_def.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

constexpr const char* opName = "max_pool2d_gradient";

kernels::Conv2dShape shapeOf(const Shape& x, const Shape& dy, const ir::Attrs& attrs) {
  const kernels::Conv2dShape shape = poolShape(opName, x, attrs);
  checkPooled(opName, dy, shape);
  return shape;
}

Types infer(const OpCall& call) {
  expectInputs(call, opName, 2, 2);
  expectDType(call, 0, DType::F32, opName, "x is");
  expectDType(call, 1, DType::F32, opName, "dy is");
  shapeOf(call.shape(0), call.shape(1), call.attrs);
  return {call.type(0)};
}

Cost cost(const OpCall& call) {
  Cost cost = movedOnce(call, infer(call));
  cost.flops = windowElements(shapeOf(call.shape(0), call.shape(1), call.attrs));
  return cost;
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const ir::Value x = call.input(0), dy = call.input(1);
  const kernels::Conv2dShape s = shapeOf(x.shape(), dy.shape(), call.attrs);
  const ir::Value padded = paddedInput(s, x, -std::numeric_limits<double>::infinity());
  const ir::Value y = call.builder.op("max_pool2d", {x}, call.attrs);
  ir::Value dx, left = dy;  // what no earlier element has taken
  forEachElement(s, [&](int64_t r, int64_t t) {
    const ir::Value isMaximum = ir::equal(inputsUnder(s, padded, r, t), y);
    const ir::Value part = putUnder(s, ir::where(isMaximum, left, 0.0), r, t);
    dx = dx.isValid() ? dx + part : part;
    left = ir::where(isMaximum, 0.0, left);
  });
  return {withoutPadding(s, dx)};
}

void run(const KernelCall& call) {
  const kernels::Conv2dShape shape = shapeOf(call.inputShape(0), call.inputShape(1), call.attrs);
  call.launch.kernels->maxPool2dGradient(call.launch, planesOf(shape, false), call.input(0), call.input(1),
                                         call.output(0));
}

}  // namespace

OpDef op_max_pool2d_gradient() {
  using List = std::vector<int64_t>;
  return {
      .name = opName,
      .help = "The gradient of the maximum of windows.",
      .infer = infer,
      .cost = cost,
      .decompose = decompose,
      .kernel = run,
      .examples =
          {
              {.inputs = {{.shape = {2, 3, 7, 8}}, {.shape = {2, 3, 3, 4}}},
               .attrs = {{"kernel", List{2, 2}}, {"strides", List{2, 2}}}},
              {.inputs = {{.shape = {2, 3, 7, 9}}, {.shape = {2, 3, 4, 9}}},
               .attrs = {{"kernel", List{3, 3}}, {"strides", List{2, 1}}, {"padding", List{1, 0, 1, 2}}}},
          },
  };
}

}  // namespace fw
