// What holds for every op and every one of its examples; a new op is tested by existing.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "engine/base/rng.h"
#include "engine/exec/executor.h"
#include "engine/ir/autodiff.h"
#include "engine/ir/op.h"
#include "tests/ops/examples.h"
#include "tests/ops/reference.h"
#include "tests/support/each_target.h"
#include "tests/support/example_input.h"

namespace fw::testing {
namespace {

/// Their numbers are defined by the counter-based generator, which has tests of its own.
const std::set<std::string> kRandom = {"random_uniform", "random_normal", "random_bernoulli", "dropout"};
/// Has a body; tests/exec/scan_test.cpp.
const std::set<std::string> kWithBody = {"scan"};

class UniversalOp : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    Rng rng(11);
    for (size_t i = 0; i < example().inputs.size(); ++i) {
      tensors_[text("x", i)] = makeInput(example().inputs[i], rng);
      arrays_[text("x", i)] = toArray(tensors_[text("x", i)]);
    }
  }
  const OpDef& op() const { return *GetParam().op; }
  const OpExample& example() const { return *GetParam().example; }

  std::vector<ir::Value> call(ir::Builder& builder, std::vector<ir::Value>& inputs) const {
    for (size_t i = 0; i < example().inputs.size(); ++i)
      inputs.push_back(builder.input(text("x", i), {example().inputs[i].dtype, example().inputs[i].shape}));
    return builder.ops(op().name, inputs, example().attrs);
  }

  ir::Graph forward() const {
    ir::Builder builder;
    std::vector<ir::Value> inputs;
    const std::vector<ir::Value> outputs = call(builder, inputs);
    for (size_t o = 0; o < outputs.size(); ++o) builder.output(text("y", o), outputs[o]);
    return builder.finish();
  }

  /// Outputs y<o>, and gradients d<i> of sum_o w<o> . y<o> with fixed weights; an output without a gradient weighs
  /// nothing.
  ir::Graph backward(bool throughDecomposition, bool withoutGradient = false) const {
    ir::Builder builder;
    std::vector<ir::Value> inputs;
    const std::vector<ir::Value> outputs = call(builder, inputs);
    std::vector<ir::Value> used, seeds, wrt;
    for (size_t o = 0; o < outputs.size(); ++o)
      if (outputs[o].dtype() == DType::F32) {
        used.push_back(outputs[o]);
        seeds.push_back(builder.input(text("w", o), outputs[o].type()));
      }
    for (size_t i = 0; i < inputs.size(); ++i)
      if (inputs[i].dtype() == DType::F32) wrt.push_back(inputs[i]);
    if (withoutGradient) {
      for (size_t o = 0; o < used.size(); ++o) builder.output(text("u", o), used[o]);
      return builder.finish();
    }
    const std::vector<ir::Value> grads = throughDecomposition
                                             ? ir::gradientsThroughDecomposition(builder, used, wrt, seeds)
                                             : ir::gradients(builder, used, wrt, seeds);
    for (size_t i = 0, g = 0; i < inputs.size(); ++i)
      if (inputs[i].dtype() == DType::F32 && grads[g++].isValid()) builder.output(text("d", i), grads[g - 1]);
    return builder.finish();
  }

  std::map<std::string, Tensor> run(const ir::Graph& graph, std::map<std::string, Tensor> inputs, int threads = 2,
                                    bool isGuarded = true) const {
    const std::unique_ptr<Backend> backend = makeCpuBackend(threads);
    Store store(*backend);
    const auto plan = std::make_shared<const Plan>(
        makePlan(std::make_shared<const ir::Graph>(graph), {.threads = threads, .guardBytes = isGuarded ? 64 : 0}));
    Executor executor(plan, store);
    executor.setGuarded(isGuarded);
    for (const ir::InputInfo& input : graph.inputs) executor.setInput(input.name, inputs.at(input.name));
    executor.run();
    std::map<std::string, Tensor> outputs;
    for (const ir::OutputInfo& output : graph.outputs) outputs[output.name] = executor.output(output.name);
    return outputs;
  }

  std::map<std::string, Tensor> withWeights(const ir::Graph& graph) const {
    Rng rng(12);
    std::map<std::string, Tensor> inputs = tensors_;
    for (const ir::InputInfo& input : graph.inputs)
      if (!inputs.contains(input.name))
        inputs[input.name] = makeInput({.shape = graph.type({input.node, 0}).shape, .low = -1, .high = 1}, rng);
    return inputs;
  }

  void expectClose(const Tensor& got, const Array& expected, double tolerance, const std::string& what) const {
    const std::vector<double> values = got.toDoubles();
    ASSERT_EQ(got.shape, expected.shape) << what;
    double scale = 1e-30;
    for (const double v : expected.values)
      if (std::isfinite(v)) scale = std::max(scale, std::fabs(v));
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(expected.values[i]) && std::isnan(values[i])) continue;
      if (values[i] == expected.values[i]) continue;
      ASSERT_LE(std::fabs(values[i] - expected.values[i]), tolerance * scale)
          << what << " element " << i << ": " << values[i] << ", expected " << expected.values[i];
    }
  }

  std::map<std::string, Tensor> tensors_;
  std::map<std::string, Array> arrays_;
};

TEST_P(UniversalOp, TypeRuleHolds) { EXPECT_NO_THROW(ir::verify(forward())); }

TEST_P(UniversalOp, KernelEqualsLoopsInDouble) {
  if (kRandom.contains(op().name)) return;  // tested by known answers
  ASSERT_TRUE(hasReference(op())) << op().name << " has neither loops in tests/ops/reference.cpp nor a decomposition";
  const ir::Graph graph = forward();
  const std::map<std::string, Array> expected = evaluate(graph, arrays_);
  forEachTarget([&] {
    for (const auto& [name, value] : run(graph, tensors_))
      expectClose(value, expected.at(name), example().tolerance, op().name + " " + name);
  });
}

TEST_P(UniversalOp, SameBitsAgainAndOnAnyNumberOfThreads) {
  const ir::Graph graph = forward();
  const std::map<std::string, Tensor> first = run(graph, tensors_, 1, false);
  for (const int threads : {1, 2, 3})
    for (const auto& [name, value] : run(graph, tensors_, threads, false))
      EXPECT_EQ(std::memcmp(value.memory.get(), first.at(name).memory.get(), size_t(value.bytes())), 0)
          << op().name << " " << name << " on " << threads << " threads";
}

TEST_P(UniversalOp, DecompositionEqualsLoops) {
  if (!op().decompose || kRandom.contains(op().name)) return;  // nothing to compare
  ir::Builder builder;
  std::vector<ir::Value> inputs;
  for (size_t i = 0; i < example().inputs.size(); ++i)
    inputs.push_back(builder.input(text("x", i), {example().inputs[i].dtype, example().inputs[i].shape}));
  const std::vector<ir::Value> outputs = op().decompose(DecomposeCall{builder, inputs, example().attrs});
  const ir::Graph whole = forward();
  ASSERT_EQ(outputs.size(), whole.outputs.size());
  for (size_t o = 0; o < outputs.size(); ++o) {
    EXPECT_EQ(outputs[o].type(), whole.type(whole.outputs[o].value)) << op().name;
    builder.output(text("y", o), outputs[o]);
  }
  const std::map<std::string, Array> expected = evaluate(whole, arrays_);
  for (const auto& [name, value] : run(builder.finish(), tensors_))
    expectClose(value, expected.at(name), example().tolerance * 4, op().name + " " + name);
}

/// Along random directions, in double: the gradient graph is evaluated by kernels, the differences by plain loops.
TEST_P(UniversalOp, GradientEqualsFiniteDifferences) {
  if (!op().hasGradient || !example().isSmooth || kRandom.contains(op().name)) return;  // no gradient to compare
  if (!op().vjp && !op().decompose) return;
  const ir::Graph graph = backward(false);
  const ir::Graph values = backward(false, true);
  const std::map<std::string, Tensor> inputs = withWeights(graph);
  std::map<std::string, Array> weights;
  for (const auto& [name, tensor] : withWeights(values)) weights[name] = toArray(tensor);
  std::map<std::string, Array> grads;
  for (const auto& [name, tensor] : run(graph, inputs)) grads[name] = toArray(tensor);

  const auto objective = [&](const std::map<std::string, Array>& at) {
    double total = 0;
    size_t u = 0;
    const std::map<std::string, Array> results = evaluate(values, at);
    for (const ir::OutputInfo& output : forward().outputs) {
      const auto weight = inputs.find("w" + output.name.substr(1));
      if (weight == inputs.end()) continue;
      const Array& y = results.at(text("u", u++));
      const std::vector<double> w = weight->second.toDoubles();
      for (size_t i = 0; i < w.size(); ++i)
        if (w[i] != 0 && std::isfinite(y.values[i])) total += w[i] * y.values[i];
    }
    return total;
  };
  Rng rng(13);
  for (int direction = 0; direction < 3; ++direction) {
    std::map<std::string, Array> up = weights, down = weights;
    double expectedSlope = 0, magnitude = 1e-6;
    const double step = 1e-5;
    for (size_t i = 0; i < example().inputs.size(); ++i) {
      if (example().inputs[i].dtype != DType::F32) continue;
      const std::string name = text("x", i);
      const auto grad = grads.find(text("d", i));
      for (size_t j = 0; j < up[name].values.size(); ++j) {
        const double d = rng.normal();
        up[name].values[j] += step * d;
        down[name].values[j] -= step * d;
        if (grad == grads.end()) continue;
        ASSERT_TRUE(std::isfinite(grad->second.values[j]))
            << op().name << " gradient of input " << i << " element " << j;
        expectedSlope += grad->second.values[j] * d;
        magnitude += std::fabs(grad->second.values[j] * d);
      }
    }
    const double slope = (objective(up) - objective(down)) / (2 * step);
    EXPECT_NEAR(expectedSlope, slope, 1e-4 * magnitude + 1e-5) << op().name << " example " << GetParam().number;
  }
}

TEST_P(UniversalOp, GradientEqualsThatOfTheDecomposition) {
  if (!op().vjp || !op().decompose || !op().hasGradient || !example().isSmooth || kRandom.contains(op().name))
    return;  // one way only
  const ir::Graph graph = backward(false);
  const std::map<std::string, Tensor> inputs = withWeights(graph);
  std::map<std::string, Array> expected;
  const ir::Graph decomposed = backward(true);
  for (const auto& [name, tensor] : run(decomposed, withWeights(decomposed))) expected[name] = toArray(tensor);
  for (const auto& [name, tensor] : run(graph, inputs)) {
    ASSERT_TRUE(expected.contains(name)) << op().name << " " << name;
    expectClose(tensor, expected.at(name), std::max(1e-4, example().tolerance * 10), op().name + " " + name);
  }
}

TEST_P(UniversalOp, CostIsFiniteAndCoversTheMemoryMoved) {
  const ir::Graph graph = forward();
  for (const ir::Node& node : graph.nodes) {
    if (!node.op->infer) continue;
    std::vector<ir::TensorType> inputs;
    for (const ir::ValueRef& ref : node.inputs) inputs.push_back(graph.type(ref));
    const Cost cost = costOf(*node.op, OpCall{inputs, node.attrs}, node.types);
    for (const double value : {cost.flops, cost.macs, cost.bytesRead, cost.bytesWritten})
      EXPECT_TRUE(std::isfinite(value) && value >= 0) << op().name;
    EXPECT_GE(cost.flops, 2 * cost.macs) << op().name;
    double written = 0;
    for (const ir::TensorType& type : node.types) written += double(type.bytes());
    if (node.op->inPlace.empty() && !node.op->isView) {
      EXPECT_GE(cost.bytesWritten, written * 0.99) << op().name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, UniversalOp, ::testing::ValuesIn(allCases()),
                         [](const ::testing::TestParamInfo<Case>& info) {
                           return text(info.param.op->name, "_", info.param.number);
                         });

TEST(OpTable, EveryOpHasNameHelpKernelAndExample) {
  for (const OpDef& op : allOps()) {
    EXPECT_FALSE(op.name.empty());
    EXPECT_FALSE(op.help.empty()) << op.name;
    EXPECT_TRUE(op.infer) << op.name;
    EXPECT_TRUE(op.kernel) << op.name;
    EXPECT_TRUE(!op.examples.empty() || kWithBody.contains(op.name)) << op.name;
    EXPECT_EQ(&findOp(op.name), &op);
  }
}

}  // namespace
}  // namespace fw::testing
