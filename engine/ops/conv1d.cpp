// conv1d: y[n,o,p] = bias[o] + sum over c,k of weight[o,c,k] x[n,c, p stride + k dilation - padding]: conv2d of images
// of height 1.
#include "engine/ops/conv1d.h"

#include "engine/ops/conv2d.h"
#include "engine/ops/conv2d_def.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

/// The attributes of the conv2d that is meant.
ir::Attrs imageAttrs(const ir::Attrs& attrs) {
  const std::vector<int64_t> padding = wholeNumbers(attrs, "conv1d", "padding", 2, 0, 0);
  const int64_t stride = attrs.integer("stride", 1), dilation = attrs.integer("dilation", 1);
  if (stride < 1 || dilation < 1)
    throw Error(Code::Parameter,
                text("[conv1d] the stride is ", stride, ", the dilation ", dilation, "; expected at least 1."));
  return {{"strides", std::vector<int64_t>{1, stride}},
          {"padding", std::vector<int64_t>{0, padding[0], 0, padding[1]}},
          {"dilations", std::vector<int64_t>{1, dilation}},
          {"groups", attrs.integer("groups", 1)}};
}

Shape asImage(const Shape& shape) { return {shape[0], shape[1], 1, shape[2]}; }

kernels::Conv2dShape shapeOf(const Shape& x, const Shape& weight, const ir::Attrs& attrs) {
  if (x.rank() != 3) throw Error(Code::Shape, text("[conv1d] x is ", x, "; expected [N,C,T]."));
  if (weight.rank() != 3)
    throw Error(Code::Shape, text("[conv1d] the weight is ", weight, "; expected [O,C/groups,K]."));
  return conv2dShape("conv1d", asImage(x), asImage(weight), imageAttrs(attrs));
}

Types infer(const OpCall& call) {
  expectInputs(call, "conv1d", 2, 3);
  const char* names[] = {"x is", "the weight is", "the bias is"};
  for (size_t i = 0; i < call.count(); ++i) expectDType(call, i, DType::F32, "conv1d", names[i]);
  const kernels::Conv2dShape shape = shapeOf(call.shape(0), call.shape(1), call.attrs);
  if (call.count() > 2 && call.shape(2) != Shape{shape.outputs})
    throw Error(Code::Shape, text("[conv1d] the bias is ", call.shape(2), "; expected ", Shape{shape.outputs}, "."));
  return {{DType::F32, {shape.batch, shape.outputs, shape.outWidth}}};
}

Cost cost(const OpCall& call) {
  const Types types = infer(call);
  Cost cost = movedOnce(call, types);
  cost.macs = macsOf(shapeOf(call.shape(0), call.shape(1), call.attrs));
  cost.flops = 2 * cost.macs + (call.count() > 2 ? double(types[0].shape.count()) : 0);
  return cost;
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const ir::Value x = call.input(0), weight = call.input(1);
  std::vector<ir::Value> inputs = call.inputs;
  inputs[0] = ir::reshape(x, asImage(x.shape()));
  inputs[1] = ir::reshape(weight, asImage(weight.shape()));
  const ir::Value y = call.builder.op("conv2d", inputs, imageAttrs(call.attrs));
  return {ir::reshape(y, Shape{y.size(0), y.size(1), y.size(3)})};
}

void run(const KernelCall& call) {
  call.launch.kernels->conv2d(call.launch, shapeOf(call.inputShape(0), call.inputShape(1), call.attrs), call.input(0),
                              call.input(1), call.count() > 2 ? call.input(2) : nullptr, call.output(0),
                              call.workspace);
}

}  // namespace

OpDef op_conv1d() {
  using List = std::vector<int64_t>;
  return {
      .name = "conv1d",
      .help = "Convolution along time: a small kernel slides over it, all channels of a group summed.",
      .infer = infer,
      .cost = cost,
      .decompose = decompose,
      .kernel = run,
      .workspace =
          [](const OpCall& call, const kernels::Launch& launch) {
            return launch.kernels->conv2dWorkspace(shapeOf(call.shape(0), call.shape(1), call.attrs), launch.threads);
          },
      .examples =
          {
              {.inputs = {{.shape = {2, 3, 33}}, {.shape = {5, 3, 4}}, {.shape = {5}}},
               .attrs = {{"padding", List{3, 0}}}},
              {.inputs = {{.shape = {2, 6, 17}}, {.shape = {4, 3, 3}}},
               .attrs =
                   {{"stride", int64_t(2)}, {"dilation", int64_t(2)}, {"padding", List{1, 2}}, {"groups", int64_t(2)}}},
              {.inputs = {{.shape = {1, 5, 7}}, {.shape = {5, 1, 3}}}, .attrs = {{"groups", int64_t(5)}}},
          },
  };
}

namespace ir {
Value conv1d(Value x, Value weight, Value bias, const Conv1dOptions& options) {
  std::vector<Value> inputs = {x, weight};
  if (bias.isValid()) inputs.push_back(bias);
  return x.builder->op("conv1d", inputs,
                       {{"stride", options.stride},
                        {"padding", options.padding},
                        {"dilation", options.dilation},
                        {"groups", options.groups}});
}
}  // namespace ir

}  // namespace fw
