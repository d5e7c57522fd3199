// Stacks made wider and shallower.
#include "engine/workbench/widen.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/presets/transformer.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

Architecture deep(const Params& attention = {{"heads", int64_t(2)}, {"bias", std::string("all")}}) {
  return transformer({.name = "Deep",
                      .vocabulary = 11,
                      .width = 32,
                      .layers = 4,
                      .attention = attention,
                      .mlp = "mlp.mlp",
                      .mlpParams = {{"hidden", int64_t(128)}}},
                     catalog());
}

NodeId stackOf(const Architecture& architecture) {
  for (const auto& [id, node] : architecture.root->nodes)
    if (node->block == "structure.repeat") return id;
  return 0;
}

double parameters(const Architecture& architecture, const std::string& part) {
  double total = 0;
  for (const auto& [name, tensor] : startingWeights(architecture, 1))
    if (name.find(part) != std::string::npos) total += double(tensor.count());
  return total;
}

TEST(Widen, LayersTimesHeadsStay) {
  const Architecture before = deep();
  for (const int64_t ratio : {2, 4}) {
    const Architecture after = widened(before, stackOf(before), ratio);
    EXPECT_TRUE(check(after).empty());
    const LowerResult lowered = lower(after, catalog(), {});
    EXPECT_EQ(int64_t(lowered.layers.size()) * ratio, 4);
    // Four maps of 32 x 2 x 16 a layer; one output bias a layer is all that differs.
    EXPECT_EQ(parameters(after, "attention.q.weight"), parameters(before, "attention.q.weight"));
    EXPECT_EQ(parameters(after, ".attention."), parameters(before, ".attention.") - 32.0 * double(4 - 4 / ratio));
    EXPECT_EQ(parameters(after, ".mlp."), parameters(before, ".mlp.") / double(ratio));
    const CostReport narrow = cost(before, {.time = 8, .withPeak = false}),
                     wide = cost(after, {.time = 8, .withPeak = false});
    EXPECT_EQ(narrow.macs - wide.macs, 8.0 * 2 * 32 * 128 * double(4 - 4 / ratio));
    EXPECT_EQ(narrow.kvBytesPerToken, wide.kvBytesPerToken);
  }
}

TEST(Widen, ByOneNothingChanges) {
  const Architecture before = deep();
  EXPECT_EQ(structuralHash(widened(before, stackOf(before), 1)), structuralHash(before));
}

TEST(Widen, SharedKeysKeepTheirShare) {
  const Architecture before = deep({{"heads", int64_t(4)}, {"kv_heads", int64_t(2)}});
  const Architecture after = widened(before, stackOf(before), 2);
  EXPECT_TRUE(check(after).empty());
  EXPECT_EQ(parameters(after, "attention.k.weight"), parameters(before, "attention.k.weight"));
}

/// A wide layer whose further heads have no way out is the narrow one.
TEST(Widen, HeadsWithoutAWayOutDoNotCount) {
  const Architecture narrow = transformer(
      {.name = "One", .vocabulary = 11, .width = 32, .layers = 1, .attention = {{"heads", int64_t(2)}}}, catalog());
  const Architecture wide = transformer({.name = "One",
                                         .vocabulary = 11,
                                         .width = 32,
                                         .layers = 1,
                                         .attention = {{"heads", int64_t(4)}, {"head_width", int64_t(16)}}},
                                        catalog());
  std::map<std::string, Tensor> some = startingWeights(narrow, 1), all = startingWeights(wide, 2);
  for (auto& [name, tensor] : all) {
    const Tensor& from = some.at(name);
    if (name.ends_with("o.weight")) {
      for (int64_t row = 0; row < 32; ++row)
        for (int64_t i = 0; i < 64; ++i) tensor.data()[row * 64 + i] = i < 32 ? from.data()[row * 32 + i] : 0;
    } else {
      std::copy_n(from.data(), from.count(), tensor.data());
    }
  }
  Tensor tokens = Tensor::make(DType::I64, {1, 7});
  for (int64_t t = 0; t < 7; ++t) tokens.data<int64_t>()[t] = t;
  const std::vector<double> a = run(narrow, {.inputs = {{"tokens", tokens}}, .weights = some}).at("logits").toDoubles(),
                            b = run(wide, {.inputs = {{"tokens", tokens}}, .weights = all}).at("logits").toDoubles();
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5);
}

TEST(Widen, RefusesWhatDoesNotDivide) {
  const Architecture before = deep();
  EXPECT_THROW(widened(before, stackOf(before), 3), Error);
  EXPECT_THROW(widened(before, 0, 2), Error);
}

}  // namespace
}  // namespace fw
