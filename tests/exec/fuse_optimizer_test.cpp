// The optimiser's steps of all tensors as one: the same bits, in place; and only where nothing else reads a step's
// result.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "engine/exec/optimize.h"
#include "engine/ops/adamw.h"
#include "tests/exec/fusion.h"

namespace fw {
namespace {

using fw::testing::countOf, fw::testing::guardedPlan, fw::testing::outputsOf;

struct Sizes {
  std::string name;
  Shape shape;
  double decay = 0, beta1 = 0.9;
};

/// A step on each tensor, in place.
ir::Graph stepOn(const std::vector<Sizes>& tensors) {
  ir::Builder builder;
  const ir::Value rate = builder.input("rate", {DType::F32, {}}), step = builder.input("step", {DType::I64, {}}),
                  scale = builder.input("scale", {DType::F32, {}});
  for (const Sizes& of : tensors) {
    std::map<std::string, ir::Value> value;
    for (const char* part : {"parameter", "gradient", "m", "v"})
      value[part] = builder.input(of.name + "/" + part, {DType::F32, of.shape});
    const ir::AdamwStep next = ir::adamw(value["parameter"], value["gradient"], value["m"], value["v"], rate, step,
                                         scale, {.beta1 = of.beta1, .decay = of.decay});
    builder.output("next/" + of.name, next.parameter, of.name + "/parameter");
    builder.output("next/m/" + of.name, next.m, of.name + "/m");
    builder.output("next/v/" + of.name, next.v, of.name + "/v");
  }
  return builder.finish();
}

/// Outputs after two steps, which pass their results on in place.
std::map<std::string, std::vector<float>> run(const ir::Graph& graph) {
  const std::shared_ptr<const Plan> plan = guardedPlan(graph);
  EXPECT_TRUE(plan->copies.empty()) << "a step was not done in place";
  return outputsOf(plan, 2);
}

TEST(FuseOptimizer, StepsOfOneRuleAreOneWithTheSameBits) {
  const ir::Graph graph = stepOn({{"a", {3, 33}, 0.1}, {"b", {7}}, {"c", {}, 0.1}, {"d", {63, 1}}});
  const ir::Graph fused = withFusedOptimizer(graph);
  EXPECT_EQ(countOf(fused, "fused_adamw"), 1);
  EXPECT_EQ(countOf(fused, "adamw"), 0);
  EXPECT_EQ(run(fused), run(graph));
}

TEST(FuseOptimizer, OtherRulesStayApart) {
  const ir::Graph graph = stepOn({{"a", {3}}, {"b", {7}, 0, 0.5}, {"c", {9}}, {"d", {5}, 0, 0.25}, {"e", {2}, 0, 0.5}});
  const ir::Graph fused = withFusedOptimizer(graph);
  EXPECT_EQ(countOf(fused, "fused_adamw"), 2);
  EXPECT_EQ(countOf(fused, "adamw"), 1);
  EXPECT_EQ(run(fused), run(graph));
}

TEST(FuseOptimizer, AStepWhoseResultIsReadStays) {
  ir::Graph graph = stepOn({{"a", {3}}, {"b", {7}}, {"c", {9}}});
  const ir::ValueRef read = graph.outputs.front().value;
  ir::Builder builder(std::move(graph));
  builder.output("more", builder.value(read) + 1.0);
  const ir::Graph whole = builder.finish(), fused = withFusedOptimizer(whole);
  EXPECT_EQ(countOf(fused, "fused_adamw"), 1);
  EXPECT_EQ(countOf(fused, "adamw"), 1);
}

TEST(FuseOptimizer, MoreTensorsThanACallTakesAreSeveralCalls) {
  std::vector<Sizes> many;
  for (int i = 0; i < 403; ++i) many.push_back({"p" + std::to_string(i), {1 + i % 3}});
  const ir::Graph graph = stepOn(many), fused = withFusedOptimizer(graph);
  EXPECT_EQ(countOf(fused, "fused_adamw"), 2);
  EXPECT_EQ(countOf(fused, "adamw"), 0);
  EXPECT_EQ(run(fused), run(graph));
}

}  // namespace
}  // namespace fw
