// The planner: memory is shared over time, nothing overlaps that lives at once, limits are told, the null device plans
// all.
#include "engine/exec/plan.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/ir/autodiff.h"
#include "engine/ir/op.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reshape.h"

namespace fw {
namespace {

ir::Graph chain(int64_t size, int steps) {
  ir::Builder builder;
  ir::Value x = builder.input("x", {DType::F32, {size, size}});
  const ir::Value w = builder.parameter("w", {DType::F32, {size, size}});
  for (int i = 0; i < steps; ++i) x = ir::matmul(x, w);
  builder.output("y", x);
  return builder.finish();
}

TEST(Plan, ChainOfProductsNeedsTwoBuffers) {
  const Plan plan = makePlan(std::make_shared<const ir::Graph>(chain(64, 10)));
  int64_t workspace = 0;
  for (const Step& step : plan.steps) workspace = std::max(workspace, step.workspaceBytes);
  EXPECT_LE(plan.arenaBytes, 2 * 64 * 64 * 4 + workspace + 128);
  EXPECT_EQ(plan.parameterBytes, 64 * 64 * 4);
}

/// Checked by brute force: two results whose lives overlap never share a byte.
TEST(Plan, LiveResultsNeverOverlap) {
  ir::Builder builder;
  const ir::Value x = builder.input("x", {DType::F32, {33, 33}});
  const ir::Value w = builder.parameter("w", {DType::F32, {33, 33}});
  ir::Value y = x, sum = x;
  for (int i = 0; i < 6; ++i) {
    y = ir::tanh(ir::matmul(y, w));
    sum = sum + y;
  }
  builder.output("sum", sum);
  builder.output("dw", ir::gradients(builder, {sum}, {w})[0]);
  const auto graph = std::make_shared<const ir::Graph>(builder.finish());
  const Plan plan = makePlan(graph);
  std::vector<int> stepOf(graph->nodes.size(), -1), last(graph->nodes.size(), -1);
  for (size_t s = 0; s < plan.steps.size(); ++s) {
    stepOf[size_t(plan.steps[s].node)] = int(s);
    for (const ir::ValueRef& input : graph->nodes[size_t(plan.steps[s].node)].inputs) last[size_t(input.node)] = int(s);
  }
  int compared = 0;
  for (size_t a = 0; a < graph->nodes.size(); ++a)
    for (size_t b = a + 1; b < graph->nodes.size(); ++b) {
      if (stepOf[a] < 0 || stepOf[b] < 0) continue;
      if (graph->nodes[a].op->isView || graph->nodes[b].op->isView) continue;  // share bytes by their nature
      const Placement &pa = plan.places[a][0], &pb = plan.places[b][0];
      if (pa.where != Placement::Where::Arena || pb.where != Placement::Where::Arena) continue;
      // b begins after a; a is needed beyond b's step, or up to it when b may not take its place.
      if (last[a] <= stepOf[b]) continue;
      ++compared;
      const int64_t bytesA = graph->nodes[a].types[0].bytes(), bytesB = graph->nodes[b].types[0].bytes();
      EXPECT_TRUE(pa.offset + bytesA <= pb.offset || pb.offset + bytesB <= pa.offset) << "nodes " << a << " and " << b;
    }
  EXPECT_GT(compared, 10);
}

TEST(Plan, SaysWhatItNeedsAndWhatIsFree) {
  const auto graph = std::make_shared<const ir::Graph>(chain(1000, 3));
  try {
    makePlan(graph, {.memoryLimit = 1'000'000});
    FAIL() << "expected a refusal";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::Memory);
    EXPECT_NE(std::string(error.what()).find("[plan] needs "), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find(", 1 MB free."), std::string::npos) << error.what();
  }
}

/// A 100 GB product is planned and counted without a byte of memory.
TEST(Plan, NullDevicePlansWhatNoMachineHolds) {
  const int64_t size = 100'000;
  const auto graph = std::make_shared<const ir::Graph>(chain(size, 2));
  const auto plan = std::make_shared<const Plan>(makePlan(graph));
  EXPECT_GE(plan->peakBytes(), 3 * size * size * 4);
  const std::unique_ptr<Backend> null = makeNullBackend();
  Store store(*null);
  store.make("w", {DType::F32, {size, size}});
  Executor executor(plan, store);
  EXPECT_NO_THROW(executor.run());
}

/// An update writes into its parameter's memory; without the aliasing a copy would be made.
TEST(Executor, UpdatesParametersInPlace) {
  ir::Builder builder;
  const ir::Value w = builder.parameter("w", {DType::F32, {3}});
  const ir::Value x = builder.input("x", {DType::F32, {3}});
  builder.output("old", ir::square(w));
  builder.output("w/next", w + x, "w");
  const auto graph = std::make_shared<const ir::Graph>(builder.finish());
  const std::unique_ptr<Backend> cpu = makeCpuBackend(1);
  Store store(*cpu);
  store.set("w", Tensor::fromFloats({3}, {1, 2, 3}));
  Executor executor(std::make_shared<const Plan>(makePlan(graph)), store);
  executor.setInput("x", Tensor::fromFloats({3}, {10, 20, 30}));
  executor.run();
  EXPECT_EQ(executor.output("old").toFloats(), (std::vector<float>{1, 4, 9}));
  EXPECT_EQ(store.get("w").toFloats(), (std::vector<float>{11, 22, 33}));
  executor.run();
  EXPECT_EQ(store.get("w").toFloats(), (std::vector<float>{21, 42, 63}));
}

TEST(Executor, NamesWhatDoesNotFit) {
  const auto graph = std::make_shared<const ir::Graph>(chain(3, 1));
  const std::unique_ptr<Backend> cpu = makeCpuBackend(1);
  Store store(*cpu);
  const auto plan = std::make_shared<const Plan>(makePlan(graph));
  try {
    Executor executor(plan, store);
    FAIL() << "expected a refusal";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[w] the weights have no tensor of this name; expected f32[3,3].");
  }
  store.set("w", Tensor::fromFloats({3, 3}, std::vector<float>(9, 1)));
  Executor executor(plan, store);
  try {
    executor.setInput("x", Tensor::fromFloats({3}, {1, 2, 3}));
    FAIL() << "expected a refusal";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[x] got f32[3]; expected f32[3,3].");
  }
}

TEST(Executor, FindsTheFirstResultThatIsNotFinite) {
  ir::Builder builder;
  const ir::Value x = builder.input("x", {DType::F32, {4}});
  ir::Value y;
  {
    ir::ScopeGuard guard(builder, "layers.3.attention", 7);
    y = ir::log(x);
  }
  builder.output("y", ir::matmul(ir::reshape(ir::exp(y), {1, 4}), ir::reshape(x, {4, 1})));
  const auto graph = std::make_shared<const ir::Graph>(builder.finish());
  const std::unique_ptr<Backend> cpu = makeCpuBackend(1);
  Store store(*cpu);
  Executor executor(std::make_shared<const Plan>(makePlan(graph)), store);
  executor.setInput("x", Tensor::fromFloats({4}, {1, 2, -1, 3}));
  const std::unique_ptr<NonFinite> found = executor.runChecked();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->op, "log");
  EXPECT_EQ(found->scope, "layers.3.attention");
  EXPECT_EQ(found->origin, 7);
  EXPECT_EQ(found->what, "NaN at element 2 of f32[4]");
}

/// Fusing keeps every result, also those that are read outside the chain.
TEST(Optimize, FusedChainsKeepTheirResults) {
  ir::Builder builder;
  const ir::Value x = builder.input("x", {DType::F32, {5, 7}}), row = builder.input("row", {DType::F32, {7}});
  const ir::Value a = ir::tanh(x + row), b = a * 2.0 + x, c = ir::exp(-ir::abs(b));
  builder.output("a", a);
  builder.output("c", c);
  builder.output("d", ir::matmul(b, c, {.transposeB = true}) + 1.0);
  const ir::Graph plain = builder.finish(), fast = optimized(plain);
  EXPECT_LT(fast.nodes.size(), plain.nodes.size());
  ir::verify(fast);
  std::vector<float> values, rowValues;
  for (int i = 0; i < 35; ++i) values.push_back(0.1f * float(i) - 1.5f);
  for (int i = 0; i < 7; ++i) rowValues.push_back(0.3f * float(i) - 1);
  const std::unique_ptr<Backend> cpu = makeCpuBackend(2);
  std::map<std::string, std::vector<float>> results[2];
  for (const bool isFast : {false, true}) {
    Store store(*cpu);
    Executor executor(std::make_shared<const Plan>(makePlan(std::make_shared<const ir::Graph>(isFast ? fast : plain))),
                      store);
    executor.setInput("x", Tensor::fromFloats({5, 7}, values));
    executor.setInput("row", Tensor::fromFloats({7}, rowValues));
    executor.run();
    for (const char* name : {"a", "c", "d"}) results[isFast][name] = executor.output(name).toFloats();
  }
  for (const auto& [name, expected] : results[0])
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(results[1][name][i], expected[i], 1e-5) << name << i;
}

}  // namespace
}  // namespace fw
