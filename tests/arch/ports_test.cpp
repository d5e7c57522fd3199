// Ports, bodies and the way through a document.
#include <gtest/gtest.h>

#include "tests/arch/small_catalog.h"

namespace fw {
namespace {

std::vector<std::string> names(const std::vector<PortDef>& ports) {
  std::vector<std::string> out;
  for (const PortDef& port : ports) out.push_back(port.name);
  return out;
}

using Names = std::vector<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

Ports ports(const Names& inputs, const Names& outputs) {
  Ports p;
  for (const std::string& name : inputs) p.inputs.push_back({.name = name});
  for (const std::string& name : outputs) p.outputs.push_back({.name = name});
  return p;
}

TEST(Ports, OfBlocks) {
  const BlockDef& block = *smallCatalog().find("attention.multi_head");
  const Ports found = portsOf(Node{.block = block.id}, block);
  EXPECT_EQ(names(found.inputs), (Names{"x", "mask"}));
  EXPECT_EQ(names(found.outputs), (Names{"y"}));
  EXPECT_EQ(found.findInput("mask")->kind, PortKind::Mask);
  EXPECT_EQ(found.findInput("y"), nullptr);
  EXPECT_NE(found.findOutput("y"), nullptr);
}

TEST(Ports, OfInputsFollowTheirKind) {
  const BlockDef& block = *smallCatalog().find("in");
  const auto port = [&](const char* kind) {
    return portsOf(Node{.block = "in", .params = {{"kind", kind}, {"dims", "B T"}}}, block).outputs[0];
  };
  EXPECT_EQ(port("tokens").kind, PortKind::Tokens);
  EXPECT_EQ(port("labels").kind, PortKind::Tokens);
  EXPECT_EQ(port("pixels").kind, PortKind::Pixels);
  EXPECT_EQ(port("mask").kind, PortKind::Mask);
  EXPECT_EQ(port("tensor").kind, PortKind::Tensor);
  EXPECT_EQ(port("tokens").dims, "B T");
  EXPECT_EQ(portsOf(Node{.block = "in"}, block).outputs[0].dims, "B T D");
}

TEST(Ports, OfContainersAreTheNodesOfTheirBodies) {
  Graph body;
  NodeId id = 10;
  const auto add = [&](const char* name, const char* block, const char* kind) {
    Node node{.id = ++id, .name = name, .block = block};
    if (*kind) node.params["kind"] = kind;
    body.nodes[id] = std::make_shared<Node>(node);
  };
  add("x", "in", "");
  add("context", "in", "tokens");
  add("y", "out", "");
  add("norm", "norm.layer", "");
  const BlockDef& block = *smallCatalog().find("structure.group");
  Node node{.block = block.id};
  node.bodies["body"] = std::make_shared<Graph>(body);
  const Ports found = portsOf(node, block);
  EXPECT_EQ(names(found.inputs), (Names{"context", "x"}));
  EXPECT_EQ(names(found.outputs), (Names{"y"}));
  EXPECT_EQ(found.inputs[0].kind, PortKind::Tokens);
  // The union where bodies differ.
  add("aside", "out", "");
  node.bodies["other"] = std::make_shared<Graph>(body);
  EXPECT_EQ(names(portsOf(node, block).outputs), (Names{"aside", "y"}));
}

TEST(Ports, Bodies) {
  const auto bodies = [](const char* block, Params params) {
    return bodyNames(Node{.block = block, .params = std::move(params)}, *smallCatalog().find(block));
  };
  EXPECT_EQ(bodies("norm.layer", {}), Names{});
  EXPECT_EQ(bodies("structure.group", {}), Names{"body"});
  EXPECT_EQ(bodies("structure.repeat", {}), Names{"layer"});
  EXPECT_EQ(bodies("structure.repeat", {{"pattern", "MM*-M"}}), (Names{"M", "*", "-"}));
  EXPECT_EQ(bodies("structure.fork", {}), (Names{"image", "text"}));
  EXPECT_EQ(bodies("structure.fork", {{"branches", " a, b ,,a"}}), (Names{"a", "b"}));
  EXPECT_EQ(bodies("structure.fork", {{"branches", ""}}), Names{});
  const BlockDef& repeat = *smallCatalog().find("structure.repeat");
  const Node hybrid{.block = repeat.id, .params = {{"pattern", "MM*"}}};
  Names layers;
  for (int64_t i = 0; i < 7; ++i) layers.push_back(layerBody(hybrid, repeat, i));
  EXPECT_EQ(layers, (Names{"M", "M", "*", "M", "M", "*", "M"}));
  EXPECT_EQ(layerBody(Node{.block = repeat.id}, repeat, 99), "layer");
}

TEST(Ports, LayerCount) {
  const BlockDef& repeat = *smallCatalog().find("structure.repeat");
  const auto count = [&](const ParamValue& value) {
    return layerCount(Node{.params = {{"count", value}}}, repeat, {{"depth", 12}});
  };
  EXPECT_EQ(layerCount(Node{}, repeat, {}), 4);
  EXPECT_EQ(count("=2*depth"), 24);
  EXPECT_EQ(count(100'000), 100'000);
  EXPECT_EQ(count(100'001), std::nullopt);
  EXPECT_EQ(count("=nothing"), std::nullopt);
}

TEST(Ports, WhatFeedsTheNextLayer) {
  EXPECT_EQ(repeatPairs(ports({"x"}, {"y"})), (Pairs{{"y", "x"}}));
  EXPECT_EQ(repeatPairs(ports({"context", "x"}, {"y"})), (Pairs{{"y", "x"}}));
  EXPECT_EQ(repeatPairs(ports({"state", "x"}, {"state", "y"})), (Pairs{{"state", "state"}, {"y", "x"}}));
  EXPECT_EQ(repeatPairs(ports({"a", "b"}, {"c", "d"})), (Pairs{{"c", "a"}, {"d", "b"}}));
  EXPECT_EQ(repeatPairs(ports({"a"}, {"b", "c"})), (Pairs{{"b", "a"}}));
  EXPECT_EQ(repeatPairs(ports({}, {"y"})), Pairs{});
}

TEST(Ports, WhatAMutedNodePassesOn) {
  Ports p = ports({"mask", "x", "y"}, {"y"});
  p.inputs[0].kind = PortKind::Mask;
  EXPECT_EQ(mutedSource(p, p.outputs[0])->name, "y");
  p.inputs.pop_back();
  EXPECT_EQ(mutedSource(p, p.outputs[0])->name, "x");
  p.inputs.pop_back();
  EXPECT_EQ(mutedSource(p, p.outputs[0]), nullptr);
}

TEST(Walk, GraphsNodesAndPaths) {
  const Sample s = sampleDocument();
  EXPECT_EQ(graphAt(s.document, {}), s.document.root.get());
  EXPECT_EQ(graphAt(s.document, s.inside)->nodes.size(), 5u);
  EXPECT_EQ(graphAt(s.document, {{s.layers, "absent"}}), nullptr);
  EXPECT_EQ(graphAt(s.document, {{s.embed, "layer"}}), nullptr);
  EXPECT_EQ(graphAt(s.document, {{9999, "layer"}}), nullptr);
  GraphPath path = {{1, "kept"}};
  EXPECT_EQ(findNode(s.document, 9999, &path), nullptr);
  EXPECT_EQ(path, (GraphPath{{1, "kept"}}));
  EXPECT_EQ(findNode(s.document, s.attention, &path)->name, "attention");
  EXPECT_EQ(path, s.inside);
  EXPECT_EQ(findNode(s.document, s.embed, &path)->name, "embed");
  EXPECT_EQ(path, GraphPath{});
  EXPECT_EQ(nodeCount(s.document), 9);
  EXPECT_EQ(pathText(s.document, s.inside, s.attention), "layers/attention");
  EXPECT_EQ(pathText(s.document, s.inside), "layers");
  EXPECT_EQ(pathText(s.document, {}, s.embed), "embed");
  EXPECT_EQ(pathText(s.document, {}), "");
  EXPECT_EQ(pathText(s.document, {{9999, "b"}}, 3), "?(b)/?");
  Editor editor(s.document, smallCatalog());
  editor.setPattern(s.layers, "M*");
  EXPECT_EQ(pathText(editor.result(), {{s.layers, "M"}}, s.attention), "layers(M)/attention");
}

TEST(Walk, WiresAndReach) {
  const Sample s = sampleDocument();
  const Graph& body = *graphAt(s.document, s.inside);
  EXPECT_EQ(body.wiresInto(s.add).size(), 2u);
  EXPECT_EQ(body.wiresFrom(s.x).size(), 2u);
  EXPECT_EQ(body.wiresFrom(s.y).size(), 0u);
  EXPECT_EQ(body.wiresFrom(s.norm), (std::vector<Wire>{{{s.norm, "y"}, {s.attention, "x"}}}));
  EXPECT_EQ(upstreamOf(body, {s.attention}), (std::set<NodeId>{s.x, s.norm, s.attention}));
  EXPECT_EQ(downstreamOf(body, {s.norm}), (std::set<NodeId>{s.norm, s.attention, s.add, s.y}));
  EXPECT_EQ(downstreamOf(body, {s.y}), std::set<NodeId>{s.y});
}

}  // namespace
}  // namespace fw
