// Whole plans by the emulated CUDA kernels: training steps of models, gradient clip and AdamW included, against the
// CPU's; scans; refusals.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/arch/editor.h"
#include "engine/blocks/lowering.h"
#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/ir/autodiff.h"
#include "engine/ir/op.h"
#include "engine/ops/scan.h"
#include "engine/presets/preset.h"
#include "engine/train/trainer.h"
#include "tests/cuda/emulated_backend.h"

namespace fw::testing {
namespace {

const Catalog& blocks() {
  static const Catalog all(allBlocks());
  return all;
}

class CudaTraining : public ::testing::TestWithParam<std::string> {};

/// Losses and norms of the first steps; the parameters afterwards.
TEST_P(CudaTraining, StepsAreTheCpus) {
  const ArchitecturePtr architecture = std::make_shared<const Architecture>(findPreset(GetParam())->make(blocks()));
  TrainOptions options;
  options.batch = 2;
  options.steps = 4;
  options.learningRate = 1e-3;
  const std::unique_ptr<Backend> cpu = makeCpuBackend(2), cuda = makeEmulatedBackend();
  Trainer expected(architecture, options, *cpu), got(architecture, options, *cuda);
  for (int64_t step = 0; step < options.steps; ++step) {
    const StepReport a = expected.step(), b = got.step();
    EXPECT_NEAR(b.loss, a.loss, 2e-5 * a.loss) << "step " << step;
    EXPECT_NEAR(b.gradientNorm, a.gradientNorm, 2e-4 * a.gradientNorm) << "step " << step;
  }
  const TrainState wanted = expected.state(), state = got.state();
  for (const auto& [name, tensor] : wanted.tensors) {
    const std::vector<double> x = tensor.toDoubles(), y = state.tensors.at(name).toDoubles();
    double apart = 0, size = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      apart += (x[i] - y[i]) * (x[i] - y[i]);
      size += x[i] * x[i];
    }
    EXPECT_LE(std::sqrt(apart), 2e-3 * std::sqrt(size) + 1e-12) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Presets, CudaTraining, ::testing::Values("attention-recall", "hybrid-recall"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name)
                             if (c == '-') c = '_';
                           return name;
                         });

/// h[t] = tanh(h[t-1] + x[t]), and its gradient: the body is a plan that the host starts once a step.
TEST(CudaScan, BodyRunsOnceAStep) {
  ir::Builder builder;
  const ir::Value start = builder.input("start", {DType::F32, {3, 5}}),
                  xs = builder.input("xs", {DType::F32, {7, 3, 5}});
  const ir::ScanResult result = ir::scan(builder, {start}, {xs}, {}, [](const ir::ScanStep& step) {
    const ir::Value h = step.builder.op("tanh", {step.carries[0] + step.xs[0]});
    return ir::ScanResult{{h}, {h}};
  });
  const std::vector<ir::Value> grads =
      ir::gradients(builder, {result.carries[0]}, {start, xs}, {builder.input("seed", {DType::F32, {3, 5}})});
  builder.output("last", result.carries[0]);
  builder.output("all", result.ys[0]);
  builder.output("d_start", grads[0]);
  builder.output("d_xs", grads[1]);
  const auto graph = std::make_shared<const ir::Graph>(optimized(builder.finish()));
  std::map<std::string, std::vector<float>> results[2];
  const std::unique_ptr<Backend> backends[2] = {makeCpuBackend(1), makeEmulatedBackend()};
  for (int i = 0; i < 2; ++i) {
    Store store(*backends[i]);
    Executor executor(std::make_shared<const Plan>(makePlan(graph, planOptions(*backends[i]))), store);
    for (const ir::InputInfo& input : graph->inputs) {
      Tensor value = Tensor::make(DType::F32, graph->type({input.node, 0}).shape);
      for (int64_t j = 0; j < value.count(); ++j) value.data()[j] = float(std::sin(double(j) + input.name.size()));
      executor.setInput(input.name, value);
    }
    for (int run = 0; run < 3; ++run) executor.run();
    for (const ir::OutputInfo& output : graph->outputs)
      results[i][output.name] = executor.output(output.name).toFloats();
  }
  for (const auto& [name, values] : results[0])
    for (size_t j = 0; j < values.size(); ++j) EXPECT_NEAR(results[1][name][j], values[j], 1e-6) << name << " " << j;
}

/// A refused index is told when the host waits, by the op and the place; the next run starts clean.
TEST(CudaRefusal, AnIndexOutsideIsToldAtTheEnd) {
  ir::Builder builder;
  const ir::Value table = builder.input("table", {DType::F32, {4, 3}});
  const ir::Value tokens = builder.input("tokens", {DType::I64, {5}});
  builder.output("y", builder.op("embedding", {table, tokens}));
  const auto graph = std::make_shared<const ir::Graph>(builder.finish());
  const std::unique_ptr<Backend> backend = makeEmulatedBackend();
  Store store(*backend);
  Executor executor(std::make_shared<const Plan>(makePlan(graph, planOptions(*backend))), store);
  executor.setInput("table", Tensor::fromFloats({4, 3}, std::vector<float>(12, 1)));
  executor.setInput("tokens", Tensor::fromInts({5}, {0, 3, 7, -1, 2}));
  try {
    executor.run();
    ADD_FAILURE() << "the index was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::Data);
    EXPECT_STREQ(error.what(), "[embedding] the index at element 2 is outside its range.");
  }
  executor.setInput("tokens", Tensor::fromInts({5}, {0, 3, 1, 1, 2}));
  EXPECT_NO_THROW(executor.run());
  EXPECT_EQ(executor.output("y").toFloats(), std::vector<float>(15, 1));
}

}  // namespace
}  // namespace fw::testing
