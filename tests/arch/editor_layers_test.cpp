// Edits of a stack as a whole: kinds painted, splitting, writing out.
#include "engine/arch/diagnostic.h"
#include "tests/arch/editor_fixture.h"

namespace fw {
namespace {

std::string patternOf(const Node& node) {
  const auto pattern = node.params.find("pattern");
  return pattern == node.params.end() ? "" : std::get<std::string>(pattern->second);
}

int64_t countOf(const Node& node) { return *layerCount(node, *smallCatalog().find("structure.repeat"), {}); }

TEST_F(EditorTest, KindsOfLayersArePainted) {
  editor.setParam(s.layers, "count", 6);
  expectRefused([&] { editor.setLayerKind(s.layers, {0}, "M"); },
                "[pattern] the layers of 'layers' are all alike; expected a pattern.");
  editor.setPattern(s.layers, "A");
  editor.setLayerKind(s.layers, {1, 3, 5}, "B");
  EXPECT_EQ(patternOf(node(s.layers)), "AB") << "the shortest that says so";
  EXPECT_EQ(node(s.layers).bodies.size(), 2u);
  editor.setLayerKind(s.layers, {5}, "A");
  EXPECT_EQ(patternOf(node(s.layers)), "ABABA") << "which begins again with A";
  editor.setLayerKind(s.layers, {1, 3}, "A");
  EXPECT_EQ(patternOf(node(s.layers)), "A");
  EXPECT_TRUE(exists(s.attention));
  expectRefused([&] { editor.setLayerKind(s.layers, {6}, "B"); },
                "[pattern] there is no layer 6; the layers are 0 to 5.");
  expectRefused([&] { editor.setLayerKind(s.layers, {0}, "AB"); }, "[pattern] 'AB' is no kind; expected one letter.");
  expectRefused([&] { editor.setLayerKind(s.embed, {0}, "B"); }, "[pattern] node 'embed' repeats nothing.");
}

TEST_F(EditorTest, ALayerForgetsItsSettings) {
  editor.setLayerParam(s.layers, 2, s.attention, "heads", 4);
  editor.setLayerMuted(s.layers, 2, s.add, true);
  editor.setLayerMuted(s.layers, 3, s.add, true);
  editor.clearLayer(s.layers, 2);
  editor.clearLayer(s.layers, 1);
  EXPECT_EQ(node(s.layers).overrides.size(), 1u);
  EXPECT_EQ(node(s.layers).overrides.count(3), 1u);
  expectRefused([&] { editor.clearLayer(s.embed, 0); }, "[layer] node 'embed' repeats nothing.");
}

TEST_F(EditorTest, ARepeatIsSplit) {
  editor.setLayerParam(s.layers, 0, s.attention, "heads", 4);
  editor.setLayerParam(s.layers, 2, s.attention, "heads", 2);
  editor.setLayerMuted(s.layers, 3, s.add, true);
  const NodeId second = editor.splitRepeat(s.layers, 1);
  EXPECT_EQ(countOf(node(s.layers)), 1);
  EXPECT_EQ(countOf(node(second)), 3);
  EXPECT_EQ(node(second).name, "layers_2");
  const GraphPath inside = {{second, "layer"}};
  EXPECT_EQ(graph(inside).nodes.size(), body().nodes.size());
  EXPECT_EQ(graph(inside).wires.size(), body().wires.size());
  for (const auto& [id, inner] : graph(inside).nodes) EXPECT_FALSE(body().find(id)) << "ids of its own";
  EXPECT_EQ(node(s.layers).overrides.size(), 1u);
  ASSERT_EQ(node(second).overrides.size(), 2u);
  EXPECT_EQ(node(second).overrides.at(1).params.at(idOf(inside, "attention")), (Params{{"heads", int64_t(2)}}));
  EXPECT_EQ(node(second).overrides.at(2).muted, (std::vector<NodeId>{idOf(inside, "add")}));
  EXPECT_TRUE(hasWire({}, {{s.embed, "y"}, {s.layers, "x"}}));
  EXPECT_TRUE(hasWire({}, {{s.layers, "y"}, {second, "x"}}));
  EXPECT_TRUE(hasWire({}, {{second, "y"}, {s.logits, "x"}}));
  EXPECT_EQ(root().wires.size(), 4u);
  EXPECT_TRUE(validate(now(), smallCatalog()).empty());
  expectRefused([&] { editor.splitRepeat(s.layers, 1); },
                "[split] 'layers' cannot be split before layer 1; expected 1 to 0.");
  expectRefused([&] { editor.splitRepeat(s.embed, 1); }, "[split] node 'embed' repeats nothing.");
}

TEST_F(EditorTest, APatternIsSplitWithItsLayers) {
  editor.setParam(s.layers, "count", 8);
  editor.setPattern(s.layers, "MM*-");
  const NodeId second = editor.splitRepeat(s.layers, 2);
  EXPECT_EQ(patternOf(node(s.layers)), "M");
  EXPECT_EQ(patternOf(node(second)), "*-MM") << "as the six layers are";
  EXPECT_EQ(node(s.layers).bodies.size(), 1u);
  EXPECT_EQ(node(second).bodies.size(), 3u);
  EXPECT_FALSE(hasErrors(validate(now(), smallCatalog())));
}

TEST_F(EditorTest, WhatNoLayerFeedsGoesToBothHalves) {
  const NodeId mask = editor.addNode(s.inside, "in", {}, {{"kind", "mask"}}, "mask");
  editor.connect(s.inside, {mask, "y"}, {s.attention, "mask"});
  const NodeId source = editor.addNode({}, "source.mask", {});
  const std::string output = smallCatalog().find("source.mask")->outputs.front().name;
  editor.connect({}, {source, output}, {s.layers, "mask"});
  const NodeId second = editor.splitRepeat(s.layers, 2);
  EXPECT_TRUE(hasWire({}, {{source, output}, {s.layers, "mask"}}));
  EXPECT_TRUE(hasWire({}, {{source, output}, {second, "mask"}}));
  const std::vector<NodeId> layers = editor.writeOut(second);
  for (const NodeId layer : layers) EXPECT_TRUE(hasWire({}, {{source, output}, {layer, "mask"}}));
  EXPECT_FALSE(hasErrors(validate(now(), smallCatalog())));
}

TEST_F(EditorTest, ARepeatIsWrittenOut) {
  editor.setLayerParam(s.layers, 2, s.attention, "heads", 2);
  editor.setLayerMuted(s.layers, 3, s.add, true);
  editor.setGroupPolicy("shared", {.policy = "tied"});
  editor.setWeightGroup(s.layers, "shared");
  const std::vector<NodeId> layers = editor.writeOut(s.layers);
  ASSERT_EQ(layers.size(), 4u);
  EXPECT_FALSE(exists(s.layers));
  EXPECT_FALSE(exists(s.attention));
  for (size_t i = 0; i < 4; ++i) {
    const GraphPath inside = {{layers[i], "body"}};
    EXPECT_EQ(node(layers[i]).name, "layers_" + std::to_string(i));
    EXPECT_EQ(node(layers[i]).weightGroup, "shared");
    EXPECT_EQ(node(idOf(inside, "attention")).params.count("heads"), size_t(i == 2)) << i;
    EXPECT_EQ(node(idOf(inside, "add")).isMuted, i == 3) << i;
    if (i > 0) {
      EXPECT_TRUE(hasWire({}, {{layers[i - 1], "y"}, {layers[i], "x"}}));
    }
  }
  EXPECT_TRUE(hasWire({}, {{s.embed, "y"}, {layers[0], "x"}}));
  EXPECT_TRUE(hasWire({}, {{layers[3], "y"}, {s.logits, "x"}}));
  EXPECT_EQ(now().layout.size(), size_t(nodeCount(now())));
  EXPECT_TRUE(validate(now(), smallCatalog()).empty());
}

TEST_F(EditorTest, WritingOutRefused) {
  expectRefused([&] { editor.writeOut(s.embed); }, "[write out] node 'embed' repeats nothing.");
  editor.setParam(s.layers, "count", 513);
  expectRefused([&] { editor.writeOut(s.layers); }, "[write out] 'layers' has 513 layers; expected 512 at most.");
  editor.setMuted(s.layers, true);
  editor.setParam(s.layers, "count", 2);
  expectRefused([&] { editor.writeOut(s.layers); }, "[write out] 'layers' is muted; unmute it first.");
}

}  // namespace
}  // namespace fw
