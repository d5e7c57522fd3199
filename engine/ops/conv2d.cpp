// conv2d: y[n,o,p,q] = bias[o] + sum over c,r,t of weight[o,c,r,t] x[n, c, p stride + r dilation - padding, ...].
#include "engine/ops/conv2d.h"

#include "engine/ops/conv2d_def.h"
#include "engine/ops/matmul.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

using kernels::Conv2dShape;

Conv2dShape shapeOf(const OpCall& call) { return conv2dShape("conv2d", call.shape(0), call.shape(1), call.attrs); }

Types infer(const OpCall& call) {
  expectInputs(call, "conv2d", 2, 3);
  const char* names[] = {"x is", "the weight is", "the bias is"};
  for (size_t i = 0; i < call.count(); ++i) expectDType(call, i, DType::F32, "conv2d", names[i]);
  const Conv2dShape shape = shapeOf(call);
  if (call.count() > 2 && call.shape(2) != Shape{shape.outputs})
    throw Error(Code::Shape, text("[conv2d] the bias is ", call.shape(2), "; expected ", Shape{shape.outputs}, "."));
  return {{DType::F32, outputOf(shape)}};
}

Cost cost(const OpCall& call) {
  const Types types = infer(call);
  Cost cost = movedOnce(call, types);
  cost.macs = macsOf(shapeOf(call));
  cost.flops = 2 * cost.macs + (call.count() > 2 ? double(types[0].shape.count()) : 0);
  return cost;
}

Grads vjp(const VjpCall& call) {
  const ir::Value x = call.input(0), weight = call.input(1), dy = call.grad(0);
  const ir::Conv2dOptions options = ir::conv2dOptions(call.attrs);
  Grads grads(call.inputs.size());
  if (call.need(0)) grads[0] = ir::conv2dInputGradient(dy, weight, x.size(2), x.size(3), options);
  if (call.need(1)) grads[1] = ir::conv2dWeightGradient(x, dy, weight.size(2), weight.size(3), options);
  if (grads.size() > 2 && call.need(2)) grads[2] = ir::reshape(ir::sumTo(dy, {1, dy.size(1), 1, 1}), Shape{dy.size(1)});
  return grads;
}

/// One product of matrices for each kernel element.
std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const ir::Value x = call.input(0), weight = call.input(1);
  const Conv2dShape s = conv2dShape("conv2d", x.shape(), weight.shape(), call.attrs);
  const ir::Value padded = paddedInput(s, x);
  ir::Value y;
  for (int64_t r = 0; r < s.kernelHeight; ++r)
    for (int64_t t = 0; t < s.kernelWidth; ++t) {
      const ir::Value columns = ir::reshape(inputsUnder(s, padded, r, t),
                                            Shape{s.batch, s.groups, s.channels / s.groups, s.outHeight * s.outWidth});
      const ir::Value element = ir::reshape(ir::slice(ir::slice(weight, 2, r, r + 1), 3, t, t + 1),
                                            Shape{s.groups, s.outputs / s.groups, s.channels / s.groups});
      const ir::Value product = ir::matmul(element, columns);
      y = y.isValid() ? y + product : product;
    }
  y = ir::reshape(y, outputOf(s));
  if (call.count() > 2) y = y + ir::reshape(call.input(2), Shape{s.outputs, 1, 1});
  return {y};
}

void run(const KernelCall& call) {
  const Conv2dShape shape = conv2dShape("conv2d", call.inputShape(0), call.inputShape(1), call.attrs);
  call.launch.kernels->conv2d(call.launch, shape, call.input(0), call.input(1),
                              call.count() > 2 ? call.input(2) : nullptr, call.output(0), call.workspace);
}

}  // namespace

OpDef op_conv2d() {
  using List = std::vector<int64_t>;
  return {
      .name = "conv2d",
      .help = "Convolution of images: a small kernel slides over height and width, all channels of a group summed.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .workspace =
          [](const OpCall& call, const kernels::Launch& launch) {
            return launch.kernels->conv2dWorkspace(shapeOf(call), launch.threads);
          },
      .examples =
          {
              {.inputs = {{.shape = {2, 3, 5, 7}}, {.shape = {4, 3, 3, 3}}, {.shape = {4}}},
               .attrs = {{"padding", List{1, 1, 1, 1}}}},
              {.inputs = {{.shape = {1, 3, 8, 8}}, {.shape = {5, 3, 4, 4}}}, .attrs = {{"strides", List{4, 4}}}},
              {.inputs = {{.shape = {2, 4, 7, 9}}, {.shape = {6, 2, 2, 3}}},
               .attrs = {{"strides", List{2, 1}},
                         {"padding", List{0, 2, 1, 1}},
                         {"dilations", List{1, 2}},
                         {"groups", int64_t(2)}}},
              {.inputs = {{.shape = {2, 3, 6, 7}}, {.shape = {6, 1, 3, 3}}, {.shape = {6}}},
               .attrs = {{"strides", List{2, 2}}, {"padding", List{1, 1, 0, 1}}, {"groups", int64_t(3)}}},
              {.inputs = {{.shape = {1, 1, 1, 1}}, {.shape = {1, 1, 1, 1}}}},
          },
  };
}

namespace ir {

namespace {
Attrs attrsOf(const Conv2dOptions& options) {
  return {{"strides", options.strides},
          {"padding", options.padding},
          {"dilations", options.dilations},
          {"groups", options.groups}};
}
}  // namespace

Conv2dOptions conv2dOptions(const Attrs& attrs) {
  Conv2dOptions options;
  if (attrs.has("strides")) options.strides = attrs.list("strides");
  if (attrs.has("padding")) options.padding = attrs.list("padding");
  if (attrs.has("dilations")) options.dilations = attrs.list("dilations");
  options.groups = attrs.integer("groups", 1);
  return options;
}

Value conv2d(Value x, Value weight, Value bias, const Conv2dOptions& options) {
  std::vector<Value> inputs = {x, weight};
  if (bias.isValid()) inputs.push_back(bias);
  return x.builder->op("conv2d", inputs, attrsOf(options));
}

Value conv2dInputGradient(Value dy, Value weight, int64_t height, int64_t width, const Conv2dOptions& options) {
  Attrs attrs = attrsOf(options);
  attrs.set("size", std::vector<int64_t>{height, width});
  return dy.builder->op("conv2d_input_gradient", {dy, weight}, std::move(attrs));
}

Value conv2dWeightGradient(Value x, Value dy, int64_t height, int64_t width, const Conv2dOptions& options) {
  Attrs attrs = attrsOf(options);
  attrs.set("kernel", std::vector<int64_t>{height, width});
  return dy.builder->op("conv2d_weight_gradient", {x, dy}, std::move(attrs));
}

}  // namespace ir

}  // namespace fw
