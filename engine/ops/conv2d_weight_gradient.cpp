// conv2d_weight_gradient: dweight of conv2d from x and dy.
#include "engine/ops/concat.h"
#include "engine/ops/conv2d.h"
#include "engine/ops/conv2d_def.h"
#include "engine/ops/matmul.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

using kernels::Conv2dShape;
constexpr const char* opName = "conv2d_weight_gradient";

Conv2dShape shapeOf(const Shape& x, const Shape& dy, const ir::Attrs& attrs) {
  const std::vector<int64_t> kernel = wholeNumbers(attrs, opName, "kernel", 2, 1, 1);
  if (x.rank() != 4) throw Error(Code::Shape, text("[", opName, "] x is ", x, "; expected [N,C,H,W]."));
  if (dy.rank() != 4) throw Error(Code::Shape, text("[", opName, "] dy is ", dy, "; expected [N,O,P,Q]."));
  const int64_t groups = std::max<int64_t>(attrs.integer("groups", 1), 1);
  const Conv2dShape shape = conv2dShape(opName, x, {dy[1], x[1] / groups, kernel[0], kernel[1]}, attrs);
  if (dy != outputOf(shape))
    throw Error(Code::Shape, text("[", opName, "] dy is ", dy, "; expected ", outputOf(shape), "."));
  return shape;
}

Types infer(const OpCall& call) {
  expectInputs(call, opName, 2, 2);
  expectDType(call, 0, DType::F32, opName, "x is");
  expectDType(call, 1, DType::F32, opName, "dy is");
  return {{DType::F32, weightOf(shapeOf(call.shape(0), call.shape(1), call.attrs))}};
}

Cost cost(const OpCall& call) {
  Cost cost = movedOnce(call, infer(call));
  cost.macs = macsOf(shapeOf(call.shape(0), call.shape(1), call.attrs));
  cost.flops = 2 * cost.macs;
  return cost;
}

Grads vjp(const VjpCall& call) {
  const ir::Value x = call.input(0), dy = call.input(1), grad = call.grad(0);
  const ir::Conv2dOptions options = ir::conv2dOptions(call.attrs);
  Grads grads(2);
  if (call.need(0)) grads[0] = ir::conv2dInputGradient(dy, grad, x.size(2), x.size(3), options);
  if (call.need(1)) grads[1] = ir::conv2d(x, grad, {}, options);
  return grads;
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const ir::Value x = call.input(0), dy = call.input(1);
  const Conv2dShape s = shapeOf(x.shape(), dy.shape(), call.attrs);
  const ir::Value padded = paddedInput(s, x);
  const int64_t pixels = s.outHeight * s.outWidth;
  const ir::Value right = ir::reshape(dy, Shape{s.batch, s.groups, s.outputs / s.groups, pixels});
  std::vector<ir::Value> rows;
  for (int64_t r = 0; r < s.kernelHeight; ++r) {
    std::vector<ir::Value> elements;
    for (int64_t t = 0; t < s.kernelWidth; ++t) {
      const ir::Value left =
          ir::reshape(inputsUnder(s, padded, r, t), Shape{s.batch, s.groups, s.channels / s.groups, pixels});
      const ir::Value product = ir::matmul(right, left, {.transposeB = true});
      const ir::Value sum = ir::sumTo(product, Shape{s.groups, s.outputs / s.groups, s.channels / s.groups});
      elements.push_back(ir::reshape(sum, Shape{s.outputs, s.channels / s.groups, 1, 1}));
    }
    rows.push_back(ir::concat(elements, 3));
  }
  return {ir::concat(rows, 2)};
}

void run(const KernelCall& call) {
  call.launch.kernels->conv2dWeightGradient(call.launch, shapeOf(call.inputShape(0), call.inputShape(1), call.attrs),
                                            call.input(0), call.input(1), call.output(0), call.workspace);
}

}  // namespace

OpDef op_conv2d_weight_gradient() {
  using List = std::vector<int64_t>;
  return {
      .name = opName,
      .help = "The gradient of the weight of a convolution.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .workspace =
          [](const OpCall& call, const kernels::Launch& launch) {
            return launch.kernels->conv2dWeightGradientWorkspace(shapeOf(call.shape(0), call.shape(1), call.attrs),
                                                                 launch.threads);
          },
      .examples =
          {
              {.inputs = {{.shape = {2, 3, 5, 7}}, {.shape = {2, 4, 5, 7}}},
               .attrs = {{"padding", List{1, 1, 1, 1}}, {"kernel", List{3, 3}}}},
              {.inputs = {{.shape = {2, 4, 7, 9}}, {.shape = {2, 6, 4, 7}}},
               .attrs = {{"strides", List{2, 1}},
                         {"padding", List{0, 1, 1, 1}},
                         {"dilations", List{1, 2}},
                         {"groups", int64_t(2)},
                         {"kernel", List{2, 3}}}},
              {.inputs = {{.shape = {2, 3, 6, 7}}, {.shape = {2, 6, 2, 3}}},
               .attrs = {{"strides", List{2, 2}}, {"groups", int64_t(3)}, {"kernel", List{3, 3}}}},
          },
  };
}

}  // namespace fw
