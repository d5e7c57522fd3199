// max_pool2d: the maximum of each window of an image.
#include <limits>

#include "engine/ops/elementwise.h"
#include "engine/ops/pool2d_def.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

constexpr const char* opName = "max_pool2d";

Types infer(const OpCall& call) {
  expectInputs(call, opName, 1, 1);
  expectDType(call, 0, DType::F32, opName, "x is");
  return {{DType::F32, outputOf(poolShape(opName, call.shape(0), call.attrs))}};
}

Cost cost(const OpCall& call) {
  const Types types = infer(call);
  Cost cost = movedOnce(call, types);
  cost.flops = windowElements(poolShape(opName, call.shape(0), call.attrs)) - double(types[0].shape.count());
  return cost;
}

Grads vjp(const VjpCall& call) {
  return {call.builder.op("max_pool2d_gradient", {call.input(0), call.grad(0)}, call.attrs)};
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const kernels::Conv2dShape s = poolShape(opName, call.input(0).shape(), call.attrs);
  const ir::Value padded = paddedInput(s, call.input(0), -std::numeric_limits<double>::infinity());
  ir::Value y;
  forEachElement(s, [&](int64_t r, int64_t t) {
    const ir::Value part = inputsUnder(s, padded, r, t);
    y = y.isValid() ? ir::maximum(y, part) : part;
  });
  return {y};
}

void run(const KernelCall& call) {
  call.launch.kernels->maxPool2d(call.launch, planesOf(poolShape(opName, call.inputShape(0), call.attrs), false),
                                 call.input(0), call.output(0));
}

}  // namespace

OpDef op_max_pool2d() {
  using List = std::vector<int64_t>;
  return {
      .name = opName,
      .help = "The maximum of each window of an image.",
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
          },
  };
}

}  // namespace fw
