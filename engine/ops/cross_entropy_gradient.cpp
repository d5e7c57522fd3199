// cross_entropy_gradient: dx = p (dLoss + dLse) - dLoss ((1 - s) [label] + s / V), p = e^(x - lse), dLoss 0 where
// ignored.
#include "engine/ops/cross_entropy_def.h"
#include "kernels/cross_entropy.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

/// logits, labels, lse, dLoss and, where lse was used too, dLse.
Types infer(const OpCall& call) {
  expectInputs(call, "cross_entropy_gradient", 4, 5);
  expectLogitsAndLabels(call, "cross_entropy_gradient");
  for (size_t i = 2; i < call.count(); ++i)
    if (call.type(i) != ir::TensorType{DType::F32, call.shape(1)})
      throw Error(Code::Shape, text("[cross_entropy_gradient] input ", i, " is ", call.type(i).toString(),
                                    "; expected f32", call.shape(1), "."));
  return {call.type(0)};
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const ir::Value x = call.input(0), labels = call.input(1);
  const double smoothing = call.attrs.real("smoothing");
  const ir::Value isIgnored = ir::equal(labels, double(call.attrs.integer("ignored")));
  const ir::Value dLoss = asColumn(ir::where(isIgnored, 0.0, call.input(3)));
  const ir::Value p = ir::exp(x - asColumn(call.input(2)));
  const ir::Value target = oneHotLike(x, labels) * (1 - smoothing) + smoothing / double(x.size(-1));
  ir::Value dx = (p - target) * dLoss;
  if (call.count() > 4) dx = dx + p * asColumn(call.input(4));
  return {dx};
}

void run(const KernelCall& call) {
  const auto [rows, classes] = rowsOf(call.inputShape(0));
  call.launch.kernels->crossEntropyGradient(
      call.launch,
      {call.input(0), call.input<int64_t>(1), call.input(2), call.input(3), call.count() > 4 ? call.input(4) : nullptr,
       call.output(0), rows, classes, call.attrs.integer("ignored"), float(call.attrs.real("smoothing"))});
}

OpExample example(bool hasLse, double smoothing) {
  OpExample example = {.inputs = {{.shape = {2, 3, 33}, .low = -1, .high = 1},
                                  {.shape = {2, 3}, .dtype = DType::I64, .values = {1, -100, 32, 7, 0, -100}},
                                  {.shape = {2, 3}, .low = 3, .high = 4},
                                  {.shape = {2, 3}}},
                       .attrs = {{"ignored", int64_t(-100)}, {"smoothing", smoothing}}};
  if (hasLse) example.inputs.push_back({.shape = {2, 3}});
  return example;
}

}  // namespace

OpDef op_cross_entropy_gradient() {
  return {
      .name = "cross_entropy_gradient",
      .help = "The gradient of cross_entropy for the logits.",
      .infer = infer,
      .cost = [](const OpCall& call) { return costPerElement(call, infer(call), 7); },
      .decompose = decompose,
      .kernel = run,
      .inPlace = {{0, 0}},
      .examples = {example(false, 0), example(true, 0.1)},
  };
}

}  // namespace fw
