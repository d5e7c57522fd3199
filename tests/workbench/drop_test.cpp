// Dropping what has little influence: the ranking finds layers that do nothing, the edit leaves out those and no more.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "engine/presets/transformer.h"
#include "engine/workbench/drop.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

using Pairs = std::set<std::pair<int64_t, std::string>>;

ArchitecturePtr stack(int64_t layers, int64_t width, int64_t hidden) {
  return std::make_shared<const Architecture>(transformer({.name = "Stack",
                                                           .vocabulary = 256,
                                                           .width = width,
                                                           .layers = layers,
                                                           .attention = {{"heads", int64_t(3)}},
                                                           .mlpParams = {{"hidden", hidden}}},
                                                          catalog()));
}

/// Layers 1 and 4 of six add nothing to the stream.
std::map<std::string, Tensor> weightsWithTwoIdentities(const Architecture& architecture) {
  std::map<std::string, Tensor> weights = startingWeights(architecture, 3);
  for (auto& [name, value] : weights) {
    const bool isSilent = (name.starts_with("layers.1.") || name.starts_with("layers.4.")) &&
                          (name.ends_with("attention.o.weight") || name.ends_with("mlp.down.weight"));
    for (int64_t i = 0; i < value.count(); ++i) value.data()[i] *= isSilent ? 0.f : 3.f;
  }
  return weights;
}

AnalyzeCall toyCall(const ArchitecturePtr& architecture) {
  return {.architecture = architecture,
          .weights = weightsWithTwoIdentities(*architecture),
          .task = "char_lm",
          .taskOptions = {{"context", int64_t(24)}},
          .batch = 4,
          .batches = 2};
}

Pairs pairsOf(const std::vector<DropItem>& items) {
  Pairs pairs;
  for (const DropItem& item : items) pairs.insert({item.layer, item.part});
  return pairs;
}

TEST(Drop, NamesExactlyTheTwoLayersThatAreIdentity) {
  const ArchitecturePtr model = stack(6, 48, 40);
  for (const bool isIterative : {false, true}) {
    const auto least = [&](const char* part, int64_t count) {
      return pairsOf(dropLeast({toyCall(model), part, count, isIterative}).items);
    };
    EXPECT_EQ(least("block", 2), (Pairs{{1, "block"}, {4, "block"}})) << isIterative;
    EXPECT_EQ(least("attention", 2), (Pairs{{1, "attention"}, {4, "attention"}})) << isIterative;
    EXPECT_EQ(least("mlp", 2), (Pairs{{1, "mlp"}, {4, "mlp"}})) << isIterative;
    EXPECT_EQ(least("joint", 4), (Pairs{{1, "attention"}, {1, "mlp"}, {4, "attention"}, {4, "mlp"}})) << isIterative;
  }
  // Those two and no third: the rest has influence.
  AnalyzeCall call = toyCall(model);
  const std::vector<DropItem> ranked = rankedForDrop(dropCandidates(*model, layersOf(*model), "block"), analyze(call));
  ASSERT_EQ(ranked.size(), 6u);
  EXPECT_LT(ranked[1].influence, 1e-9);
  EXPECT_GT(ranked[2].influence, 1e-3);
}

/// What adds nothing changes nothing when it goes, and its parameters go with it.
TEST(Drop, EffectOfDroppingIdentitiesIsNone) {
  const ArchitecturePtr model = stack(6, 48, 40);
  const AnalyzeCall call = toyCall(model);
  const Dropped dropped = dropLeast({call, "block", 2});
  const DropEffect effect = dropEffect(call, dropped.architecture);
  EXPECT_NEAR(effect.after.quality.loss, effect.before.quality.loss, 1e-6);
  EXPECT_EQ(effect.after.quality.measures.at("accuracy"), effect.before.quality.measures.at("accuracy"));
  // Of a layer: q, k, v, o, three MLP matrices, two norms.
  EXPECT_EQ(effect.before.parameters - effect.after.parameters, 2 * (4 * 48 * 48 + 3 * 48 * 40 + 2 * 48));
  EXPECT_LT(effect.after.flops, 0.75 * effect.before.flops);
  EXPECT_GT(effect.before.seconds, 0);
  EXPECT_GT(effect.after.seconds, 0);
}

TEST(Drop, IsOneUndoableEditAndWhatIsGoneIsNoCandidate) {
  const ArchitecturePtr model = stack(4, 12, 8);
  const std::vector<LayerInfo> layers = layersOf(*model);
  ASSERT_EQ(layers.size(), 4u);
  History history(model, catalog());
  history.edit("Drop", {}, [&](Editor& editor) { drop(editor, layers, {{1, "attention"}, {2, "block"}}); });
  ASSERT_EQ(history.entries().size(), 2u);
  const Architecture& edited = *history.current();
  EXPECT_EQ(pairsOf(dropCandidates(edited, layers, "joint")),
            (Pairs{{0, "attention"}, {0, "mlp"}, {1, "mlp"}, {3, "attention"}, {3, "mlp"}}));
  EXPECT_EQ(pairsOf(dropCandidates(edited, layers, "block")), (Pairs{{0, "block"}, {1, "block"}, {3, "block"}}));
  std::set<std::string> names;
  for (const auto& [name, value] : startingWeights(edited, 1)) names.insert(name);
  EXPECT_FALSE(names.contains("layers.1.attention.q.weight"));
  EXPECT_TRUE(names.contains("layers.1.mlp.down.weight"));
  EXPECT_FALSE(names.contains("layers.2.mlp.down.weight"));
  history.undo();
  EXPECT_EQ(structuralHash(*history.current()), structuralHash(*model));
  EXPECT_NE(structuralHash(edited), structuralHash(*model));
}

TEST(Drop, TooManyAndOtherPartsAreRefused) {
  const ArchitecturePtr model = stack(4, 12, 8);
  expectError(
      [&] {
        dropLeast({toyCall(model), "mlp", 5});
      },
      Code::Usage, "[drop] 5 of 'mlp' are to be dropped, but there are 4.");
  expectError(
      [&] {
        dropLeast({toyCall(model), "mixer", 1});
      },
      Code::Usage, "[drop] 1 of 'mixer' are to be dropped, but there are 0.");
  AnalyzeCall file = toyCall(model);
  file.dataFile = "some.npz";
  expectError([&] { dropEffect(file, model); }, Code::Usage,
              "[some.npz] has no answers to compare with; expected a task.");
}

/// A trained language model of 12 layers: the four attentions of least influence are cheaper to lose than four drawn at
/// random, for five draws. Prints whether attention is more redundant than MLP.
TEST(DropSlow, LeastInfluentialAttentionsOfATrainedModelCostLessThanRandomOnes) {
  const TemporaryFolder folder;
  const ArchitecturePtr model = stack(12, 48, 96);
  TrainCall training;
  training.architecture = model;
  training.options.task = "char_lm";
  training.options.taskOptions = {{"context", int64_t(64)}};
  training.options.steps = 1500;
  training.options.batch = 16;
  training.options.learningRate = 3e-3;
  training.out = std::filesystem::path(folder.path()) / "run";
  training.evaluateEvery = training.checkpointEvery = 0;
  const TrainResult trained = train(training);
  const AnalyzeCall call{.architecture = model,
                         .weights = openModel(training.out.string()).weights,
                         .task = "char_lm",
                         .taskOptions = training.options.taskOptions,
                         .batch = 32,
                         .batches = 4};
  const std::vector<LayerInfo> layers = layersOf(*model);
  const auto lossOf = [&](const Architecture& architecture) {
    return evaluate(architecture, call.weights, call.task, call.taskOptions, 1, 8, 32).loss;
  };
  const auto lossWithout = [&](const std::vector<DropItem>& items) {
    Editor editor(*model, catalog());
    drop(editor, layers, items);
    return lossOf(editor.result());
  };
  const double whole = lossOf(*model);
  std::printf("12 layers, %g s of training: loss %.4f\n", trained.seconds, whole);
  for (const char* part : {"attention", "mlp", "block"})
    for (const int64_t count : {1, 2, 4, 6})
      std::printf("%-9s without %lld: one-shot +%.4f, iterative +%.4f\n", part, static_cast<long long>(count),
                  lossOf(*dropLeast({call, part, count, false}).architecture) - whole,
                  lossOf(*dropLeast({call, part, count, true}).architecture) - whole);
  const double least = lossOf(*dropLeast({call, "attention", 4}).architecture) - whole;
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    std::vector<DropItem> drawn = dropCandidates(*model, layers, "attention");
    std::mt19937 random(seed);
    std::shuffle(drawn.begin(), drawn.end(), random);
    drawn.resize(4);
    const double cost = lossWithout(drawn) - whole;
    std::printf("four attentions drawn by seed %u: +%.4f\n", seed, cost);
    EXPECT_LT(least, cost) << seed;
  }
}

}  // namespace
}  // namespace fw
