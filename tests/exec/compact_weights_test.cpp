// Weights in few bytes: the same values as f32 weights of the same numbers, and rows as int8 within half a step.
#include "engine/exec/compact_weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "engine/base/rng.h"
#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/ir/op.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/embedding.h"
#include "engine/ops/matmul.h"
#include "engine/ops/routed_experts.h"
#include "tests/exec/fusion.h"
#include "tests/support/expect_error.h"

namespace fw {
namespace {

using fw::testing::countOf;

constexpr int64_t kWords = 11, kWidth = 9, kHidden = 33;

Tensor randomMatrix(int64_t rows, int64_t columns, uint64_t seed) {
  Rng rng(seed);
  Tensor tensor = Tensor::make(DType::F32, Shape{rows, columns});
  for (int64_t i = 0; i < tensor.count(); ++i) tensor.data()[i] = bfloatToFloat(floatToBfloat(float(rng.normal())));
  return tensor;
}

/// A tied table, a product with bias and activation, one whose sum goes on, and a weight that is added to, too.
ir::Graph smallModel(int64_t rows) {
  ir::Builder builder;
  const ir::Value tokens = builder.input("tokens", {DType::I64, Shape{1, rows}});
  const ir::Value table = builder.parameter("table", {DType::F32, Shape{kWords, kWidth}});
  const ir::Value up = builder.parameter("up", {DType::F32, Shape{kHidden, kWidth}});
  const ir::Value bias = builder.parameter("bias", {DType::F32, Shape{kHidden}});
  const ir::Value down = builder.parameter("down", {DType::F32, Shape{kWidth, kHidden}});
  const ir::Value mixed = builder.parameter("mixed", {DType::F32, Shape{kWidth, kWidth}});
  const ir::Value x = ir::embedding(table, tokens);
  const ir::Value y = x + ir::linear(ir::silu(ir::linear(x, up, bias)), down);
  const ir::Value z = ir::linear(y, mixed + mixed);
  builder.output("logits", ir::linear(z, table));
  return builder.finish();
}

std::vector<double> run(const ir::Graph& graph, const std::map<std::string, Tensor>& weights, int64_t rows) {
  ir::verify(graph);
  const std::unique_ptr<Backend> backend = makeCpuBackend(2);
  Store store(*backend);
  for (const ir::ParameterInfo& parameter : graph.parameters) store.set(parameter.name, weights.at(parameter.name));
  Executor executor(std::make_shared<const Plan>(
                        makePlan(std::make_shared<const ir::Graph>(graph), {.threads = 2, .guardBytes = 64})),
                    store);
  executor.setGuarded(true);
  std::vector<int64_t> tokens(static_cast<size_t>(rows));
  for (int64_t t = 0; t < rows; ++t) tokens[size_t(t)] = t * 7 % kWords;
  executor.setInput("tokens", Tensor::fromInts({1, rows}, tokens));
  executor.run();
  return executor.output("logits").toDoubles();
}

std::map<std::string, Tensor> weightsOf() {
  Tensor bias = randomMatrix(1, kHidden, 4);
  bias.shape = Shape{kHidden};
  return {{"table", randomMatrix(kWords, kWidth, 1)},
          {"up", randomMatrix(kHidden, kWidth, 2)},
          {"down", randomMatrix(kWidth, kHidden, 3)},
          {"mixed", randomMatrix(kWidth, kWidth, 5)},
          {"bias", bias}};
}

void expectNear(const std::vector<double>& got, const std::vector<double>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  double scale = 0;
  for (const double value : expected) scale = std::max(scale, std::fabs(value));
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-5 * scale) << i;
}

std::vector<std::string> dtypesOf(const ir::Graph& graph) {
  std::vector<std::string> list;
  for (const ir::ParameterInfo& parameter : graph.parameters)
    list.push_back(parameter.name + " " + std::string(name(graph.type({parameter.node, 0}).dtype)));
  std::sort(list.begin(), list.end());
  return list;
}

TEST(CompactWeights, ShortFloatsGiveTheSameValues) {
  for (const int64_t rows : {int64_t(1), int64_t(3), int64_t(33)}) {
    const ir::Graph graph = optimized(smallModel(rows));
    const std::map<std::string, Tensor> weights = weightsOf();
    std::map<std::string, Tensor> compact = weights;
    for (const char* name : {"table", "up", "down"}) {
      const Tensor& wide = weights.at(name);
      Tensor narrow = Tensor::make(DType::BF16, wide.shape);
      for (int64_t i = 0; i < wide.count(); ++i) narrow.data<uint16_t>()[i] = floatToBfloat(wide.data()[i]);
      compact[name] = narrow;
    }
    const ir::Graph changed = withCompactWeights(graph, [](const ir::ParameterInfo&) { return DType::BF16; });
    EXPECT_EQ(dtypesOf(changed),
              (std::vector<std::string>{"bias f32", "down bf16", "mixed f32", "table bf16", "up bf16"}));
    expectNear(run(changed, compact, rows), run(graph, weights, rows));
  }
}

TEST(CompactWeights, Int8EqualsTheNumbersItStandsFor) {
  for (const int64_t rows : {int64_t(1), int64_t(33)}) {
    const ir::Graph graph = optimized(smallModel(rows));
    std::map<std::string, Tensor> weights = weightsOf(), compact = weights;
    for (const char* name : {"table", "up", "down"}) {
      const QuantisedRows quantised = quantisedRows(weights.at(name), name, 2);
      compact[name] = quantised.values;
      compact[scaleName(name)] = quantised.scale;
      Tensor wide = Tensor::make(DType::F32, quantised.values.shape);
      for (int64_t i = 0; i < wide.count(); ++i)
        wide.data()[i] = float(quantised.values.data<int8_t>()[i]) * quantised.scale.data()[i / wide.shape[1]];
      weights[name] = wide;
    }
    const ir::Graph changed = withCompactWeights(graph, [](const ir::ParameterInfo&) { return DType::I8; });
    EXPECT_EQ(dtypesOf(changed), (std::vector<std::string>{"bias f32", "down i8", "down/scale f32", "mixed f32",
                                                           "table i8", "table/scale f32", "up i8", "up/scale f32"}));
    expectNear(run(changed, compact, rows), run(graph, weights, rows));
  }
}

/// Two experts, one a row, whose weights become int8 with their scales after each.
TEST(CompactWeights, ExpertsToo) {
  ir::Builder builder;
  const ir::Value x = builder.input("x", {DType::F32, Shape{3, kWidth}});
  const ir::Value share = builder.input("share", {DType::F32, Shape{3, 2}});
  std::vector<ir::ExpertValues> experts;
  for (const std::string expert : {"0.", "1."})
    experts.push_back({builder.parameter(expert + "gate", {DType::F32, Shape{kHidden, kWidth}}),
                       builder.parameter(expert + "up", {DType::F32, Shape{kHidden, kWidth}}),
                       builder.parameter(expert + "down", {DType::F32, Shape{kWidth, kHidden}})});
  builder.output("y", ir::routedExperts(x, share, experts, 1, "silu"));
  const ir::Graph graph = builder.finish();
  const ir::Graph changed = withCompactWeights(graph, [](const ir::ParameterInfo& parameter) {
    return parameter.name.ends_with("up") ? DType::I8 : parameter.name == "0.gate" ? DType::BF16 : DType::F32;
  });
  EXPECT_EQ(dtypesOf(changed), (std::vector<std::string>{"0.down f32", "0.gate bf16", "0.up i8", "0.up/scale f32",
                                                         "1.down f32", "1.gate f32", "1.up i8", "1.up/scale f32"}));
  const std::unique_ptr<Backend> backend = makeCpuBackend(2);
  const auto outputOf = [&](const ir::Graph& of, bool isCompact) {
    ir::verify(of);
    Store store(*backend);
    for (const ir::ParameterInfo& parameter : graph.parameters) {
      const Shape& shape = graph.type({parameter.node, 0}).shape;
      const Tensor random = randomMatrix(shape[0], shape[1], std::hash<std::string>()(parameter.name));
      const QuantisedRows rows = quantisedRows(random, parameter.name);
      Tensor wide = random;
      if (parameter.name.ends_with("up")) {
        wide = Tensor::make(DType::F32, shape);
        for (int64_t i = 0; i < wide.count(); ++i)
          wide.data()[i] = float(rows.values.data<int8_t>()[i]) * rows.scale.data()[i / shape[1]];
      }
      store.set(parameter.name, wide);
      if (!isCompact) continue;
      if (parameter.name.ends_with("up")) {
        store.set(parameter.name, rows.values);
        store.set(scaleName(parameter.name), rows.scale);
      }
      if (parameter.name == "0.gate") {
        Tensor narrow = Tensor::make(DType::BF16, shape);
        for (int64_t i = 0; i < random.count(); ++i) narrow.data<uint16_t>()[i] = floatToBfloat(random.data()[i]);
        store.set(parameter.name, narrow);
      }
    }
    Executor executor(std::make_shared<const Plan>(makePlan(std::make_shared<const ir::Graph>(of), {.threads = 2})),
                      store);
    executor.setInput("x", randomMatrix(3, kWidth, 9));
    executor.setInput("share", Tensor::fromFloats({3, 2}, {0.5f, 0, 0, 0.25f, 0, 1}));
    executor.run();
    return executor.output("y").toDoubles();
  };
  expectNear(outputOf(changed, true), outputOf(graph, false));
}

TEST(CompactWeights, WhatWantsF32StaysAsItIs) {
  const ir::Graph graph = optimized(smallModel(3));
  EXPECT_EQ(withCompactWeights(graph, [](const ir::ParameterInfo&) { return DType::F32; }).hash(), graph.hash());
  const ir::Graph one = withCompactWeights(
      graph, [](const ir::ParameterInfo& parameter) { return parameter.name == "up" ? DType::F16 : DType::F32; });
  EXPECT_EQ(dtypesOf(one), (std::vector<std::string>{"bias f32", "down f32", "mixed f32", "table f32", "up f16"}));
}

/// Products that had become one step read their compact weights one by one.
TEST(CompactWeights, ProductsOfTheSameRowsAreCompactToo) {
  ir::Builder builder;
  const ir::Value x = builder.input("x", {DType::F32, Shape{3, kWidth}});
  for (const char* name : {"q", "k", "v"})
    builder.output(std::string("y/") + name,
                   ir::linear(x, builder.parameter(name, {DType::F32, Shape{kHidden, kWidth}})));
  const ir::Graph graph = optimized(builder.finish());
  ASSERT_EQ(countOf(graph, "matmul_group"), 1);
  const ir::Graph wide = withCompactWeights(graph, [](const ir::ParameterInfo&) { return DType::F32; });
  EXPECT_EQ(countOf(wide, "matmul_group"), 1);
  const ir::Graph compact = withCompactWeights(graph, [](const ir::ParameterInfo&) { return DType::BF16; });
  ir::verify(compact);
  EXPECT_EQ(countOf(compact, "matmul_group"), 0);
  EXPECT_EQ(countOf(compact, "compact_linear"), 3);
  for (const ir::ParameterInfo& parameter : compact.parameters)
    EXPECT_EQ(compact.type({parameter.node, 0}).dtype, DType::BF16) << parameter.name;
}

TEST(QuantisedRows, EachRowHasItsOwnStep) {
  Tensor x = randomMatrix(7, 63, 6);
  for (int64_t c = 0; c < 63; ++c) {
    x.data()[2 * 63 + c] = 0;
    x.data()[3 * 63 + c] *= 1e6f;
    x.data()[4 * 63 + c] *= 1e-6f;
  }
  const QuantisedRows rows = quantisedRows(x, "x");
  for (int64_t r = 0; r < 7; ++r) {
    double largest = 0;
    for (int64_t c = 0; c < 63; ++c) largest = std::max(largest, std::fabs(double(x.data()[r * 63 + c])));
    const double scale = rows.scale.data()[r];
    EXPECT_NEAR(scale, largest / 127, 1e-6 * largest);
    for (int64_t c = 0; c < 63; ++c)
      EXPECT_LE(std::fabs(rows.values.data<int8_t>()[r * 63 + c] * scale - x.data()[r * 63 + c]), 0.501 * scale);
  }
}

TEST(QuantisedRows, RefusesWhatIsNoNumber) {
  Tensor x = randomMatrix(3, 5, 7);
  x.data()[7] = INFINITY;
  x.data()[11] = NAN;
  expectError([&] { quantisedRows(x, "head.weight", 2); }, Code::Numeric,
              "[head.weight] element 7 of the weights is no number that int8 can hold; expected finite weights.");
}

}  // namespace
}  // namespace fw
