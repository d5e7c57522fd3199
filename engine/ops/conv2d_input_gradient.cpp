// conv2d_input_gradient: dx of conv2d from dy and the weight.
#include "engine/ops/conv2d.h"
#include "engine/ops/conv2d_def.h"
#include "engine/ops/matmul.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

using kernels::Conv2dShape;
constexpr const char* opName = "conv2d_input_gradient";

Conv2dShape shapeOf(const Shape& dy, const Shape& weight, const ir::Attrs& attrs) {
  const std::vector<int64_t> size = wholeNumbers(attrs, opName, "size", 2, 1, 1);
  if (dy.rank() != 4) throw Error(Code::Shape, text("[", opName, "] dy is ", dy, "; expected [N,O,P,Q]."));
  if (weight.rank() != 4)
    throw Error(Code::Shape, text("[", opName, "] the weight is ", weight, "; expected [O,C/groups,height,width]."));
  const Conv2dShape shape =
      conv2dShape(opName, {dy[0], weight[1] * attrs.integer("groups", 1), size[0], size[1]}, weight, attrs);
  if (dy != outputOf(shape))
    throw Error(Code::Shape, text("[", opName, "] dy is ", dy, "; expected ", outputOf(shape), "."));
  return shape;
}

Types infer(const OpCall& call) {
  expectInputs(call, opName, 2, 2);
  expectDType(call, 0, DType::F32, opName, "dy is");
  expectDType(call, 1, DType::F32, opName, "the weight is");
  return {{DType::F32, inputOf(shapeOf(call.shape(0), call.shape(1), call.attrs))}};
}

Cost cost(const OpCall& call) {
  Cost cost = movedOnce(call, infer(call));
  cost.macs = macsOf(shapeOf(call.shape(0), call.shape(1), call.attrs));
  cost.flops = 2 * cost.macs;
  return cost;
}

Grads vjp(const VjpCall& call) {
  const ir::Value dy = call.input(0), weight = call.input(1), grad = call.grad(0);
  const ir::Conv2dOptions options = ir::conv2dOptions(call.attrs);
  Grads grads(2);
  if (call.need(0)) grads[0] = ir::conv2d(grad, weight, {}, options);
  if (call.need(1)) grads[1] = ir::conv2dWeightGradient(grad, dy, weight.size(2), weight.size(3), options);
  return grads;
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const ir::Value dy = call.input(0), weight = call.input(1);
  const Conv2dShape s = shapeOf(dy.shape(), weight.shape(), call.attrs);
  const ir::Value columns = ir::reshape(dy, Shape{s.batch, s.groups, s.outputs / s.groups, s.outHeight * s.outWidth});
  ir::Value dx;
  for (int64_t r = 0; r < s.kernelHeight; ++r)
    for (int64_t t = 0; t < s.kernelWidth; ++t) {
      const ir::Value element = ir::reshape(ir::slice(ir::slice(weight, 2, r, r + 1), 3, t, t + 1),
                                            Shape{s.groups, s.outputs / s.groups, s.channels / s.groups});
      const ir::Value product = ir::matmul(element, columns, {.transposeA = true});
      const ir::Value part =
          putUnder(s, ir::reshape(product, Shape{s.batch, s.channels, s.outHeight, s.outWidth}), r, t);
      dx = dx.isValid() ? dx + part : part;
    }
  return {withoutPadding(s, dx)};
}

void run(const KernelCall& call) {
  call.launch.kernels->conv2dInputGradient(call.launch, shapeOf(call.inputShape(0), call.inputShape(1), call.attrs),
                                           call.input(0), call.input(1), call.output(0), call.workspace);
}

}  // namespace

OpDef op_conv2d_input_gradient() {
  using List = std::vector<int64_t>;
  return {
      .name = opName,
      .help = "The gradient of the images of a convolution.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .workspace =
          [](const OpCall& call, const kernels::Launch& launch) {
            return launch.kernels->conv2dInputGradientWorkspace(shapeOf(call.shape(0), call.shape(1), call.attrs),
                                                                launch.threads);
          },
      .examples =
          {
              {.inputs = {{.shape = {2, 4, 5, 7}}, {.shape = {4, 3, 3, 3}}},
               .attrs = {{"padding", List{1, 1, 1, 1}}, {"size", List{5, 7}}}},
              {.inputs = {{.shape = {2, 6, 4, 7}}, {.shape = {6, 2, 2, 3}}},
               .attrs = {{"strides", List{2, 1}},
                         {"padding", List{0, 1, 1, 1}},
                         {"dilations", List{1, 2}},
                         {"groups", int64_t(2)},
                         {"size", List{7, 9}}}},
              {.inputs = {{.shape = {2, 6, 2, 3}}, {.shape = {6, 1, 3, 3}}},
               .attrs = {{"strides", List{2, 2}}, {"groups", int64_t(3)}, {"size", List{6, 7}}}},
          },
  };
}

}  // namespace fw
