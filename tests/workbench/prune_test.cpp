// Dead units are found, cut by one edit, and missed by nobody.
#include "engine/workbench/prune.h"

#include <gtest/gtest.h>

#include "engine/presets/transformer.h"
#include "engine/workbench/drop.h"
#include "tests/support/expect_error.h"

namespace fw {
namespace {

TEST(Prune, DeadUnitsGoAndTheModelSaysTheSame) {
  const auto model = std::make_shared<const Architecture>(transformer({.name = "Stack",
                                                                       .vocabulary = 64,
                                                                       .width = 12,
                                                                       .layers = 3,
                                                                       .attention = {{"heads", int64_t(2)}},
                                                                       .mlpParams = {{"hidden", int64_t(9)}}},
                                                                      catalog()));
  AnalyzeCall call;
  call.architecture = model;
  call.analysis = "sparsity";
  call.task = "random_tokens";
  call.taskOptions = {{"vocabulary", int64_t(64)}, {"length", int64_t(11)}};
  call.batch = 2;
  call.batches = 2;
  call.weights = startingWeights(*model, 3);
  // A unit whose value is always 0, whatever its gate: two of layer 0, one of layer 2.
  const auto silence = [&](const std::string& name, int64_t unit) {
    for (int64_t i = 0; i < 12; ++i) call.weights.at(name).data()[unit * 12 + i] = 0;
  };
  silence("layers.0.mlp.up.weight", 1);
  silence("layers.0.mlp.up.weight", 8);
  silence("layers.2.mlp.up.weight", 4);
  const std::vector<LayerInfo> layers = layersOf(*model);
  const std::vector<DeadUnits> dead = deadUnits(*model, layers, analyze(call));
  ASSERT_EQ(dead.size(), 2u);
  EXPECT_EQ(dead[0].layer, 0);
  EXPECT_EQ(dead[0].units, (std::vector<int64_t>{1, 8}));
  EXPECT_EQ(dead[1].layer, 2);
  EXPECT_EQ(dead[1].units, (std::vector<int64_t>{4}));

  History history(model, catalog());
  history.edit("Prune", {}, [&](Editor& editor) { prune(editor, layers, dead); });
  const Architecture& cut = *history.current();
  const std::map<std::string, Tensor> weights = weightsFor(cut, prunedWeights(call.weights, layers, dead));
  EXPECT_EQ(weights.at("layers.0.mlp.up.weight").shape, (Shape{7, 12}));
  EXPECT_EQ(weights.at("layers.1.mlp.up.weight").shape, (Shape{9, 12}));
  EXPECT_EQ(weights.at("layers.2.mlp.down.weight").shape, (Shape{12, 8}));
  const Tensor tokens = Tensor::fromInts({1, 5}, {3, 1, 4, 1, 5});
  const std::vector<float> before =
      run(*model, {.inputs = {{"tokens", tokens}}, .weights = call.weights}).at("logits").toFloats();
  const std::vector<float> after =
      run(cut, {.inputs = {{"tokens", tokens}}, .weights = weights}).at("logits").toFloats();
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < after.size(); ++i) EXPECT_NEAR(after[i], before[i], 1e-6);
  // Once more: nothing is left to cut.
  call.architecture = history.current();
  call.weights = weights;
  EXPECT_TRUE(deadUnits(cut, layers, analyze(call)).empty());
  history.undo();
  EXPECT_EQ(structuralHash(*history.current()), structuralHash(*model));
}

}  // namespace
}  // namespace fw
