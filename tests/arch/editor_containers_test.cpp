// Edits of containers: bodies, patterns, single layers, collapsing and expanding.
#include <cmath>

#include "engine/arch/diagnostic.h"
#include "tests/arch/editor_fixture.h"

namespace fw {
namespace {

std::vector<std::string> bodiesOf(const Node& node) {
  std::vector<std::string> names;
  for (const auto& [name, body] : node.bodies) names.push_back(name);
  return names;
}

using Names = std::vector<std::string>;

TEST_F(EditorTest, ContainersComeWithBodiesThatPassOn) {
  for (const char* block : {"structure.repeat", "structure.group", "structure.fork"}) {
    const NodeId id = editor.addNode({}, block, {});
    for (const std::string& name : bodyNames(node(id), *smallCatalog().find(block))) {
      const GraphPath path = {{id, name}};
      EXPECT_TRUE(hasWire(path, {{idOf(path, "x"), "y"}, {idOf(path, "y"), "x"}}));
      EXPECT_EQ(graph(path).nodes.size(), 2u);
      EXPECT_EQ(now().layout.count(idOf(path, "x")), 1u);
    }
    editor.insertOnWire({}, root().wiresFrom(s.embed).at(0), id);
  }
  EXPECT_FALSE(hasErrors(validate(now(), smallCatalog())));
  const NodeId hybrid = editor.addNode({}, "structure.repeat", {}, {{"pattern", "MM*"}});
  EXPECT_EQ(bodiesOf(node(hybrid)), (Names{"*", "M"}));
}

TEST_F(EditorTest, NestingIsBounded) {
  GraphPath path;
  for (int i = 0; i < kMaxNesting; ++i) path.push_back({editor.addNode(path, "structure.group", {}), "body"});
  EXPECT_EQ(graph(path).nodes.size(), 2u);
  editor.addNode(path, "norm.layer", {});
  expectRefused([&] { editor.addNode(path, "structure.group", {}); },
                "[add] inner graphs may be nested 32 levels deep, not more.");
  expectRefused([&] { editor.collapse({idOf(path, "norm")}, "structure.group"); },
                "[collapse] inner graphs may be nested 32 levels deep, not more.");
  expectRefused([&] { editor.replaceBlock(idOf(path, "norm"), "structure.group"); },
                "[replace] inner graphs may be nested 32 levels deep, not more.");
  // Around all of it there is no room either.
  expectRefused([&] { editor.collapse({path.front().node}, "structure.group"); },
                "[collapse] inner graphs may be nested 32 levels deep, not more.");
  EXPECT_NO_THROW(fromDocumentText(toDocumentText(now()), "deep"));
}

TEST_F(EditorTest, PatternRenamesTheOnlyBody) {
  editor.addFrame(s.inside, {.title = "inside"});
  editor.setPattern(s.layers, "A");
  EXPECT_EQ(bodiesOf(node(s.layers)), Names{"A"});
  EXPECT_EQ(graph({{s.layers, "A"}}).nodes.size(), 5u);
  EXPECT_TRUE(exists(s.attention));
  EXPECT_EQ(now().frames.begin()->second.graph, (BodyRef{s.layers, "A"}));
  editor.setPattern(s.layers, "AB*");
  EXPECT_EQ(bodiesOf(node(s.layers)), (Names{"*", "A", "B"}));
  EXPECT_EQ(graph({{s.layers, "B"}}).nodes.size(), 2u);
  editor.setPattern(s.layers, "");
  EXPECT_EQ(bodiesOf(node(s.layers)), Names{"layer"});
  EXPECT_TRUE(exists(s.attention));
  EXPECT_EQ(node(s.layers).params.count("pattern"), 0u);
  EXPECT_EQ(nodeCount(now()), 9);
  EXPECT_EQ(now().layout.size(), 9u);
  EXPECT_TRUE(hasWire({}, {{s.embed, "y"}, {s.layers, "x"}}));
}

TEST_F(EditorTest, PatternDropsBodiesOfLettersThatGo) {
  editor.setPattern(s.layers, "AB");
  const NodeId mlp = editor.addNode({{s.layers, "B"}}, "mlp.plain", {});
  editor.setLayerMuted(s.layers, 0, mlp, true);
  editor.setPattern(s.layers, "AC");
  EXPECT_EQ(bodiesOf(node(s.layers)), (Names{"A", "C"}));
  EXPECT_FALSE(exists(mlp));
  EXPECT_EQ(now().layout.count(mlp), 0u);
  EXPECT_TRUE(node(s.layers).overrides.empty());
}

TEST_F(EditorTest, NewBodiesHaveThePortsOfTheOthers) {
  const NodeId context = editor.addNode(s.inside, "in", {}, {{"kind", "mask"}}, "context");
  editor.connect(s.inside, {context, "y"}, {s.attention, "mask"});
  editor.setParam(s.layers, "pattern", "AB");
  const GraphPath b = {{s.layers, "B"}};
  EXPECT_EQ(graph(b).nodes.size(), 3u);
  EXPECT_EQ(graph(b).findByName("context")->params, (Params{{"kind", "mask"}}));
  EXPECT_NE(idOf(b, "context"), context);
  EXPECT_TRUE(hasWire(b, {{idOf(b, "x"), "y"}, {idOf(b, "y"), "x"}}));
}

TEST_F(EditorTest, BranchesOfAFork) {
  const NodeId fork = editor.addNode({}, "structure.fork", {});
  const NodeId mlp = editor.addNode({{fork, "text"}}, "mlp.plain", {});
  editor.setParam(fork, "branches", "text, audio");
  EXPECT_EQ(bodiesOf(node(fork)), (Names{"audio", "text"}));
  EXPECT_TRUE(exists(mlp));
  expectRefused([&] { editor.setParam(fork, "branches", " , "); }, "[fork] it needs a branch at least.");
  expectRefused([&] { editor.setParam(fork, "branches", "a/b"); }, "[fork] 'a/b' cannot name an inner graph.");
  expectRefused([&] { editor.setParam(fork, "branches", 3); }, "[fork.branches] '3' does not fit; expected a text.",
                Code::Parameter);
}

TEST_F(EditorTest, PatternRefused) {
  expectRefused([&] { editor.setPattern(s.embed, "A"); }, "[pattern] node 'embed' repeats nothing.");
  expectRefused([&] { editor.setPattern(s.layers, "A B"); }, "[layers] ' ' cannot name an inner graph.");
  expectRefused([&] { editor.setPattern(s.layers, "\xff"); },
                "[layers.pattern] the text is not UTF-8 or is longer than 100000 bytes.", Code::Parameter);
  expectRefused([&] { editor.setPattern(77, "A"); }, "[edit] there is no node with id 77.");
}

TEST_F(EditorTest, LayerParameters) {
  editor.setLayerParam(s.layers, 2, s.attention, "heads", 4.0);
  editor.setLayerParam(s.layers, 2, s.attention, "rope", true);
  EXPECT_EQ(node(s.layers).overrides.at(2).params.at(s.attention), (Params{{"heads", int64_t(4)}, {"rope", true}}));
  EXPECT_EQ(editor.changes(), (ChangeSet{.changed = {s.layers}}));
  editor.setParam(s.attention, "heads", 2);
  editor.setLayerParam(s.layers, 3, s.attention, "heads", 8);
  EXPECT_EQ(node(s.layers).overrides.at(3).params.at(s.attention), (Params{{"heads", int64_t(8)}}))
      << "the default overrides too";
  editor.clearLayerParam(s.layers, 3, s.attention, "heads");
  editor.clearLayerParam(s.layers, 2, s.attention, "heads");
  editor.clearLayerParam(s.layers, 2, s.attention, "heads");
  editor.clearLayerParam(s.layers, 1, s.attention, "heads");
  EXPECT_EQ(node(s.layers).overrides.size(), 1u);
  editor.clearLayerParam(s.layers, 2, s.attention, "rope");
  EXPECT_TRUE(node(s.layers).overrides.empty());
}

TEST_F(EditorTest, LayerMutes) {
  editor.setLayerMuted(s.layers, 1, s.norm, true);
  editor.setLayerMuted(s.layers, 1, s.attention, true);
  editor.setLayerMuted(s.layers, 1, s.norm, true);
  EXPECT_EQ(node(s.layers).overrides.at(1).muted, (std::vector<NodeId>{s.norm, s.attention}));
  editor.setLayerMuted(s.layers, 1, s.norm, false);
  editor.setLayerMuted(s.layers, 1, s.attention, false);
  editor.setLayerMuted(s.layers, 2, s.attention, false);
  EXPECT_TRUE(node(s.layers).overrides.empty());
}

TEST_F(EditorTest, LayersRefused) {
  const std::string embed = std::to_string(s.embed);
  expectRefused([&] { editor.setLayerMuted(s.layers, 4, s.norm, true); },
                "[layer] there is no layer 4; the layers are 0 to 3.");
  expectRefused([&] { editor.setLayerMuted(s.layers, -1, s.norm, true); },
                "[layer] there is no layer -1; the layers are 0 to 3.");
  expectRefused([&] { editor.setLayerMuted(s.layers, 0, s.embed, true); },
                "[layer] there is no node with id " + embed + " inside 'layers'.");
  expectRefused([&] { editor.setLayerMuted(s.embed, 0, s.norm, true); }, "[layer] node 'embed' repeats nothing.");
  expectRefused([&] { editor.setLayerParam(s.layers, 9, s.norm, "epsilon", 0.5); },
                "[layer] there is no layer 9; the layers are 0 to 3.");
  expectRefused([&] { editor.setLayerParam(s.layers, 0, s.norm, "legs", 4); },
                "[norm.legs] block 'norm.layer' has no such parameter.", Code::Parameter);
  expectRefused([&] { editor.setLayerParam(s.layers, 0, 77, "legs", 4); }, "[edit] there is no node with id 77.");
  expectRefused([&] { editor.clearLayerParam(s.layers, 0, s.embed, "width"); },
                "[layer] there is no node with id " + embed + " inside 'layers'.");
}

TEST_F(EditorTest, CollapseAChain) {
  const Architecture before = now();
  const NodeId frame =
      editor.addFrame(s.inside, {.title = "both", .x = 10, .y = 110, .members = {s.norm, s.attention}});
  const NodeId group = editor.collapse({s.attention, s.norm}, "structure.group");
  const GraphPath inner = {s.inside.front(), {group, "body"}};
  EXPECT_EQ(node(group).name, "group");
  EXPECT_EQ(graph(inner).nodes.size(), 4u);
  EXPECT_TRUE(hasWire(inner, {{idOf(inner, "x"), "y"}, {s.norm, "x"}}));
  EXPECT_TRUE(hasWire(inner, {{s.norm, "y"}, {s.attention, "x"}}));
  EXPECT_TRUE(hasWire(inner, {{s.attention, "y"}, {idOf(inner, "y"), "x"}}));
  EXPECT_TRUE(hasWire(s.inside, {{s.x, "y"}, {group, "x"}}));
  EXPECT_TRUE(hasWire(s.inside, {{group, "y"}, {s.add, "branch"}}));
  EXPECT_EQ(now().frames.at(frame).graph, (BodyRef{group, "body"}));
  EXPECT_EQ(now().frames.at(frame).y, 10);
  EXPECT_EQ(now().layout.at(s.attention), (Position{0, 100}));
  EXPECT_EQ(validate(now(), smallCatalog()).size(), 0u);
  const ChangeSet changes = editor.changes();
  EXPECT_TRUE(changes.changed.count(s.norm)) << "a node that changes its graph is there still";
  EXPECT_TRUE(changes.removed.empty());

  EXPECT_EQ(editor.expand(group), (std::vector<NodeId>{s.norm, s.attention}));
  EXPECT_EQ(structuralHash(now()), structuralHash(before));
  EXPECT_EQ(now().frames.at(frame).graph, s.inside.back());
  EXPECT_EQ(now().layout.size(), before.layout.size());
}

TEST_F(EditorTest, CollapseMakesAPortForEachSource) {
  // add takes the stream and the branch from outside.
  const NodeId group = editor.collapse({s.add}, "structure.group");
  const GraphPath inner = {s.inside.front(), {group, "body"}};
  EXPECT_TRUE(hasWire(inner, {{idOf(inner, "x"), "y"}, {s.add, "x"}}));
  EXPECT_TRUE(hasWire(inner, {{idOf(inner, "branch"), "y"}, {s.add, "branch"}}));
  EXPECT_TRUE(hasWire(s.inside, {{s.attention, "y"}, {group, "branch"}}));
  EXPECT_EQ(validate(now(), smallCatalog()).size(), 0u);
}

TEST_F(EditorTest, CollapseSharesAPortForOneSource) {
  editor.disconnect(s.inside, {{s.norm, "y"}, {s.attention, "x"}});
  editor.connect(s.inside, {s.x, "y"}, {s.attention, "x"});
  const NodeId group = editor.collapse({s.norm, s.attention, s.add}, "structure.group");
  const GraphPath inner = {s.inside.front(), {group, "body"}};
  EXPECT_EQ(graph(inner).wiresFrom(idOf(inner, "x")).size(), 3u);
  EXPECT_EQ(graph(s.inside).wiresInto(group).size(), 1u);
}

TEST_F(EditorTest, CollapseKeepsKinds) {
  const NodeId group = editor.collapse({s.embed}, "structure.group");
  const GraphPath inner = {{group, "body"}};
  EXPECT_EQ(graph(inner).findByName("x")->params, (Params{{"kind", "tokens"}}));
  EXPECT_EQ(validate(now(), smallCatalog()).size(), 0u);
  editor.expand(group);
  EXPECT_EQ(structuralHash(now()), structuralHash(s.document));
}

TEST_F(EditorTest, CollapseIntoARepeat) {
  const NodeId repeat = editor.collapse({s.layers}, "structure.repeat");
  EXPECT_EQ(node(repeat).name, "layers");
  EXPECT_EQ(nodeCount(*node(repeat).bodies.at("layer")), 8);
  EXPECT_FALSE(hasErrors(validate(now(), smallCatalog())));
  expectRefused([&] { editor.expand(repeat); }, "[expand] 'layers' is no group with one inner graph.");
}

TEST_F(EditorTest, CollapseOfLooseNodesGivesThemOutputs) {
  const NodeId a = editor.addNode({}, "mlp.plain", {}), b = editor.addNode({}, "norm.layer", {});
  editor.connect({}, {a, "y"}, {b, "x"});
  const NodeId group = editor.collapse({a, b}, "structure.group");
  const GraphPath inner = {{group, "body"}};
  EXPECT_TRUE(hasWire(inner, {{b, "y"}, {idOf(inner, "y"), "x"}}));
  EXPECT_EQ(graph(inner).nodes.size(), 3u);
}

TEST_F(EditorTest, CollapseKeepsSettingsOfLayers) {
  editor.setLayerParam(s.layers, 1, s.attention, "heads", 4);
  editor.collapse({s.norm, s.attention}, "structure.group");
  EXPECT_EQ(node(s.layers).overrides.at(1).params.count(s.attention), 1u);
}

TEST_F(EditorTest, CollapseRefused) {
  expectRefused([&] { editor.collapse({}, "structure.group"); }, "[collapse] no node is chosen.");
  expectRefused([&] { editor.collapse({s.embed}, "mlp.plain"); }, "[collapse] block 'mlp.plain' holds no nodes.");
  expectRefused([&] { editor.collapse({s.embed}, "no.such"); }, "[edit] this program has no block 'no.such'.");
  expectRefused(
      [&] {
        editor.collapse({s.embed, s.norm}, "structure.group");
      },
      "[collapse] the node with id " + std::to_string(s.norm) + " is not in the same graph as the others.");
  expectRefused(
      [&] {
        editor.collapse({s.norm, s.y}, "structure.group");
      },
      "[collapse] 'y' is a port of its graph and has to stay.");
  expectRefused(
      [&] {
        editor.collapse({s.norm, s.add}, "structure.group");
      },
      "[collapse] 'attention' lies between the chosen nodes; expected it to be chosen too.");
}

TEST_F(EditorTest, ExpandRefused) {
  expectRefused([&] { editor.expand(s.embed); }, "[expand] 'embed' is no group with one inner graph.");
  const NodeId group = editor.collapse({s.norm}, "structure.group");
  editor.setMuted(group, true);
  expectRefused([&] { editor.expand(group); }, "[expand] 'group' is muted; unmute it first.");
  expectRefused([&] { editor.expand(77); }, "[edit] there is no node with id 77.");
}

TEST_F(EditorTest, ExpandGivesFreeNames) {
  const NodeId group = editor.collapse({s.norm}, "structure.group");
  editor.addNode(s.inside, "norm.layer", {});
  editor.expand(group);
  EXPECT_EQ(node(s.norm).name, "norm_2");
}

TEST_F(EditorTest, ExpandWiresThrough) {
  const NodeId group = editor.addNode({}, "structure.group", {});
  editor.insertOnWire({}, {{s.embed, "y"}, {s.layers, "x"}}, group);
  EXPECT_EQ(editor.expand(group), std::vector<NodeId>{});
  EXPECT_EQ(structuralHash(now()), structuralHash(s.document));
}

TEST_F(EditorTest, NodesMoveOutOfTheirGraphAndBack) {
  editor.setLayerParam(s.layers, 1, s.attention, "heads", 4);
  editor.setLayerMuted(s.layers, 2, s.add, true);
  const NodeId namesake = editor.addNode({}, "norm.layer", {});
  const NodeId frame = editor.addFrame(s.inside, {.title = "both", .members = {s.norm, s.attention}});
  editor.moveInto({s.attention, s.norm}, {}, {-30, 500});
  EXPECT_EQ(node(s.norm).name, "norm_2") << "a name that is taken";
  EXPECT_TRUE(root().find(s.norm) && root().find(s.attention));
  EXPECT_EQ(body().nodes.size(), 3u);
  EXPECT_TRUE(hasWire({}, {{s.norm, "y"}, {s.attention, "x"}}));
  EXPECT_TRUE(hasWire(s.inside, {{s.x, "y"}, {s.add, "branch"}})) << "the stream passes through where they were";
  EXPECT_TRUE(hasWire(s.inside, {{s.x, "y"}, {s.add, "x"}}));
  EXPECT_EQ(body().wires.size(), 3u);
  EXPECT_EQ(now().layout.at(s.norm), (Position{-30, 500}));
  EXPECT_EQ(now().layout.at(s.attention), (Position{-30, 600}));
  EXPECT_EQ(node(s.layers).overrides.count(1), 0u);
  EXPECT_EQ(node(s.layers).overrides.count(2), 1u);
  EXPECT_TRUE(now().frames.at(frame).members.empty());

  editor.moveInto({s.norm, s.attention}, s.inside, {0, 100});
  EXPECT_EQ(node(s.norm).name, "norm_2");
  EXPECT_EQ(body().nodes.size(), 5u);
  EXPECT_TRUE(hasWire(s.inside, {{s.norm, "y"}, {s.attention, "x"}}));
  editor.connect(s.inside, {s.x, "y"}, {s.norm, "x"});
  editor.connect(s.inside, {s.attention, "y"}, {s.add, "branch"});
  editor.removeNodes({namesake});
  EXPECT_FALSE(hasErrors(validate(now(), smallCatalog())));
}

TEST_F(EditorTest, AMovedContainerKeepsWhatIsInside) {
  const NodeId group = editor.addNode({}, "structure.group", {900, 0});
  const GraphPath inner = {{group, "body"}};
  editor.setLayerMuted(s.layers, 2, s.add, true);
  editor.addFrame(s.inside, {.title = "kept"});
  const Architecture before = now();
  editor.moveInto({s.layers}, inner, {5, 6});
  EXPECT_TRUE(graph(inner).find(s.layers));
  EXPECT_EQ(node(s.layers).overrides.count(2), 1u);
  EXPECT_EQ(now().frames.size(), 1u);
  EXPECT_EQ(now().layout.at(s.attention), before.layout.at(s.attention));
  EXPECT_TRUE(hasWire({}, {{s.embed, "y"}, {s.logits, "x"}}));
  // Within one Repeat the settings of its layers stay.
  editor.setLayerParam(s.layers, 1, s.attention, "heads", 4);
  const GraphPath deep = {{group, "body"}, {s.layers, "layer"}};
  const NodeId deeper = editor.addNode(deep, "structure.group", {});
  editor.moveInto({s.attention}, {deep[0], deep[1], {deeper, "body"}}, {});
  EXPECT_EQ(node(s.layers).overrides.at(1).params.count(s.attention), 1u);
}

TEST_F(EditorTest, MovesIntoGraphsRefused) {
  const NodeId group = editor.addNode(s.inside, "structure.group", {});
  const GraphPath inner = {s.inside.front(), {group, "body"}};
  expectRefused([&] { editor.moveInto({}, {}, {}); }, "[move] no node is chosen.");
  expectRefused([&] { editor.moveInto({s.norm}, s.inside, {}); }, "[move] the nodes are in this graph already.");
  expectRefused([&] { editor.moveInto({s.x}, {}, {}); }, "[move] 'x' is a port of its graph and has to stay.");
  expectRefused([&] { editor.moveInto({s.layers}, inner, {}); }, "[move] 'layers' cannot be moved into itself.");
  expectRefused(
      [&] {
        editor.moveInto({s.norm, s.embed}, inner, {});
      },
      "[move] the node with id " + std::to_string(s.norm) + " is not in the same graph as the others.");
  expectRefused(
      [&] {
        editor.moveInto({s.norm}, {}, {std::nan(""), 0});
      },
      "[move] the position is not a finite number.");
  expectRefused(
      [&] {
        editor.moveInto({s.norm}, {{s.embed, "body"}}, {});
      },
      "[edit] there is no inner graph 'embed(body)'.");
}

}  // namespace
}  // namespace fw
