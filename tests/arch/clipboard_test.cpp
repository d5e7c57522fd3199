// Copy and paste as text; what is pasted is not trusted.
#include <nlohmann/json.hpp>

#include "engine/arch/diagnostic.h"
#include "engine/base/json.h"
#include "engine/base/rng.h"
#include "tests/arch/editor_fixture.h"

namespace fw {
namespace {

TEST_F(EditorTest, PasteMakesEqualNodesUnderNewIds) {
  editor.setLayerParam(s.layers, 2, s.attention, "heads", 4);
  editor.setLayerMuted(s.layers, 3, s.norm, true);
  editor.setLabel(s.layers, "stack");
  const std::string text = copyText(now(), {}, {s.layers, s.embed});
  const std::vector<NodeId> pasted = editor.paste({}, text, {1000, 50});
  ASSERT_EQ(pasted.size(), 2u);
  EXPECT_EQ(node(pasted[0]).name, "embed_2");
  EXPECT_EQ(node(pasted[1]).name, "layers_2");
  EXPECT_EQ(node(pasted[1]).label, "stack");
  EXPECT_EQ(now().layout.at(pasted[0]), (Position{1000, 50}));
  EXPECT_EQ(now().layout.at(pasted[1]), (Position{1200, 50}));
  EXPECT_TRUE(hasWire({}, {{pasted[0], "y"}, {pasted[1], "x"}}));
  EXPECT_EQ(root().wires.size(), 4u) << "no wire from outside";
  const GraphPath inner = {{pasted[1], "layer"}};
  EXPECT_EQ(structuralHash(graph(inner)), structuralHash(body()));
  EXPECT_EQ(node(pasted[1]).overrides.at(2).params.count(idOf(inner, "attention")), 1u);
  EXPECT_EQ(node(pasted[1]).overrides.at(3).muted, (std::vector<NodeId>{idOf(inner, "norm")}));
  EXPECT_EQ(now().layout.at(idOf(inner, "attention")), now().layout.at(s.attention));
  EXPECT_EQ(editor.changes().added.size(), 7u);
}

TEST_F(EditorTest, PasteKeepsInputsWhereTheirSourcesStand) {
  const std::string text = copyText(now(), s.inside, {s.attention, s.add});
  const std::vector<NodeId> pasted = editor.paste(s.inside, text, {}, true);
  EXPECT_TRUE(hasWire(s.inside, {{s.norm, "y"}, {pasted[0], "x"}}));
  EXPECT_TRUE(hasWire(s.inside, {{s.x, "y"}, {pasted[1], "x"}}));
  // In another graph the ids mean nothing.
  const std::vector<NodeId> elsewhere = editor.paste({}, text, {}, true);
  EXPECT_EQ(root().wiresInto(elsewhere[0]).size(), 0u);
  // Nor where another node has taken the place.
  editor.rename(s.norm, "renamed");
  const std::vector<NodeId> again = editor.paste(s.inside, text, {}, true);
  EXPECT_EQ(graph(s.inside).wiresInto(again[0]).size(), 0u);
}

TEST_F(EditorTest, PasteIntoAnotherDocumentBringsGroupsAndVariables) {
  editor.setGroupPolicy("shared", {"tied", {{"rank", 3}}, ""});
  editor.setWeightGroup(s.attention, "shared");
  editor.setParam(s.attention, "groups", "=min(width, 8)");
  editor.setVariable("unrelated", 5);
  const std::string text = copyText(now(), {}, {s.layers});
  Architecture empty;
  editor = Editor(empty, smallCatalog());
  editor.paste({}, text, {});
  EXPECT_EQ(now().weightGroups.at("shared").policy, "tied");
  EXPECT_EQ(now().variables, (std::map<std::string, double>{{"width", 64}}));
  // What stands there wins.
  editor = Editor(empty, smallCatalog());
  editor.setVariable("width", 8);
  editor.setGroupPolicy("shared", {"dense", {}, ""});
  editor.paste({}, text, {});
  EXPECT_EQ(now().weightGroups.at("shared").policy, "dense");
  EXPECT_EQ(now().variables.at("width"), 8);
}

TEST_F(EditorTest, CopyIsDeterministicAndSaysWhatItLacks) {
  EXPECT_EQ(copyText(now(), s.inside, {s.norm, s.add}), copyText(now(), s.inside, {s.add, s.norm}));
  expectError([&] { copyText(now(), {}, {s.norm}); }, Code::Graph,
              "[copy] there is no node with id " + std::to_string(s.norm) + " in this graph.");
  expectError([&] { copyText(now(), {{1, "q"}}, {}); }, Code::Graph, "[copy] there is no inner graph 'tokens(q)'.");
}

TEST_F(EditorTest, PasteOfNothing) {
  EXPECT_TRUE(editor.paste({}, copyText(now(), {}, {}), {}).empty());
  EXPECT_TRUE(editor.changes().isEmpty());
}

TEST_F(EditorTest, HostileText) {
  const auto refused = [&](const std::string& text, const std::string& sentence) {
    expectRefused([&] { editor.paste({}, text, {}); }, sentence, Code::File);
  };
  const auto fragment = [](const std::string& rest) {
    return R"({"format":"formwright-fragment","version":1)" + rest + "}";
  };
  refused("hello",
          "[clipboard] broken JSON at line 1, column 1: syntax error while parsing value - invalid literal; last read: "
          "'h'.");
  refused("[1]", "[clipboard] text: this is no copy of nodes.");
  refused("{}", "[clipboard] text: this is no copy of nodes.");
  refused(R"({"format":["formwright-fragment"],"version":1})", "[clipboard] text: this is no copy of nodes.");
  refused(R"({"format":"formwright-fragment","version":9})",
          "[clipboard] text: its version is 9; this program reads version 1.");
  refused(R"({"format":"formwright-fragment"})",
          "[clipboard] text: its version is null; this program reads version 1.");
  refused(fragment(R"(,"nodes":{})"), "[clipboard] text: 'nodes' is an object; expected a list.");
  refused(fragment(R"(,"nodes":[{"id":1,"name":"../../etc","block":"a"}])"),
          "[clipboard] node with id 1: '../../etc' is no name; expected letters, digits, '_' and '-', at most 100.");
  refused(fragment(R"(,"incoming":3)"), "[clipboard] incoming: 'wires' is a number; expected a list.");
  refused(fragment(R"(,"incoming":[["1.y","2.x"]],"sources":{"1":[]})"),
          "[clipboard] sources: 'name' is a list; expected a text.");
  refused(fragment(R"(,"sources":[])"), "[clipboard] sources: found a list; expected an object.");
  refused(fragment(R"(,"layout":{"1":[1e300,0]})"), "[clipboard] layout: the position of id 1 is too far out.");
  expectRefused([&] { editor.paste({}, fragment(""), {NAN, 0}); }, "[paste] the position is not a finite number.");
  expectRefused([&] { editor.paste({{9, "q"}}, fragment(""), {}); }, "[edit] there is no inner graph '?(q)'.");
}

TEST_F(EditorTest, PastedWiresAndSettingsOfNodesThatAreNotThereAreDropped) {
  const auto pasted = editor.paste({}, R"({"format":"formwright-fragment","version":1,"nodes":[
      {"id":1,"name":"a","block":"norm.layer"},
      {"id":2,"name":"r","block":"structure.repeat","overrides":{"1":{"muted":[1,77],"params":{"88":{}}}}}],
      "wires":[["1.y","99.x"],["98.y","1.x"]],"incoming":[["3.y","55.x"]],"sources":{"3":"layers"}})",
                                   {}, true);
  EXPECT_EQ(root().wires.size(), 3u);
  const LayerOverride& own = node(pasted[1]).overrides.at(1);
  EXPECT_EQ(own.muted, (std::vector<NodeId>{pasted[0]}));
  EXPECT_TRUE(own.params.empty());
}

TEST_F(EditorTest, PastedNestingIsBounded) {
  GraphPath path;
  for (int i = 0; i < 20; ++i) path.push_back({editor.addNode(path, "structure.group", {}), "body"});
  const std::string text = copyText(now(), {}, {path.front().node});
  EXPECT_NO_THROW(editor.paste(GraphPath(path.begin(), path.begin() + 12), text, {}));
  const GraphPath below(path.begin(), path.begin() + 13);
  const Architecture before = now();
  EXPECT_THROW(editor.paste(below, text, {}), Error);
  expectSame(now(), before);
}

/// Text with a few bytes changed is either refused with nothing changed, or gives a document that can be saved and
/// opened.
TEST_F(EditorTest, DamagedText) {
  editor.setLayerParam(s.layers, 2, s.attention, "heads", 4);
  const std::string text = copyText(now(), {}, {s.layers, s.embed});
  const Architecture before = now();
  Rng rng(3);
  int accepted = 0, refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = text;
    for (int64_t k = 1 + rng.below(3); k > 0; --k)
      damaged[size_t(rng.below(int64_t(text.size())))] = "0129\"{}[],:.-xyn\xff\\"[rng.below(19)];
    Editor victim(before, smallCatalog());
    try {
      victim.paste({}, damaged, {}, true);
      ++accepted;
      const std::string saved = toDocumentText(victim.result());
      EXPECT_EQ(toDocumentText(fromDocumentText(saved, "again")), saved);
      validate(victim.result(), smallCatalog());
    } catch (const Error&) {
      ++refused;
      expectSame(victim.result(), before);
    }
  }
  EXPECT_GT(accepted, 50);
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace fw
