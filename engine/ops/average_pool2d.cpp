// average_pool2d: the mean of each window of an image.
#include "engine/ops/average_pool2d_def.h"
#include "engine/ops/pool2d.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

constexpr const char* opName = "average_pool2d";

Types infer(const OpCall& call) {
  expectInputs(call, opName, 1, 1);
  expectDType(call, 0, DType::F32, opName, "x is");
  return {{DType::F32, outputOf(poolShape(opName, call.shape(0), call.attrs))}};
}

Cost cost(const OpCall& call) {
  const kernels::Conv2dShape shape = poolShape(opName, call.shape(0), call.attrs);
  Cost cost = movedOnce(call, infer(call));
  cost.flops = windowElements(shape);  // the last addition of a window counts for the division
  return cost;
}

Grads vjp(const VjpCall& call) {
  ir::Attrs attrs = call.attrs;
  attrs.set("size", std::vector<int64_t>{call.input(0).size(2), call.input(0).size(3)});
  return {call.builder.op("average_pool2d_gradient", {call.grad(0)}, std::move(attrs))};
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const kernels::Conv2dShape s = poolShape(opName, call.input(0).shape(), call.attrs);
  const ir::Value padded = paddedInput(s, call.input(0));
  ir::Value sum;
  forEachElement(s, [&](int64_t r, int64_t t) {
    const ir::Value part = inputsUnder(s, padded, r, t);
    sum = sum.isValid() ? sum + part : part;
  });
  return {sum / windowSizes(call.builder, s, call.attrs.flag("count_padding", false))};
}

void run(const KernelCall& call) {
  const kernels::Conv2dShape shape = poolShape(opName, call.inputShape(0), call.attrs);
  call.launch.kernels->averagePool2d(call.launch, planesOf(shape, call.attrs.flag("count_padding", false)),
                                     call.input(0), call.output(0));
}

}  // namespace

OpDef op_average_pool2d() {
  using List = std::vector<int64_t>;
  return {
      .name = opName,
      .help = "The mean of each window of an image.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .examples =
          {
              {.inputs = {{.shape = {2, 3, 6, 8}}}, .attrs = {{"kernel", List{2, 2}}, {"strides", List{2, 2}}}},
              {.inputs = {{.shape = {2, 3, 7, 9}}},
               .attrs = {{"kernel", List{3, 3}}, {"strides", List{2, 1}}, {"padding", List{1, 0, 1, 2}}}},
              {.inputs = {{.shape = {1, 2, 5, 5}}},
               .attrs = {{"kernel", List{3, 2}}, {"padding", List{1, 1, 1, 1}}, {"count_padding", true}}},
          },
  };
}

namespace ir {

namespace {
Attrs attrsOf(const Pool2dOptions& options) {
  return {{"kernel", options.kernel},
          {"strides", options.strides.empty() ? options.kernel : options.strides},
          {"padding", options.padding}};
}
}  // namespace

Value averagePool2d(Value x, const Pool2dOptions& options, bool countsPadding) {
  Attrs attrs = attrsOf(options);
  attrs.set("count_padding", countsPadding);
  return x.builder->op("average_pool2d", {x}, std::move(attrs));
}

Value maxPool2d(Value x, const Pool2dOptions& options) { return x.builder->op("max_pool2d", {x}, attrsOf(options)); }

}  // namespace ir

}  // namespace fw
