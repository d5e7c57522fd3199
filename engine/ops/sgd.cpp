// sgd: with g = scale * gradient + decay p,  b' = momentum b + g,  p' = p - rate (nesterov ? g + momentum b' : b'), in
// one pass; without momentum p' = p - rate g.
#include "engine/ops/sgd.h"

#include "engine/ops/rules.h"
#include "kernels/kernels.h"
#include "kernels/optimizer.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  const double momentum = call.attrs.real("momentum");
  if (!(momentum >= 0 && momentum < 1))
    throw Error(Code::Parameter, text("[sgd] the momentum is ", momentum, "; expected at least 0 and below 1."));
  if (call.attrs.flag("nesterov") && momentum == 0)
    throw Error(Code::Parameter, "[sgd] the momentum is 0; expected above 0 for Nesterov's form.");
  const size_t inputs = momentum > 0 ? 5 : 4;
  expectInputs(call, "sgd", inputs, inputs);
  const char* const what[] = {"the parameter is", "the gradient is", "the learning rate is", "the scale is",
                              "the buffer is"};
  for (size_t i = 0; i < call.count(); ++i) expectDType(call, i, DType::F32, "sgd", what[i]);
  expectScalar(call, 2, "sgd", what[2]);
  expectScalar(call, 3, "sgd", what[3]);
  const auto expectShape = [&](size_t i) {
    if (call.shape(i) != call.shape(0))
      throw Error(Code::Shape, text("[sgd] ", what[i], " ", call.shape(i), ", the parameter is ", call.shape(0),
                                    "; expected equal shapes."));
  };
  expectShape(1);
  if (momentum > 0) expectShape(4);
  return Types(momentum > 0 ? 2 : 1, call.type(0));
}

Cost cost(const OpCall& call) {
  const double count = double(call.shape(0).count()), bytes = 4 * count;
  const bool hasBuffer = call.count() == 5;
  const double update = hasBuffer ? (call.attrs.flag("nesterov") ? 4 : 2) : 0;
  return {.flops = (5 + update) * count,
          .bytesRead = (hasBuffer ? 3 : 2) * bytes + 8,
          .bytesWritten = (hasBuffer ? 2 : 1) * bytes};
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const double momentum = call.attrs.real("momentum");
  const ir::Value parameter = call.input(0), scale = call.input(3);
  const ir::Value g = call.input(1) * scale + parameter * call.attrs.real("decay");
  const ir::Value isFinite = call.builder.op("equal", {scale - scale, call.builder.constant(0)});
  const auto orOld = [&](ir::Value next, ir::Value old) { return call.builder.op("where", {isFinite, next, old}); };
  if (call.count() == 4) return {orOld(parameter - call.input(2) * g, parameter)};
  const ir::Value buffer = call.input(4) * momentum + g;
  const ir::Value update = call.attrs.flag("nesterov") ? g + buffer * momentum : buffer;
  return {orOld(parameter - call.input(2) * update, parameter), orOld(buffer, call.input(4))};
}

void run(const KernelCall& call) {
  const bool hasBuffer = call.count() == 5;
  call.launch.kernels->sgd(call.launch, {.parameter = call.input(0),
                                         .gradient = call.input(1),
                                         .buffer = hasBuffer ? call.input(4) : nullptr,
                                         .learningRate = call.input(2),
                                         .scale = call.input(3),
                                         .newParameter = call.output(0),
                                         .newBuffer = hasBuffer ? call.output(1) : nullptr,
                                         .count = call.inputShape(0).count(),
                                         .momentum = call.attrs.real("momentum"),
                                         .decay = call.attrs.real("decay"),
                                         .isNesterov = call.attrs.flag("nesterov")});
}

OpExample example(const Shape& shape, double momentum, bool isNesterov, double decay) {
  OpExample example = {.inputs = {{.shape = shape}, {.shape = shape}, {.values = {0.1}}, {.values = {0.5}}},
                       .attrs = {{"momentum", momentum}, {"nesterov", isNesterov}, {"decay", decay}}};
  if (momentum > 0) example.inputs.push_back({.shape = shape});
  return example;
}

}  // namespace

OpDef op_sgd() {
  return {
      .name = "sgd",
      .help = "One step of stochastic gradient descent on one tensor.",
      .infer = infer,
      .cost = cost,
      .decompose = decompose,
      .kernel = run,
      .inPlace = {{0, 0}, {1, 4}},
      .hasGradient = false,
      .examples = {example({3, 33}, 0, false, 0), example({7, 5}, 0.9, false, 0.01), example({63}, 0.9, true, 0.1)},
  };
}

namespace ir {
SgdStep sgd(Value parameter, Value gradient, Value learningRate, Value scale, Value buffer,
            const SgdConstants& constants) {
  std::vector<Value> inputs = {parameter, gradient, learningRate, scale};
  if (constants.momentum > 0) inputs.push_back(buffer);
  const std::vector<Value> results = parameter.builder->ops(
      "sgd", inputs,
      {{"momentum", constants.momentum}, {"decay", constants.decay}, {"nesterov", constants.isNesterov}});
  return {results[0], results.size() > 1 ? results[1] : Value{}};
}
}  // namespace ir

}  // namespace fw
