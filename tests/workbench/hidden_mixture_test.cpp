// A model becomes a mixture of hidden dimensions by one edit, and computes what the formulas say.
#include "engine/workbench/hidden_mixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/arch/walk.h"
#include "engine/presets/transformer.h"
#include "tests/support/expect_error.h"

namespace fw {
namespace {

ArchitecturePtr stack(int64_t width = 12) {
  return std::make_shared<const Architecture>(transformer({.name = "Stack",
                                                           .vocabulary = 31,
                                                           .width = width,
                                                           .layers = 2,
                                                           .attention = {{"heads", int64_t(2)}},
                                                           .mlpParams = {{"hidden", int64_t(7)}}},
                                                          catalog()));
}

ArchitecturePtr mixed(const ArchitecturePtr& model, const HiddenMixture& mixture) {
  Editor editor(*model, catalog());
  mixHiddenDimensions(editor, mixture);
  return std::make_shared<const Architecture>(editor.result());
}

std::map<std::string, Tensor> outputs(const Architecture& model, const std::map<std::string, Tensor>& weights,
                                      const std::string& record = {}) {
  return run(model,
             {.inputs = {{"tokens", Tensor::fromInts({1, 5}, {3, 1, 4, 1, 5})}}, .weights = weights, .record = record});
}

/// All parts active with equal gates, the fusion at its beginning: the same model.
TEST(HiddenMixture, OfAllPartsIsTheModelItself) {
  const ArchitecturePtr model = stack();
  const std::map<std::string, Tensor> weights = startingWeights(*model, 5);
  const ArchitecturePtr after = mixed(model, {4, 4, 2});
  EXPECT_TRUE(check(*after).empty());
  std::map<std::string, Tensor> all = weightsAfterMixing(weights, *after, 1);
  EXPECT_EQ(all.size(), weights.size() + 2 * 2 * 3);  // of each branch a router and two matrices of the fusion
  for (auto& [name, value] : all)
    if (name.ends_with("_router.router.weight")) std::fill_n(value.data(), value.count(), 0.0f);
  const std::vector<float> before = outputs(*model, weights).at("logits").toFloats(),
                           now = outputs(*after, all).at("logits").toFloats();
  for (size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(now[i], before[i], 1e-6) << i;
}

/// The choice by plain loops, from the router's own weights and what came in.
TEST(HiddenMixture, ActiveAreTheSharedAndTheBestOfTheRest) {
  const ArchitecturePtr model = stack(), after = mixed(model, {6, 3, 1});
  std::map<std::string, Tensor> weights = startingWeights(*after, 7);
  Tensor& router = weights.at("layers.0.mlp_router.router.weight");
  for (int64_t i = 0; i < router.count(); ++i) router.data()[i] = float(std::sin(1.3 * double(i)));
  const std::map<std::string, Tensor> seen = outputs(*after, weights, "*experts.share");
  const Tensor& share = seen.at("probe/layers.0.mlp_router:experts.share");
  ASSERT_EQ(share.shape, (Shape{1, 5, 6}));
  bool isTokenSpecific = false;
  std::vector<bool> first;
  for (int64_t t = 0; t < 5; ++t) {
    std::vector<bool> active;
    for (int64_t p = 0; p < 6; ++p) active.push_back(share.data()[t * 6 + p] > 0);
    EXPECT_TRUE(active[0]) << t;
    EXPECT_EQ(std::count(active.begin(), active.end(), true), 3) << t;
    if (t == 0) first = active;
    isTokenSpecific |= active != first;
  }
  EXPECT_TRUE(isTokenSpecific);
}

TEST(HiddenMixture, IsProposedByWhatIsSharedAndOnce) {
  const ArchitecturePtr model = stack(24);
  AnalysisResult sparsity;
  sparsity.series.push_back({.name = "shared_dimensions",
                             .labels = {"layers.0", "layers.0.mlp hidden", "layers.1"},
                             .values = {0.3, 0.9, 0.2}});
  const std::optional<HiddenMixture> proposed = proposedMixture(*model, sparsity);
  ASSERT_TRUE(proposed);
  EXPECT_EQ(proposed->parts, 8);  // 24 channels make no 16 parts
  EXPECT_EQ(proposed->active, 4);
  EXPECT_EQ(proposed->shared, 2);  // a quarter of 8
  EXPECT_FALSE(proposedMixture(*model, {}));
  EXPECT_FALSE(proposedMixture(*mixed(model, *proposed), sparsity)) << "it is one already";
  expectError([&] { mixed(mixed(model, *proposed), *proposed); }, Code::Usage,
              "[mixture] no attention and no MLP feeds a residual; there is nothing to wrap.");
}

TEST(HiddenMixture, IsOneUndoableEdit) {
  const ArchitecturePtr model = stack();
  History history(model, catalog());
  history.edit("Mix", {}, [&](Editor& editor) { mixHiddenDimensions(editor, {4, 2, 1}); });
  ASSERT_EQ(history.entries().size(), 2u);
  EXPECT_NE(structuralHash(*history.current()), structuralHash(*model));
  history.undo();
  EXPECT_EQ(structuralHash(*history.current()), structuralHash(*model));
}

}  // namespace
}  // namespace fw
