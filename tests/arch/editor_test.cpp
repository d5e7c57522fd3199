// Edits of nodes, parameters, wires, weight groups, variables and frames.
#include "tests/arch/editor_fixture.h"

#include <cmath>

namespace fw {
namespace {

TEST_F(EditorTest, BeginsWithoutAChange) {
  EXPECT_TRUE(editor.changes().isEmpty());
  expectSame(now(), s.document);
}

TEST_F(EditorTest, AddNode) {
  const NodeId id = editor.addNode(s.inside, "mlp.plain", {12, 34, true}, {{"width", 512}, {"activation", "gelu"}});
  EXPECT_EQ(node(id).name, "mlp");
  EXPECT_EQ(node(id).block, "mlp.plain");
  EXPECT_EQ(node(id).params, (Params{{"width", int64_t(512)}})) << "the default is not kept";
  EXPECT_EQ(now().layout.at(id), (Position{12, 34, true}));
  EXPECT_EQ(editor.changes(), (ChangeSet{.added = {id}}));
  const NodeId second = editor.addNode(s.inside, "mlp.plain", {});
  EXPECT_EQ(node(second).name, "mlp_2");
  EXPECT_EQ(node(editor.addNode(s.inside, "mlp.plain", {}, {}, "ffn")).name, "ffn");
  EXPECT_GT(second, id);
}

TEST_F(EditorTest, AddNodeRefused) {
  expectRefused([&] { editor.addNode({{99, "x"}}, "mlp.plain", {}); }, "[edit] there is no inner graph '?(x)'.");
  expectRefused([&] { editor.addNode({}, "no.such", {}); }, "[edit] this program has no block 'no.such'.");
  expectRefused([&] { editor.addNode({}, "mlp.plain", {NAN, 0}); }, "[add] the position is not a finite number.");
  expectRefused([&] { editor.addNode({}, "mlp.plain", {0, 1e300}); }, "[add] the position is not a finite number.");
  expectRefused([&] { editor.addNode({}, "mlp.plain", {}, {}, "a b"); },
                "[add] 'a b' is no name; expected letters, digits, '_' and '-', at most 100.");
  expectRefused([&] { editor.addNode({}, "mlp.plain", {}, {}, "embed"); },
                "[add] the name 'embed' is taken in this graph.");
  expectRefused(
      [&] {
        editor.addNode({}, "mlp.plain", {}, {{"widht", 3}});
      },
      "[mlp.widht] block 'mlp.plain' has no such parameter.", Code::Parameter);
  expectRefused(
      [&] {
        editor.addNode({}, "structure.repeat", {}, {{"pattern", "A B"}});
      },
      "[layers_2] ' ' cannot name an inner graph.");
  expectRefused(
      [&] {
        editor.addNode({}, "structure.fork", {}, {{"branches", ","}});
      },
      "[fork] it needs a branch at least.");
}

TEST_F(EditorTest, RemoveNodes) {
  editor.removeNodes({s.attention, s.embed});
  EXPECT_FALSE(exists(s.attention));
  EXPECT_FALSE(exists(s.embed));
  EXPECT_EQ(body().wires,
            (std::vector<Wire>{{{s.x, "y"}, {s.norm, "x"}}, {{s.x, "y"}, {s.add, "x"}}, {{s.add, "y"}, {s.y, "x"}}}));
  EXPECT_EQ(now().layout.count(s.attention), 0u);
  EXPECT_EQ(editor.changes(),
            (ChangeSet{.removed = {s.attention, s.embed}, .changed = {s.norm, s.add, s.tokens, s.layers}}));
}

TEST_F(EditorTest, RemoveContainerAndItsInside) {
  editor.addFrame(s.inside, {.title = "in it"});
  const NodeId outside = editor.addFrame({}, {.title = "around", .members = {s.layers, s.embed}});
  editor.removeNodes({s.attention, s.layers, s.x});
  EXPECT_EQ(editor.changes().removed, (Ids{s.layers, s.x, s.norm, s.attention, s.add, s.y}));
  EXPECT_EQ(now().layout.size(), 3u);
  EXPECT_EQ(now().frames.size(), 1u);
  EXPECT_EQ(now().frames.at(outside).members, (std::vector<NodeId>{s.embed}));
  EXPECT_EQ(root().wires, (std::vector<Wire>{{{s.tokens, "y"}, {s.embed, "tokens"}}}));
}

TEST_F(EditorTest, RemoveForgetsSettingsOfLayers) {
  editor.setLayerMuted(s.layers, 1, s.attention, true);
  editor.setLayerMuted(s.layers, 2, s.attention, true);
  editor.setLayerMuted(s.layers, 2, s.norm, true);
  editor.setLayerParam(s.layers, 3, s.attention, "heads", 2);
  editor.removeNodes({s.attention});
  EXPECT_EQ(node(s.layers).overrides.size(), 1u);
  EXPECT_EQ(node(s.layers).overrides.at(2).muted, (std::vector<NodeId>{s.norm}));
}

TEST_F(EditorTest, RemovePortTakesOuterWires) {
  editor.removeNodes({s.y});
  EXPECT_FALSE(hasWire({}, {{s.layers, "y"}, {s.logits, "x"}}));
  EXPECT_TRUE(hasWire({}, {{s.embed, "y"}, {s.layers, "x"}}));
  EXPECT_TRUE(editor.changes().changed.count(s.layers));
}

TEST_F(EditorTest, RemoveRefused) {
  expectRefused([&] { editor.removeNodes({s.norm, 777}); }, "[edit] there is no node with id 777.");
}

TEST_F(EditorTest, RemoveAndHeal) {
  editor.removeAndHeal(s.norm);
  EXPECT_TRUE(hasWire(s.inside, {{s.x, "y"}, {s.attention, "x"}}));
  editor.removeAndHeal(s.add);
  EXPECT_TRUE(hasWire(s.inside, {{s.x, "y"}, {s.y, "x"}})) << "the stream, not the branch";
  editor.removeAndHeal(s.embed);
  EXPECT_EQ(root().wires, (std::vector<Wire>{{{s.layers, "y"}, {s.logits, "x"}}})) << "tokens do not fit";
  expectRefused([&] { editor.removeAndHeal(s.embed); },
                "[edit] there is no node with id " + std::to_string(s.embed) + ".");
}

TEST_F(EditorTest, ConnectReplacesTheWireIntoAnInput) {
  editor.connect(s.inside, {s.norm, "y"}, {s.add, "branch"});
  EXPECT_TRUE(hasWire(s.inside, {{s.norm, "y"}, {s.add, "branch"}}));
  EXPECT_FALSE(hasWire(s.inside, {{s.attention, "y"}, {s.add, "branch"}}));
  EXPECT_EQ(editor.changes(), (ChangeSet{.changed = {s.norm, s.attention, s.add}}));
  editor.connect(s.inside, {s.norm, "y"}, {s.add, "branch"});
  EXPECT_EQ(body().wires.size(), 5u);
}

TEST_F(EditorTest, ConnectAndDisconnectRefused) {
  expectRefused(
      [&] {
        editor.connect(s.inside, {s.add, "y"}, {s.norm, "x"});
      },
      "[connect] That would close a cycle: 'norm' feeds 'add' already.");
  expectRefused(
      [&] {
        editor.connect({}, {s.tokens, "y"}, {s.layers, "x"});
      },
      "[connect] Kinds differ: 'y' gives tokens, 'x' takes a tensor.");
  const std::string norm = std::to_string(s.norm), add = std::to_string(s.add);
  expectRefused(
      [&] {
        editor.disconnect(s.inside, {{s.norm, "y"}, {s.add, "x"}});
      },
      "[disconnect] there is no wire from " + norm + ".y to " + add + ".x.");
  expectRefused([&] { editor.disconnect({{1, "q"}}, {}); }, "[edit] there is no inner graph 'tokens(q)'.");
}

TEST_F(EditorTest, Disconnect) {
  editor.disconnect({}, {{s.embed, "y"}, {s.layers, "x"}});
  EXPECT_EQ(root().wires.size(), 2u);
  EXPECT_EQ(editor.changes(), (ChangeSet{.changed = {s.embed, s.layers}}));
}

TEST_F(EditorTest, InsertOnWire) {
  const NodeId mlp = editor.addNode(s.inside, "mlp.plain", {});
  editor.insertOnWire(s.inside, {{s.attention, "y"}, {s.add, "branch"}}, mlp);
  EXPECT_TRUE(hasWire(s.inside, {{s.attention, "y"}, {mlp, "x"}}));
  EXPECT_TRUE(hasWire(s.inside, {{mlp, "y"}, {s.add, "branch"}}));
  EXPECT_FALSE(hasWire(s.inside, {{s.attention, "y"}, {s.add, "branch"}}));
  const NodeId mask = editor.addNode({}, "source.mask", {});
  expectRefused(
      [&] {
        editor.insertOnWire({}, {{s.embed, "y"}, {s.layers, "x"}}, mask);
      },
      "[insert] the node has no input that takes what this wire carries.");
  const NodeId embed = editor.addNode({}, "embedding.token", {});
  expectRefused(
      [&] {
        editor.insertOnWire({}, {{s.tokens, "y"}, {s.embed, "tokens"}}, embed);
      },
      "[insert] the node has no output that fits the end of this wire.");
  expectRefused(
      [&] {
        editor.insertOnWire({}, {{s.tokens, "y"}, {s.layers, "x"}}, embed);
      },
      "[disconnect] there is no wire from 1.y to 3.x.");
}

TEST_F(EditorTest, ReplaceBlockKeepsWiresAndParameters) {
  editor.setParam(s.embed, "width", 128);
  const NodeId mlp = editor.addNode({}, "mlp.plain", {}, {{"width", 99}, {"activation", "relu"}});
  editor.insertOnWire({}, {{s.embed, "y"}, {s.layers, "x"}}, mlp);
  editor.replaceBlock(mlp, "norm.layer");
  EXPECT_EQ(node(mlp).block, "norm.layer");
  EXPECT_EQ(node(mlp).name, "norm");
  EXPECT_EQ(node(mlp).params, Params{});
  EXPECT_TRUE(hasWire({}, {{s.embed, "y"}, {mlp, "x"}}));
  EXPECT_TRUE(hasWire({}, {{mlp, "y"}, {s.layers, "x"}}));
  editor.rename(mlp, "mine");
  editor.replaceBlock(mlp, "structure.residual");
  EXPECT_EQ(node(mlp).name, "mine");
  EXPECT_TRUE(hasWire({}, {{s.embed, "y"}, {mlp, "x"}}));
  editor.replaceBlock(mlp, "structure.repeat");
  EXPECT_EQ(node(mlp).bodies.size(), 1u);
  EXPECT_TRUE(hasWire({}, {{mlp, "y"}, {s.layers, "x"}}));
  const Ids inside = {idOf({{mlp, "layer"}}, "x"), idOf({{mlp, "layer"}}, "y")};
  editor.replaceBlock(mlp, "attention.multi_head");
  EXPECT_TRUE(node(mlp).bodies.empty());
  for (NodeId id : inside) EXPECT_EQ(now().layout.count(id), 0u);
  // An embedding takes no tensor: the wire into it goes, the one from it stays.
  editor.replaceBlock(mlp, "embedding.token");
  EXPECT_TRUE(root().wiresInto(mlp).empty());
  EXPECT_TRUE(hasWire({}, {{mlp, "y"}, {s.layers, "x"}}));
}

TEST_F(EditorTest, ReplaceBlockRefused) {
  expectRefused([&] { editor.replaceBlock(s.embed, "no.such"); }, "[edit] this program has no block 'no.such'.");
  expectRefused([&] { editor.replaceBlock(s.tokens, "mlp.plain"); }, "[replace] a port stays what it is.");
  expectRefused([&] { editor.replaceBlock(s.embed, "out"); }, "[replace] a port stays what it is.");
  expectRefused([&] { editor.replaceBlock(77, "out"); }, "[edit] there is no node with id 77.");
}

TEST_F(EditorTest, SetParam) {
  editor.setParam(s.attention, "heads", 4.0);
  EXPECT_EQ(node(s.attention).params, (Params{{"heads", int64_t(4)}}));
  EXPECT_EQ(editor.changes(), (ChangeSet{.changed = {s.attention}}));
  editor.setParam(s.attention, "heads", "=width/8");
  EXPECT_EQ(node(s.attention).params, (Params{{"heads", "=width/8"}}));
  editor.setParam(s.attention, "heads", 8);
  EXPECT_EQ(node(s.attention).params, Params{});
  EXPECT_TRUE(editor.changes().isEmpty());
  editor.setParam(s.norm, "epsilon", 1);
  EXPECT_EQ(node(s.norm).params, (Params{{"epsilon", 1.0}}));
  editor.setParam(s.attention, "heads", 1000);
  EXPECT_EQ(node(s.attention).params, (Params{{"heads", int64_t(1000)}})) << "out of range is for validate() to say";
}

TEST_F(EditorTest, SetParamRefused) {
  const auto refused = [&](const char* param, const ParamValue& value, const std::string& sentence) {
    expectRefused([&] { editor.setParam(s.attention, param, value); }, sentence, Code::Parameter);
  };
  refused("legs", 4, "[attention.legs] block 'attention.multi_head' has no such parameter.");
  refused("heads", "four", "[attention.heads] 'four' does not fit; expected a whole number.");
  refused("heads", 2.5, "[attention.heads] '2.5' does not fit; expected a whole number.");
  refused("heads", NAN, "[attention.heads] the number is not finite.");
  refused("rope", "yes", "[attention.rope] 'yes' does not fit; expected true or false.");
  refused("note", "\xff", "[attention.note] the text is not UTF-8 or is longer than 100000 bytes.");
  refused("note", std::string(100'001, 'x'), "[attention.note] the text is not UTF-8 or is longer than 100000 bytes.");
  expectRefused([&] { editor.setParam(77, "heads", 4); }, "[edit] there is no node with id 77.");
}

TEST_F(EditorTest, UnknownBlocksTakeAnyParameter) {
  auto root = std::make_shared<Graph>(*s.document.root);
  root->nodes[500] = std::make_shared<Node>(Node{.id = 500, .name = "odd", .block = "future.block"});
  s.document.root = root;
  editor = Editor(s.document, smallCatalog());
  editor.setParam(500, "legs", 4);
  EXPECT_EQ(node(500).params, (Params{{"legs", int64_t(4)}}));
  expectRefused([&] { editor.setParam(500, "a b", 4); }, "[odd] 'a b' is no name of a parameter.", Code::Parameter);
  editor.rename(500, "stranger");
  editor.removeNodes({500});
}

TEST_F(EditorTest, Rename) {
  editor.rename(s.norm, "pre");
  EXPECT_EQ(node(s.norm).name, "pre");
  EXPECT_EQ(editor.changes(), (ChangeSet{.changed = {s.norm}}));
  editor.rename(s.norm, "pre");
  expectRefused([&] { editor.rename(s.norm, "attention"); }, "[rename] the name 'attention' is taken in this graph.");
  expectRefused([&] { editor.rename(s.norm, ""); },
                "[rename] '' is no name; expected letters, digits, '_' and '-', at most 100.");
  expectRefused([&] { editor.rename(s.norm, "a/b"); },
                "[rename] 'a/b' is no name; expected letters, digits, '_' and '-', at most 100.");
}

TEST_F(EditorTest, RenamingAPortFollowsEverywhere) {
  editor.setPattern(s.layers, "AB");
  editor.rename(s.x, "stream");
  EXPECT_NE(graph({{s.layers, "A"}}).findByName("stream"), nullptr);
  EXPECT_NE(graph({{s.layers, "B"}}).findByName("stream"), nullptr);
  EXPECT_TRUE(hasWire({}, {{s.embed, "y"}, {s.layers, "stream"}}));
  editor.rename(s.y, "result");
  EXPECT_TRUE(hasWire({}, {{s.layers, "result"}, {s.logits, "x"}}));
  EXPECT_TRUE(editor.changes().changed.count(s.layers));
  editor.addNode({{s.layers, "B"}}, "norm.layer", {}, {}, "taken");
  expectRefused([&] { editor.rename(s.x, "taken"); }, "[rename] the name 'taken' is taken in the inner graph 'B'.");
}

TEST_F(EditorTest, LabelMuteAndMove) {
  editor.setLabel(s.norm, "größer");
  editor.setMuted(s.attention, true);
  editor.move(s.embed, {7, 8, true});
  EXPECT_EQ(node(s.norm).label, "größer");
  EXPECT_TRUE(node(s.attention).isMuted);
  EXPECT_EQ(now().layout.at(s.embed), (Position{7, 8, true}));
  EXPECT_EQ(editor.changes(), (ChangeSet{.changed = {s.norm, s.attention}, .moved = {s.embed}}));
  expectRefused([&] { editor.setLabel(s.norm, "\xc3"); },
                "[label] the text is not UTF-8 or is longer than 100000 bytes.", Code::Parameter);
  expectRefused([&] { editor.setLabel(77, ""); }, "[edit] there is no node with id 77.");
  expectRefused([&] { editor.setMuted(77, true); }, "[edit] there is no node with id 77.");
  expectRefused([&] { editor.move(77, {}); }, "[edit] there is no node with id 77.");
  expectRefused([&] { editor.move(s.embed, {INFINITY, 0}); }, "[move] the position is not a finite number.");
}

TEST_F(EditorTest, MovingIsNoChangeOfGraphs) {
  editor.move(s.attention, {1, 2});
  EXPECT_EQ(now().root, s.document.root) << "the graphs are shared with the snapshot before";
}

TEST_F(EditorTest, WeightGroups) {
  editor.setGroupPolicy("shared", {"tied_lora", {{"rank", 4}}, ""});
  editor.setWeightGroup(s.attention, "shared");
  editor.setWeightGroup(s.embed, "shared");
  EXPECT_EQ(now().weightGroups.at("shared").policy, "tied_lora");
  EXPECT_EQ(node(s.attention).weightGroup, "shared");
  EXPECT_TRUE(editor.changes().documentChanged);
  editor.setWeightGroup(s.embed, "");
  EXPECT_EQ(node(s.embed).weightGroup, "");
  editor.setWeightGroup(s.layers, "shared");
  editor.setGroupPolicy("shared", {});
  EXPECT_TRUE(now().weightGroups.empty());
  EXPECT_EQ(node(s.attention).weightGroup, "");
  EXPECT_EQ(node(s.layers).weightGroup, "");
  EXPECT_TRUE(editor.changes().isEmpty());
  expectRefused([&] { editor.setWeightGroup(s.embed, "none"); }, "[weight group] there is no weight group 'none'.");
  expectRefused([&] { editor.setGroupPolicy("none", {}); }, "[weight group] there is no weight group 'none'.");
  expectRefused(
      [&] {
        editor.setGroupPolicy("a b", {"tied", {}, ""});
      },
      "[weight group] 'a b' is no name; expected letters, digits, '_' and '-', at most 100.");
  expectRefused(
      [&] {
        editor.setGroupPolicy("a", {"ti ed", {}, ""});
      },
      "[weight group] 'ti ed' is no name of a policy.");
  expectRefused(
      [&] {
        editor.setGroupPolicy("a", {"tied", {{"r", NAN}}, ""});
      },
      "[weight group] the number 'r' is not finite.");
  expectRefused(
      [&] {
        editor.setGroupPolicy("a", {"tied", {{"r r", 1}}, ""});
      },
      "[weight group] 'r r' is no name of a parameter.");
}

TEST_F(EditorTest, VariablesAndName) {
  editor.setVariable("depth", 12);
  EXPECT_EQ(now().variables, (std::map<std::string, double>{{"depth", 12}, {"width", 64}}));
  EXPECT_EQ(editor.changes(), (ChangeSet{.documentChanged = true}));
  editor.removeVariable("depth");
  EXPECT_TRUE(editor.changes().isEmpty());
  editor.setName("größer");
  EXPECT_EQ(now().name, "größer");
  EXPECT_TRUE(editor.changes().documentChanged);
  expectRefused([&] { editor.removeVariable("depth"); }, "[variable] there is no variable 'depth'.");
  expectRefused([&] { editor.setVariable("d-1", 1); },
                "[variable] 'd-1' is no name; expected letters, digits and '_', no digit first, at most 100.");
  expectRefused([&] { editor.setVariable("d", INFINITY); }, "[variable] the value of 'd' is not finite.");
  expectRefused([&] { editor.setName("\xff"); }, "[name] the text is not UTF-8 or is longer than 100000 bytes.",
                Code::Parameter);
}

TEST_F(EditorTest, Frames) {
  const NodeId id = editor.addFrame(
      s.inside, {.title = "Attention", .x = 1, .y = 2, .width = 30, .height = 40, .members = {s.norm, s.x}});
  EXPECT_EQ(now().frames.at(id).graph, s.inside.back());
  EXPECT_EQ(now().frames.at(id).members, (std::vector<NodeId>{s.x, s.norm}));
  EXPECT_EQ(editor.changes(), (ChangeSet{.added = {id}}));
  const Architecture before = now();
  editor.move(id, {5, 6});
  EXPECT_EQ(now().frames.at(id).x, 5);
  EXPECT_EQ(difference(before, now()), (ChangeSet{.moved = {id}}));
  Frame frame = now().frames.at(id);
  frame.note = "why";
  frame.graph = {};
  editor.setFrame(id, frame);
  EXPECT_EQ(now().frames.at(id).note, "why");
  EXPECT_EQ(now().frames.at(id).graph, s.inside.back()) << "a frame stays in its graph";
  EXPECT_EQ(difference(before, now()), (ChangeSet{.changed = {id}}));
  expectRefused([&] { editor.setFrame(77, {}); }, "[frame] there is no frame with id 77.");
  expectRefused([&] { editor.addFrame(s.inside, {.members = {s.embed}}); },
                "[frame] there is no node with id " + std::to_string(s.embed) + " in the frame's graph.");
  expectRefused([&] { editor.addFrame({}, {.width = NAN}); }, "[frame] a coordinate is not a finite number.");
  expectRefused([&] { editor.addFrame({}, {.title = "\xff"}); },
                "[frame] the text is not UTF-8 or is longer than 100000 bytes.", Code::Parameter);
  expectRefused([&] { editor.addFrame({{1, "no"}}, {}); }, "[edit] there is no inner graph 'tokens(no)'.");
  editor.removeNodes({id, s.norm});
  EXPECT_TRUE(now().frames.empty());
  EXPECT_FALSE(exists(s.norm));
}

TEST_F(EditorTest, FramesOfFilesMayNameGraphsThatAreNotThere) {
  s.document.frames[900] = {.graph = {901, "layer"}, .title = "lost"};
  editor = Editor(s.document, smallCatalog());
  expectRefused([&] { editor.setFrame(900, {.title = "found"}); }, "[edit] there is no node with id 901.");
  editor.removeNodes({900});
  EXPECT_TRUE(now().frames.empty());
}

TEST_F(EditorTest, IdsAreNotUsedAgain) {
  const NodeId first = editor.addNode({}, "norm.layer", {});
  editor.removeNodes({first});
  EXPECT_GT(editor.addNode({}, "norm.layer", {}), first);
  Architecture full = s.document;
  full.nextId = NodeId(1) << 53;
  editor = Editor(full, smallCatalog());
  expectRefused([&] { editor.addNode({}, "norm.layer", {}); },
                "[edit] the document has used up its ids; save it and open it again.");
}

TEST_F(EditorTest, ReplaceTakesAnotherDocument) {
  const Architecture other = randomDocument(3);
  editor.replace(other);
  expectSame(now(), other);
}

TEST_F(EditorTest, EditsLeaveTheBaseAlone) {
  const std::string before = toDocumentText(s.document);
  const Architecture base = s.document;
  editor.setParam(s.attention, "heads", 2);
  const Architecture middle = now();
  const std::string middleText = toDocumentText(middle);
  editor.setParam(s.attention, "heads", 4);
  editor.rename(s.norm, "other");
  editor.removeNodes({s.add});
  EXPECT_EQ(toDocumentText(base), before);
  EXPECT_EQ(toDocumentText(middle), middleText) << "a result taken in between is a snapshot too";
}

}  // namespace
}  // namespace fw
