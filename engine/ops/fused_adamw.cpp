// fused_adamw: adamw on several tensors in one step. Inputs: learning rate, step, scale, then parameter, gradient, m
// and v of each tensor; outputs: the next parameter, m and v of each. A GPU starts one kernel for all of them.
#include "engine/ops/fused_adamw.h"

#include "engine/ops/rules.h"
#include "kernels/kernels.h"
#include "kernels/optimizer.h"

namespace fw {
namespace {

using ir::kFusedInputs, ir::kFusedOutputs, ir::kFusedScalars;

size_t inputAt(size_t tensor, size_t which) { return kFusedScalars + kFusedInputs * tensor + which; }
size_t tensorsOf(size_t inputs) { return (inputs - kFusedScalars) / kFusedInputs; }

/// What adamw takes of tensor t: attributes, and which inputs.
ir::Attrs attrsOf(const ir::Attrs& attrs, size_t t) {
  ir::Attrs of = {{"beta1", attrs.real("beta1")}, {"beta2", attrs.real("beta2")}, {"epsilon", attrs.real("epsilon")}};
  return of.set("decay", attrs.reals("decays")[t]);
}
std::vector<size_t> inputsOf(size_t t) { return {inputAt(t, 0), inputAt(t, 1), inputAt(t, 2), inputAt(t, 3), 0, 1, 2}; }

void expectForm(const OpCall& call) {
  const size_t decays = call.attrs.reals("decays").size();
  if (decays == 0 || decays > size_t(ir::kFusedTensors))
    throw Error(Code::Parameter,
                text("[fused_adamw] there are ", decays, " decays; expected 1 to ", ir::kFusedTensors, "."));
  expectInputs(call, "fused_adamw", inputAt(decays, 0), inputAt(decays, 0));
}

/// Calls f with each tensor's call of adamw.
template <class F>
void forTensors(const OpCall& call, const F& f) {
  expectForm(call);
  for (size_t t = 0; t < tensorsOf(call.count()); ++t) {
    std::vector<ir::TensorType> types;
    for (const size_t i : inputsOf(t)) types.push_back(call.type(i));
    const ir::Attrs attrs = attrsOf(call.attrs, t);
    f(OpCall{types, attrs, nullptr});
  }
}

Types infer(const OpCall& call) {
  Types types;
  forTensors(call, [&](const OpCall& one) {
    const Types of = findOp("adamw").infer(one);
    types.insert(types.end(), of.begin(), of.end());
  });
  return types;
}

Cost cost(const OpCall& call) {
  Cost total;
  forTensors(call, [&](const OpCall& one) {
    const Cost of = findOp("adamw").cost(one);
    total.flops += of.flops;
    total.bytesRead += of.bytesRead;
    total.bytesWritten += of.bytesWritten;
  });
  return total;
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  std::vector<ir::Value> results;
  for (size_t t = 0; t < tensorsOf(call.count()); ++t) {
    std::vector<ir::Value> inputs;
    for (const size_t i : inputsOf(t)) inputs.push_back(call.input(i));
    const std::vector<ir::Value> of = call.builder.ops("adamw", inputs, attrsOf(call.attrs, t));
    results.insert(results.end(), of.begin(), of.end());
  }
  return results;
}

void run(const KernelCall& call) {
  const std::vector<double>& decays = call.attrs.reals("decays");
  std::vector<kernels::AdamwTensor> tensors;
  for (size_t t = 0; t < decays.size(); ++t)
    tensors.push_back({.parameter = call.input(inputAt(t, 0)),
                       .gradient = call.input(inputAt(t, 1)),
                       .m = call.input(inputAt(t, 2)),
                       .v = call.input(inputAt(t, 3)),
                       .newParameter = call.output(kFusedOutputs * t),
                       .newM = call.output(kFusedOutputs * t + 1),
                       .newV = call.output(kFusedOutputs * t + 2),
                       .count = call.inputShape(inputAt(t, 0)).count(),
                       .decay = decays[t]});
  call.launch.kernels->fusedAdamw(call.launch, {.tensors = tensors.data(),
                                                .tensorCount = int64_t(tensors.size()),
                                                .learningRate = call.input(0),
                                                .step = call.input<int64_t>(1),
                                                .scale = call.input(2),
                                                .beta1 = call.attrs.real("beta1"),
                                                .beta2 = call.attrs.real("beta2"),
                                                .epsilon = call.attrs.real("epsilon")});
}

std::vector<std::pair<int, int>> inPlace() {
  std::vector<std::pair<int, int>> pairs;
  for (int t = 0; t < ir::kFusedTensors; ++t)
    for (const auto& [output, input] : {std::pair(0, 0), std::pair(1, 2), std::pair(2, 3)})
      pairs.emplace_back(kFusedOutputs * t + output, int(inputAt(size_t(t), size_t(input))));
  return pairs;
}

OpExample example(const std::vector<Shape>& shapes, double step, double scale) {
  OpExample made = {.inputs = {{.values = {0.01}}, {.dtype = DType::I64, .values = {step}}, {.values = {scale}}},
                    .attrs = {{"beta1", 0.9}, {"beta2", 0.95}, {"epsilon", 1e-8}}};
  std::vector<double> decays;
  for (const Shape& shape : shapes) {
    for (int i = 0; i < 3; ++i) made.inputs.push_back({.shape = shape});
    made.inputs.push_back({.shape = shape, .low = 0.1, .high = 2});
    decays.push_back(0.1 * double(decays.size()));
  }
  made.attrs.set("decays", decays);
  return made;
}

}  // namespace

OpDef op_fused_adamw() {
  return {
      .name = "fused_adamw",
      .help = "One step of AdamW on several tensors.",
      .infer = infer,
      .cost = cost,
      .decompose = decompose,
      .kernel = run,
      .inPlace = inPlace(),
      .hasGradient = false,
      .examples = {example({{3, 33}, {7}, {63}}, 1, 1), example({{9}, {}, {33, 3}, {1}}, 100, 0.25),
                   example({{4100}}, 3, 2)},
  };
}

}  // namespace fw
