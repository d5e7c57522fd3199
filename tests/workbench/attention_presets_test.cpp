// Presets of the attention family have the parameters and multiply-adds that their papers and their published code
// give.
#include <gtest/gtest.h>

#include <functional>

#include "engine/arch/editor.h"
#include "engine/presets/encoder.h"
#include "engine/presets/preset.h"
#include "engine/presets/sketch.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

Architecture make(const std::string& preset) { return findPreset(preset)->make(catalog()); }

/// The parameter of every node of a block, in all graphs.
Architecture with(const Architecture& architecture, const std::string& block, const Params& params) {
  Editor editor(architecture, catalog());
  const std::function<void(const Graph&)> visit = [&](const Graph& graph) {
    for (const auto& [id, node] : graph.nodes) {
      if (node->block == block)
        for (const auto& [name, value] : params) editor.setParam(id, name, value);
      for (const auto& [name, body] : node->bodies) visit(*body);
    }
  };
  visit(*architecture.root);
  return editor.result();
}

double parameters(const Architecture& architecture) { return cost(architecture, {.withPeak = false}).parametersUnique; }

TEST(AttentionPresets, SparseQueriesHaveTheSizesOfTheDenseModels) {
  const std::map<std::string, double> sizes = {{"mha", 11966224},  {"gqa", 11179792},  {"mqa", 10983184},
                                               {"sqa", 10655504},  {"ssqa", 10917648}, {"xsqa", 10393360},
                                               {"xsmqa", 10196752}};
  for (const auto& [variant, count] : sizes)
    EXPECT_EQ(parameters(with(make("sqa"), "attention.sparse_query", {{"variant", variant}})), count) << variant;
}

TEST(AttentionPresets, SparseQueriesHaveTheSizesOfTheMixturesOfExperts) {
  const std::map<std::string, double> sizes = {
      {"gqa", 8666320}, {"mqa", 8641744}, {"sqa", 8568016}, {"ssqa", 8617168}, {"xsqa", 8518864}};
  for (const auto& [variant, count] : sizes)
    EXPECT_EQ(parameters(with(make("sqa-experts"), "attention.sparse_query", {{"variant", variant}})), count)
        << variant;
}

TEST(AttentionPresets, LongDocumentEncodersHaveTheirPublishedSizes) {
  EXPECT_EQ(parameters(make("longformer-base")), 148659456);
  // BigBird-base: its lengths are multiples of a block.
  const EncoderSketch bigBird{.name = "BigBird",
                              .vocabulary = 50358,
                              .positions = 4096,
                              .types = 2,
                              .dims = "B 1024",
                              .attentionBlock = "attention.big_bird",
                              .attention = {{"heads", int64_t(12)}, {"bias", std::string("all")}}};
  EXPECT_EQ(parameters(encoder(bigBird, catalog())), 127468800);
}

TEST(AttentionPresets, StreamingKeepsAConstantCache) {
  const CostReport report = cost(make("streaming-llm"), {.time = 64, .withPeak = false});
  EXPECT_EQ(report.parametersUnique, 6738415616.0);  // Llama 2 7B
  EXPECT_EQ(report.kvBytesPerToken, 0);
  EXPECT_EQ(report.stateBytes, 32.0 * 2 * (4 + 1999) * 4096 * 4);  // sinks and all but the newest of the window, f32
}

/// The reported ratios are 0.353 and 0.352 (6 and 12 encoders); the width is not known.
TEST(AttentionPresets, AttentionAloneIsAThirdOfTheEncoder) {
  const Architecture muted = with(make("minimal-transformer"), "attention.collapsed",
                                  {{"similarity", std::string("full")}, {"values", std::string("full")}});
  Editor editor(muted, catalog());
  const std::function<void(const Graph&)> unmute = [&](const Graph& graph) {
    for (const auto& [id, node] : graph.nodes) {
      if (node->block == "structure.residual") editor.setMuted(id, false);
      for (const auto& [name, body] : node->bodies) unmute(*body);
    }
  };
  unmute(*muted.root);
  const double all = parameters(editor.result());
  EXPECT_NEAR(parameters(muted) / all, 0.35, 0.03);
  EXPECT_LT(parameters(make("minimal-transformer")) / all, 0.12);
  // Of each layer the MLP, 2 h N^2 + h N + N with h = 4, and its norm.
  EXPECT_EQ(all - parameters(muted), 6.0 * (8 * 64 * 64 + 4 * 64 + 64 + 2 * 64));
}

/// Layers times heads stay: attention keeps its weights but for a bias a layer, MLPs and depth shrink.
TEST(AttentionPresets, WideAndDeepStacksShareTheirAttention) {
  const auto of = [](int64_t layers, int64_t heads) {
    return with(with(make("wide-text"), "structure.repeat", {{"count", layers}}), "attention.multi_head",
                {{"heads", heads}});
  };
  const double rest = parameters(of(0, 16));
  EXPECT_EQ(parameters(of(4, 4)) - rest, 3159040);
  EXPECT_EQ(parameters(of(2, 8)) - rest, 2105344);
  EXPECT_EQ(parameters(of(1, 16)) - rest, 1578496);
  // Multiply-adds: maps and scores of the heads stay, those of the MLP are divided.
  const auto macs = [&](int64_t layers, int64_t heads) {
    return cost(of(layers, heads), {.time = 64, .withPeak = false}).macs -
           cost(of(0, 16), {.time = 64, .withPeak = false}).macs;
  };
  const double mlp = 64.0 * 2 * 256 * 1024;
  EXPECT_EQ(macs(4, 4) - macs(1, 16), 3 * mlp);
  EXPECT_EQ(macs(1, 16) - mlp, 64.0 * 4 * 256 * 1024 + 2.0 * 64 * 64 * 1024);
}

TEST(AttentionPresets, KindsOfMixedAttentionHaveTheSameSize) {
  const double mixed = parameters(make("mixed-cosine"));
  for (const char* kind : {"cosine", "softmax"})
    EXPECT_EQ(parameters(with(make("mixed-cosine"), "attention.cosine", {{"kind", std::string(kind)}})), mixed);
}

TEST(AttentionPresets, HiformerHasTheSizesOfItsMatrices) {
  const double head = 128 + 1, task = 172672;  // query, output and MLP of the task token
  EXPECT_EQ(parameters(make("hiformer")), 933888 + 14942208 + task + head);
  EXPECT_EQ(parameters(with(make("hiformer"), "attention.heterogeneous", {{"mode", std::string("composite")}})),
            11829248 + 47316992 + task + head);
  // A whole heterogeneous layer, with a norm of each feature before attention and MLP: 8.14 million.
  Sketch sketch("Layer", catalog());
  sketch.add("in", {{"dims", std::string("B 38 128")}}, "features");
  sketch.sublayer("norm.per_feature", "attention.heterogeneous", {{"mode", std::string("heterogeneous")}}, {},
                  "norm_a");
  sketch.sublayer("norm.per_feature", "mlp.per_feature", {}, {}, "norm_b");
  sketch.add("out", {}, "y");
  EXPECT_EQ(parameters(sketch.result()), 8137472);
}

}  // namespace
}  // namespace fw
