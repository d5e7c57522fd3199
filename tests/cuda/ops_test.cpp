// Every example of every op by the emulated CUDA kernels: results against loops in double, gradients against the CPU's,
// memory that starts as NaN between guard zones, the same bits twice.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "engine/exec/executor.h"
#include "engine/ir/autodiff.h"
#include "tests/cuda/emulated_backend.h"
#include "tests/ops/examples.h"
#include "tests/ops/reference.h"

namespace fw::testing {
namespace {

using Tensors = std::map<std::string, Tensor>;

class CudaOp : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    Rng rng(11);
    for (size_t i = 0; i < example().inputs.size(); ++i) tensors_[text("x", i)] = makeInput(example().inputs[i], rng);
  }
  const OpDef& op() const { return *GetParam().op; }
  const OpExample& example() const { return *GetParam().example; }

  std::vector<ir::Value> call(ir::Builder& builder, std::vector<ir::Value>& inputs) const {
    for (size_t i = 0; i < example().inputs.size(); ++i)
      inputs.push_back(builder.input(text("x", i), {example().inputs[i].dtype, example().inputs[i].shape}));
    return builder.ops(op().name, inputs, example().attrs);
  }

  std::shared_ptr<const ir::Graph> forward() const {
    ir::Builder builder;
    std::vector<ir::Value> inputs;
    const std::vector<ir::Value> outputs = call(builder, inputs);
    for (size_t o = 0; o < outputs.size(); ++o) builder.output(text("y", o), outputs[o]);
    return std::make_shared<const ir::Graph>(builder.finish());
  }

  /// The gradients of sum_o w<o> . y<o>.
  std::shared_ptr<const ir::Graph> backward() const {
    ir::Builder builder;
    std::vector<ir::Value> inputs, used, seeds, wrt;
    const std::vector<ir::Value> outputs = call(builder, inputs);
    for (size_t o = 0; o < outputs.size(); ++o)
      if (outputs[o].dtype() == DType::F32) {
        used.push_back(outputs[o]);
        seeds.push_back(builder.input(text("w", o), outputs[o].type()));
      }
    for (const ir::Value& input : inputs)
      if (input.dtype() == DType::F32) wrt.push_back(input);
    const std::vector<ir::Value> grads = ir::gradients(builder, used, wrt, seeds);
    for (size_t i = 0; i < grads.size(); ++i)
      if (grads[i].isValid()) builder.output(text("d", i), grads[i]);
    return std::make_shared<const ir::Graph>(builder.finish());
  }

  static Tensors run(Backend& backend, const std::shared_ptr<const ir::Graph>& graph, const Tensors& inputs) {
    Store store(backend);
    PlanOptions options = planOptions(backend);
    options.guardBytes = 64;
    Executor executor(std::make_shared<const Plan>(makePlan(graph, options)), store);
    executor.setGuarded(true);
    for (const ir::InputInfo& input : graph->inputs) executor.setInput(input.name, inputs.at(input.name));
    executor.run();
    Tensors outputs;
    for (const ir::OutputInfo& output : graph->outputs) outputs[output.name] = executor.output(output.name);
    return outputs;
  }

  void expectClose(const Tensor& got, const std::vector<double>& expected, double tolerance,
                   const std::string& what) const {
    const std::vector<double> values = got.toDoubles();
    ASSERT_EQ(values.size(), expected.size()) << what;
    double scale = 1e-30;
    for (const double v : expected)
      if (std::isfinite(v)) scale = std::max(scale, std::fabs(v));
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(expected[i]) && std::isnan(values[i])) continue;
      if (values[i] == expected[i]) continue;
      ASSERT_LE(std::fabs(values[i] - expected[i]), tolerance * scale)
          << op().name << " " << what << " element " << i << ": " << values[i] << ", expected " << expected[i];
    }
  }

  Tensors tensors_;
};

TEST_P(CudaOp, EqualsLoopsInDoubleTwiceWithTheSameBits) {
  const std::shared_ptr<const ir::Graph> graph = forward();
  const std::unique_ptr<Backend> cuda = makeEmulatedBackend(), cpu = makeCpuBackend(1);
  const Tensors first = run(*cuda, graph, tensors_), second = run(*cuda, graph, tensors_);
  for (const auto& [name, value] : first)
    EXPECT_EQ(std::memcmp(value.memory.get(), second.at(name).memory.get(), size_t(value.bytes())), 0) << name;
  if (hasReference(op()) && op().name != "dropout") {
    std::map<std::string, Array> arrays;
    for (const auto& [name, tensor] : tensors_) arrays[name] = toArray(tensor);
    const std::map<std::string, Array> expected = evaluate(*graph, arrays);
    for (const auto& [name, value] : first) expectClose(value, expected.at(name).values, example().tolerance, name);
    return;
  }
  // Random numbers: the CPU's, which have tests with known answers.
  const Tensors expected = run(*cpu, graph, tensors_);
  for (const auto& [name, value] : first) {
    expectClose(value, expected.at(name).toDoubles(), op().name == "random_normal" ? 2e-6 : 0, name);
  }
}

TEST_P(CudaOp, GradientEqualsTheCpus) {
  if (!op().hasGradient || (!op().vjp && !op().decompose)) return;  // there is none
  const std::shared_ptr<const ir::Graph> graph = backward();
  if (graph->outputs.empty()) return;
  Tensors inputs = tensors_;
  Rng rng(12);
  for (const ir::InputInfo& input : graph->inputs)
    if (!inputs.contains(input.name))
      inputs[input.name] = makeInput({.shape = graph->type({input.node, 0}).shape, .low = -1, .high = 1}, rng);
  const std::unique_ptr<Backend> cuda = makeEmulatedBackend(), cpu = makeCpuBackend(1);
  const Tensors expected = run(*cpu, graph, inputs);
  for (const auto& [name, value] : run(*cuda, graph, inputs))
    expectClose(value, expected.at(name).toDoubles(), std::max(2e-5, 4 * example().tolerance), name);
}

INSTANTIATE_TEST_SUITE_P(All, CudaOp, ::testing::ValuesIn(allCases()), [](const ::testing::TestParamInfo<Case>& info) {
  return text(info.param.op->name, "_", info.param.number);
});

}  // namespace
}  // namespace fw::testing
