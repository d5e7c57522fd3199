// cross_entropy: loss = lse - (1 - s) x[label] - s mean(x), lse = ln sum of e^x over the last axis.
#include "engine/ops/cross_entropy.h"

#include "engine/ops/cross_entropy_def.h"
#include "engine/ops/max.h"
#include "engine/ops/mean.h"
#include "engine/ops/sum.h"
#include "kernels/cross_entropy.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "cross_entropy", 2, 2);
  expectLogitsAndLabels(call, "cross_entropy");
  return {{DType::F32, call.shape(1)}, {DType::F32, call.shape(1)}};
}

Cost cost(const OpCall& call) { return costPerElement(call, infer(call), call.attrs.real("smoothing") > 0 ? 6 : 5); }

Grads vjp(const VjpCall& call) {
  std::vector<ir::Value> inputs = {call.input(0), call.input(1), call.output(1), call.grad(0)};
  if (call.hasGrad(1)) inputs.push_back(call.grad(1));
  return {call.builder.op("cross_entropy_gradient", inputs, call.attrs)};
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const ir::Value x = call.input(0), labels = call.input(1);
  const double smoothing = call.attrs.real("smoothing");
  const ir::Value max = ir::stopGradient(ir::max(x, {-1}, true));
  const ir::Value lse = ir::log(ir::sum(ir::exp(x - max), {-1})) + ir::reshape(max, labels.shape());
  ir::Value expected = ir::sum(x * oneHotLike(x, labels), {-1});
  if (smoothing > 0) expected = expected * (1 - smoothing) + ir::mean(x, {-1}) * smoothing;
  const ir::Value isIgnored = ir::equal(labels, double(call.attrs.integer("ignored")));
  return {ir::where(isIgnored, 0.0, lse - expected), lse};
}

void run(const KernelCall& call) {
  const auto [rows, classes] = rowsOf(call.inputShape(0));
  const int64_t* labels = call.input<int64_t>(1);
  const int64_t ignored = call.attrs.integer("ignored");
  for (int64_t row = 0; row < rows && call.launch.isHost(); ++row)
    if (labels[row] != ignored && (labels[row] < 0 || labels[row] >= classes))
      throw Error(Code::Data, text("[cross_entropy] label ", labels[row], placeText(row, call.inputShape(1)),
                                   " is outside the ", classes, " classes."));
  call.launch.kernels->crossEntropy(call.launch, {call.input(0), labels, call.output(0), call.output(1), rows, classes,
                                                  ignored, float(call.attrs.real("smoothing"))});
}

OpExample example(const Shape& rows, int64_t classes, std::vector<double> labels, double smoothing) {
  Shape logits = rows;
  logits.append(classes);
  return {.inputs = {{.shape = logits, .low = -4, .high = 4},
                     {.shape = rows, .dtype = DType::I64, .values = std::move(labels)}},
          .attrs = {{"ignored", int64_t(-100)}, {"smoothing", smoothing}}};
}

}  // namespace

OpDef op_cross_entropy() {
  return {
      .name = "cross_entropy",
      .help = "The loss of logits against labels, and ln sum of e^logits.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .examples = {example({3}, 7, {6, 0, 3}, 0), example({2, 3}, 33, {1, -100, 32, 7, 0, -100}, 0.1),
                   example({}, 5, {4}, 0)},
  };
}

namespace ir {

std::vector<Value> crossEntropyAndLogSumExp(Value logits, Value labels, int64_t ignored, double smoothing) {
  return logits.builder->ops("cross_entropy", {logits, labels}, {{"ignored", ignored}, {"smoothing", smoothing}});
}

Value crossEntropy(Value logits, Value labels, int64_t ignored, double smoothing) {
  return crossEntropyAndLogSumExp(logits, labels, ignored, smoothing).front();
}

}  // namespace ir
}  // namespace fw
