// adamw: with g = scale * gradient,  m' = beta1 m + (1 - beta1) g,  v' = beta2 v + (1 - beta2) g^2,
// p' = p - rate decay p - rate (m' / (1 - beta1^step)) / (sqrt(v' / (1 - beta2^step)) + epsilon), in one pass.
#include "engine/ops/adamw.h"

#include <cmath>

#include "engine/ops/rules.h"
#include "kernels/kernels.h"
#include "kernels/optimizer.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "adamw", 7, 7);
  const char* const tensors[] = {"the parameter is", "the gradient is", "m is", "v is"};
  for (size_t i = 0; i < 4; ++i) {
    expectDType(call, i, DType::F32, "adamw", tensors[i]);
    if (call.shape(i) != call.shape(0))
      throw Error(Code::Shape, text("[adamw] ", tensors[i], " ", call.shape(i), ", the parameter is ", call.shape(0),
                                    "; expected equal shapes."));
  }
  expectDType(call, 4, DType::F32, "adamw", "the learning rate is");
  expectDType(call, 5, DType::I64, "adamw", "the step is");
  expectDType(call, 6, DType::F32, "adamw", "the scale is");
  expectScalar(call, 4, "adamw", "the learning rate is");
  expectScalar(call, 5, "adamw", "the step is");
  expectScalar(call, 6, "adamw", "the scale is");
  for (const char* name : {"beta1", "beta2"})
    if (const double beta = call.attrs.real(name); !(beta >= 0 && beta < 1))
      throw Error(Code::Parameter, text("[adamw] ", name, " is ", beta, "; expected at least 0 and below 1."));
  return {call.type(0), call.type(0), call.type(0)};
}

Cost cost(const OpCall& call) {
  const double count = double(call.shape(0).count()), bytes = 4 * count;
  return {.flops = 14 * count, .bytesRead = 4 * bytes + 16, .bytesWritten = 3 * bytes};
}

// 1 - beta^step, by way of tanh: the difference itself would lose its digits in the first steps.
ir::Value correction(ir::Value step, double beta) {
  if (beta == 0) return step.builder->constant(1);
  const ir::Value half = step.builder->op("tanh", {step * (0.5 * std::log(beta))});
  return half * -2.0 / (1.0 - half);
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const double beta1 = call.attrs.real("beta1"), beta2 = call.attrs.real("beta2");
  const ir::Value parameter = call.input(0), rate = call.input(4), scale = call.input(6);
  const ir::Value step = call.builder.op("cast", {call.input(5)}, {{"dtype", std::string("f32")}});
  const ir::Value g = call.input(1) * scale;
  const ir::Value m = call.input(2) * beta1 + g * (1 - beta1);
  const ir::Value v = call.input(3) * beta2 + g * g * (1 - beta2);
  const ir::Value size = call.builder.op("sqrt", {v / correction(step, beta2)}) + call.attrs.real("epsilon");
  const ir::Value next =
      parameter - parameter * (rate * call.attrs.real("decay")) - rate * (m / correction(step, beta1)) / size;
  const ir::Value isFinite = call.builder.op("equal", {scale - scale, call.builder.constant(0)});
  return {call.builder.op("where", {isFinite, next, parameter}), call.builder.op("where", {isFinite, m, call.input(2)}),
          call.builder.op("where", {isFinite, v, call.input(3)})};
}

void run(const KernelCall& call) {
  call.launch.kernels->adamw(call.launch, {.parameter = call.input(0),
                                           .gradient = call.input(1),
                                           .m = call.input(2),
                                           .v = call.input(3),
                                           .learningRate = call.input(4),
                                           .step = call.input<int64_t>(5),
                                           .scale = call.input(6),
                                           .newParameter = call.output(0),
                                           .newM = call.output(1),
                                           .newV = call.output(2),
                                           .count = call.inputShape(0).count(),
                                           .beta1 = call.attrs.real("beta1"),
                                           .beta2 = call.attrs.real("beta2"),
                                           .epsilon = call.attrs.real("epsilon"),
                                           .decay = call.attrs.real("decay")});
}

OpExample example(const Shape& shape, double step, double scale, double decay) {
  return {.inputs = {{.shape = shape},
                     {.shape = shape},
                     {.shape = shape},
                     {.shape = shape, .low = 0.1, .high = 2},
                     {.values = {0.01}},
                     {.dtype = DType::I64, .values = {step}},
                     {.values = {scale}}},
          .attrs = {{"beta1", 0.9}, {"beta2", 0.95}, {"epsilon", 1e-8}, {"decay", decay}}};
}

}  // namespace

OpDef op_adamw() {
  return {
      .name = "adamw",
      .help = "One step of AdamW on one tensor.",
      .infer = infer,
      .cost = cost,
      .decompose = decompose,
      .kernel = run,
      .inPlace = {{0, 0}, {1, 2}, {2, 3}},
      .hasGradient = false,
      .examples = {example({3, 33}, 1, 1, 0), example({7}, 100, 0.25, 0.1), example({}, 3, 2, 0.5)},
  };
}

namespace ir {
AdamwStep adamw(Value parameter, Value gradient, Value m, Value v, Value learningRate, Value step, Value scale,
                const AdamwConstants& constants) {
  const std::vector<Value> results =
      parameter.builder->ops("adamw", {parameter, gradient, m, v, learningRate, step, scale},
                             {{"beta1", constants.beta1},
                              {"beta2", constants.beta2},
                              {"epsilon", constants.epsilon},
                              {"decay", constants.decay}});
  return {results[0], results[1], results[2]};
}
}  // namespace ir

}  // namespace fw
