// average_pool2d_gradient: each dy spread evenly over its window.
#include "engine/ops/average_pool2d_def.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

constexpr const char* opName = "average_pool2d_gradient";

kernels::Conv2dShape shapeOf(const Shape& dy, const ir::Attrs& attrs) {
  if (dy.rank() != 4) throw Error(Code::Shape, text("[", opName, "] dy is ", dy, "; expected [N,C,P,Q]."));
  const std::vector<int64_t> size = wholeNumbers(attrs, opName, "size", 2, 1, 1);
  const kernels::Conv2dShape shape = poolShape(opName, {dy[0], dy[1], size[0], size[1]}, attrs);
  checkPooled(opName, dy, shape);
  return shape;
}

Types infer(const OpCall& call) {
  expectInputs(call, opName, 1, 1);
  expectDType(call, 0, DType::F32, opName, "dy is");
  return {{DType::F32, inputOf(shapeOf(call.shape(0), call.attrs))}};
}

Cost cost(const OpCall& call) {
  Cost cost = movedOnce(call, infer(call));
  cost.flops = windowElements(shapeOf(call.shape(0), call.attrs)) + double(call.shape(0).count());
  return cost;
}

Grads vjp(const VjpCall& call) { return {call.builder.op("average_pool2d", {call.grad(0)}, call.attrs)}; }

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const kernels::Conv2dShape s = shapeOf(call.input(0).shape(), call.attrs);
  const ir::Value shares = call.input(0) / windowSizes(call.builder, s, call.attrs.flag("count_padding", false));
  ir::Value dx;
  forEachElement(s, [&](int64_t r, int64_t t) {
    const ir::Value part = putUnder(s, shares, r, t);
    dx = dx.isValid() ? dx + part : part;
  });
  return {withoutPadding(s, dx)};
}

void run(const KernelCall& call) {
  const kernels::Conv2dShape shape = shapeOf(call.inputShape(0), call.attrs);
  call.launch.kernels->averagePool2dGradient(call.launch, planesOf(shape, call.attrs.flag("count_padding", false)),
                                             call.input(0), call.output(0));
}

}  // namespace

OpDef op_average_pool2d_gradient() {
  using List = std::vector<int64_t>;
  return {
      .name = opName,
      .help = "The gradient of the mean of windows.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .examples =
          {
              {.inputs = {{.shape = {2, 3, 3, 4}}},
               .attrs = {{"kernel", List{2, 2}}, {"strides", List{2, 2}}, {"size", List{7, 8}}}},
              {.inputs = {{.shape = {2, 3, 4, 9}}},
               .attrs = {{"kernel", List{3, 3}},
                         {"strides", List{2, 1}},
                         {"padding", List{1, 0, 1, 2}},
                         {"count_padding", true},
                         {"size", List{7, 9}}}},
          },
  };
}

}  // namespace fw
