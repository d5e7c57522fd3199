// Products of one side as one step: the same results, and only where every reader still comes after.
#include <gtest/gtest.h>

#include <string>

#include "engine/exec/optimize.h"
#include "engine/ir/autodiff.h"
#include "engine/ir/passes.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/sum.h"
#include "tests/exec/fusion.h"

namespace fw {
namespace {

using fw::testing::countOf, fw::testing::guardedPlan, fw::testing::outputsOf;

constexpr int64_t kRows = 9, kWidth = 33;

ir::Value weight(ir::Builder& builder, const std::string& name, int64_t out = kWidth) {
  return builder.input(name, {DType::F32, {out, kWidth}});
}

std::map<std::string, std::vector<float>> run(const ir::Graph& graph) { return outputsOf(guardedPlan(graph), 1); }

/// Three products of x and, where asked for, the gradients of their weights.
ir::Graph projections(bool withGradients) {
  ir::Builder builder;
  const ir::Value x = builder.input("x", {DType::F32, {kRows, kWidth}});
  std::vector<ir::Value> weights;
  ir::Value loss;
  for (const char* name : {"q", "k", "v"}) {
    weights.push_back(weight(builder, name));
    // A reader of each product comes before the next product.
    const ir::Value y = ir::square(ir::linear(x, weights.back()));
    builder.output(std::string("y/") + name, y);
    const ir::Value total = ir::sum(y, {0, 1});
    loss = loss.isValid() ? loss + total : total;
  }
  if (withGradients) {
    const std::vector<ir::Value> gradients = ir::gradients(builder, {loss}, weights);
    for (size_t i = 0; i < weights.size(); ++i) builder.output("gradient/" + std::to_string(i), gradients[i]);
  }
  return builder.finish();
}

TEST(FuseProducts, ProjectionsOfTheSameRowsAreOne) {
  const ir::Graph graph = projections(false);
  const ir::Graph fused = withFusedProducts(graph);
  EXPECT_EQ(countOf(fused, "matmul_group"), 1);
  EXPECT_EQ(countOf(fused, "matmul"), 0);
  EXPECT_EQ(run(fused), run(graph));
}

TEST(FuseProducts, GradientsOfTheirWeightsAreOneToo) {
  const ir::Graph graph = ir::withoutDuplicates(projections(true));
  const ir::Graph fused = withFusedProducts(graph);
  EXPECT_EQ(countOf(fused, "matmul_group"), 2);
  EXPECT_EQ(countOf(fused, "matmul"), 0);
  EXPECT_EQ(run(fused), run(graph));
}

/// The second product waits for what is made of the first.
TEST(FuseProducts, WhatWaitsForAnotherStaysAlone) {
  ir::Builder builder;
  const ir::Value x = builder.input("x", {DType::F32, {kWidth, kWidth}}), w = weight(builder, "w");
  const ir::Value first = ir::linear(x, w);
  builder.output("y", ir::linear(x, ir::square(first)));
  const ir::Graph graph = builder.finish();
  EXPECT_EQ(countOf(withFusedProducts(graph), "matmul_group"), 0);
}

TEST(FuseProducts, OtherSizesAndOtherRowsStayAlone) {
  ir::Builder builder;
  const ir::Value x = builder.input("x", {DType::F32, {kRows, kWidth}});
  const ir::Value z = builder.input("z", {DType::F32, {kRows, kWidth}});
  builder.output("a", ir::linear(x, weight(builder, "a")));
  builder.output("b", ir::linear(x, weight(builder, "b", kWidth + 1)));
  builder.output("c", ir::linear(z, weight(builder, "c")));
  builder.output("d", ir::linear(x, weight(builder, "d"), {}, "relu"));
  const ir::Graph graph = builder.finish();
  EXPECT_EQ(countOf(withFusedProducts(graph), "matmul_group"), 0);
}

}  // namespace
}  // namespace fw
