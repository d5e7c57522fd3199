// Forking a stack: the edit, and weights that keep the model what it was.
#include "engine/workbench/fork_edit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/presets/transformer.h"
#include "engine/workbench/drop.h"
#include "tests/support/expect_error.h"

namespace fw {
namespace {

ArchitecturePtr stack() {
  return std::make_shared<const Architecture>(transformer({.name = "Stack",
                                                           .vocabulary = 31,
                                                           .width = 12,
                                                           .layers = 4,
                                                           .attention = {{"heads", int64_t(2)}},
                                                           .mlpParams = {{"hidden", int64_t(7)}}},
                                                          catalog()));
}

TEST(ForkEdit, BranchesBeginWithTheirLayersAndTheModelSaysTheSame) {
  const ArchitecturePtr model = stack();
  const std::vector<LayerInfo> layers = layersOf(*model);
  const std::map<std::string, Tensor> weights = startingWeights(*model, 5);
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < 4 * 7; ++i) ids.push_back(i * i % 31);
  const Tensor tokens = Tensor::fromInts({4, 7}, ids);
  const std::vector<float> plain =
      run(*model, {.inputs = {{"tokens", tokens}}, .weights = weights}).at("logits").toFloats();
  for (const int64_t layer : {0, 1, 3}) {
    History history(model, catalog());
    history.edit("Fork", {}, [&](Editor& editor) { forkAt(editor, layers, layer, {"understanding", "generation"}); });
    ASSERT_EQ(history.entries().size(), 2u);
    const Architecture& forked = *history.current();
    EXPECT_TRUE(check(forked).empty());
    EXPECT_EQ(layersOf(forked).size(), size_t(layer + 2 * (4 - layer))) << layer;
    const std::map<std::string, Tensor> after = weightsFor(forked, weightsAfterFork(weights, layers, layer, forked));
    EXPECT_TRUE(after.contains("fork.generation.layers.0.attention.q.weight"));
    const std::vector<float> said =
        run(forked, {.inputs = {{"tokens", tokens}}, .weights = after}).at("logits").toFloats();
    ASSERT_EQ(said.size(), plain.size());
    for (size_t i = 0; i < said.size(); ++i) ASSERT_NEAR(said[i], plain[i], 1e-5) << layer;
    history.undo();
    EXPECT_EQ(structuralHash(*history.current()), structuralHash(*model));
  }
  Editor editor(*model, catalog());
  expectError(
      [&] {
        forkAt(editor, layers, 4, {"a", "b"});
      },
      Code::Usage, "[fork] there is no layer 4; expected 0 to 3.");
}

}  // namespace
}  // namespace fw
