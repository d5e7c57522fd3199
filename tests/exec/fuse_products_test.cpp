// Products of one side as one step: the same results, and only where every reader still comes after.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/ir/autodiff.h"
#include "engine/ir/op.h"
#include "engine/ir/passes.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/sum.h"

namespace fw {
namespace {

constexpr int64_t kRows = 9, kWidth = 33;

ir::Value weight(ir::Builder& builder, const std::string& name, int64_t out = kWidth) {
  return builder.input(name, {DType::F32, {out, kWidth}});
}

int countOf(const ir::Graph& graph, const std::string& op) {
  return int(
      std::count_if(graph.nodes.begin(), graph.nodes.end(), [&](const ir::Node& node) { return node.op->name == op; }));
}

std::map<std::string, std::vector<float>> run(const ir::Graph& graph) {
  ir::verify(graph);
  const std::unique_ptr<Backend> backend = makeCpuBackend(2);
  Store store(*backend);
  for (const ir::InputInfo& input : graph.inputs) {
    Tensor value = Tensor::make(DType::F32, graph.type({input.node, 0}).shape);
    const double start = double(input.name.size()) + double(input.name.back());
    for (int64_t i = 0; i < value.count(); ++i) value.data()[i] = float(std::sin(start + double(i)));
    store.set(input.name, value);
  }
  Executor executor(std::make_shared<const Plan>(
                        makePlan(std::make_shared<const ir::Graph>(graph), {.threads = 2, .guardBytes = 64})),
                    store);
  executor.setGuarded(true);
  executor.run();
  std::map<std::string, std::vector<float>> outputs;
  for (const ir::OutputInfo& output : graph.outputs) outputs[output.name] = executor.output(output.name).toFloats();
  return outputs;
}

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
