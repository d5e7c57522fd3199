// Structural hashes: blind to what has no meaning, sharp for what has.
#include <gtest/gtest.h>

#include <functional>

#include "engine/arch/document_file.h"
#include "tests/arch/small_catalog.h"

namespace fw {
namespace {

/// The document with every id `id` changed into 3 * (1000 - id), which turns the order of ids round.
std::shared_ptr<Graph> renumbered(const Graph& graph) {
  const auto now = [](NodeId id) { return 3 * (1000 - id); };
  auto copy = std::make_shared<Graph>();
  for (const auto& [id, node] : graph.nodes) {
    auto n = std::make_shared<Node>(*node);
    n->id = now(id);
    for (auto& [name, body] : n->bodies) body = renumbered(*body);
    for (auto& [layer, own] : n->overrides) {
      LayerOverride changed;
      for (const auto& [inner, params] : own.params) changed.params[now(inner)] = params;
      for (NodeId inner : own.muted) changed.muted.insert(changed.muted.begin(), now(inner));
      own = changed;
    }
    copy->nodes[n->id] = n;
  }
  for (const Wire& wire : graph.wires)
    copy->wires.push_back({{now(wire.from.node), wire.from.port}, {now(wire.to.node), wire.to.port}});
  std::sort(copy->wires.begin(), copy->wires.end());
  return copy;
}

Sample withOverrides() {
  Sample s = sampleDocument();
  Editor editor(s.document, smallCatalog());
  editor.setLayerParam(s.layers, 2, s.attention, "heads", 4);
  editor.setLayerMuted(s.layers, 3, s.norm, true);
  editor.setLayerMuted(s.layers, 3, s.attention, true);
  s.document = editor.result();
  return s;
}

TEST(StructuralHash, IsBlindToIdsAndOrder) {
  Sample s = withOverrides();
  const Hash hash = structuralHash(s.document);
  s.document.root = renumbered(*s.document.root);
  EXPECT_EQ(structuralHash(s.document), hash);
}

TEST(StructuralHash, IsBlindToWhatHasNoMeaning) {
  const Sample s = withOverrides();
  const Hash hash = structuralHash(s.document);
  Editor editor(s.document, smallCatalog());
  editor.move(s.attention, {-1e6, 2.5, true});
  editor.setLabel(s.attention, "the heart");
  editor.setName("another");
  editor.addFrame(s.inside, {.title = "frame", .members = {s.norm}});
  Architecture changed = editor.result();
  changed.extra = R"({"author":"Ada"})";
  EXPECT_EQ(structuralHash(changed), hash);
  EXPECT_NE(toDocumentText(changed), toDocumentText(s.document));
}

TEST(StructuralHash, TakesWholeNumbersInEitherForm) {
  Architecture a, b;
  Graph graph;
  graph.nodes[1] =
      std::make_shared<Node>(Node{.id = 1, .name = "n", .block = "norm.layer", .params = {{"epsilon", 1}}});
  a.root = std::make_shared<Graph>(graph);
  graph.nodes[1] =
      std::make_shared<Node>(Node{.id = 1, .name = "n", .block = "norm.layer", .params = {{"epsilon", 1.0}}});
  b.root = std::make_shared<Graph>(graph);
  EXPECT_EQ(structuralHash(a), structuralHash(b));
}

TEST(StructuralHash, SeesEveryMeaningfulEdit) {
  const Sample s = withOverrides();
  const std::vector<std::pair<const char*, std::function<void(Editor&)>>> edits = {
      {"none", [](Editor&) {}},
      {"param", [&](Editor& e) { e.setParam(s.attention, "heads", 2); }},
      {"param value", [&](Editor& e) { e.setParam(s.attention, "heads", 4); }},
      {"other param", [&](Editor& e) { e.setParam(s.attention, "window", 9); }},
      {"text param", [&](Editor& e) { e.setParam(s.attention, "note", "4"); }},
      {"bool param", [&](Editor& e) { e.setParam(s.attention, "rope", true); }},
      {"name", [&](Editor& e) { e.rename(s.attention, "mixer"); }},
      {"mute", [&](Editor& e) { e.setMuted(s.attention, true); }},
      {"mute another", [&](Editor& e) { e.setMuted(s.norm, true); }},
      {"wire less",
       [&](Editor& e) {
         e.disconnect(s.inside, {{s.x, "y"}, {s.add, "x"}});
       }},
      {"wire swapped",
       [&](Editor& e) {
         e.connect(s.inside, {s.attention, "y"}, {s.add, "x"});
         e.connect(s.inside, {s.x, "y"}, {s.add, "branch"});
       }},
      {"node more", [&](Editor& e) { e.addNode(s.inside, "mlp.plain", {}); }},
      {"other node more", [&](Editor& e) { e.addNode(s.inside, "source.mask", {}); }},
      {"node more outside", [&](Editor& e) { e.addNode({}, "mlp.plain", {}); }},
      {"node less", [&](Editor& e) { e.removeNodes({s.norm}); }},
      {"layer param", [&](Editor& e) { e.setLayerParam(s.layers, 2, s.attention, "heads", 2); }},
      {"layer param elsewhere", [&](Editor& e) { e.setLayerParam(s.layers, 1, s.attention, "heads", 4); }},
      {"layer mute less", [&](Editor& e) { e.setLayerMuted(s.layers, 3, s.norm, false); }},
      {"layer mute other", [&](Editor& e) { e.setLayerMuted(s.layers, 3, s.add, true); }},
      {"count", [&](Editor& e) { e.setParam(s.layers, "count", 5); }},
      {"pattern", [&](Editor& e) { e.setPattern(s.layers, "A"); }},
      {"variable", [&](Editor& e) { e.setVariable("width", 65); }},
      {"variable more", [&](Editor& e) { e.setVariable("depth", 64); }},
      {"group",
       [&](Editor& e) {
         e.setGroupPolicy("g", {"tied", {}, ""});
       }},
      {"group param",
       [&](Editor& e) {
         e.setGroupPolicy("g", {"tied", {{"rank", 2}}, ""});
       }},
      {"member",
       [&](Editor& e) {
         e.setGroupPolicy("g", {"tied", {}, ""});
         e.setWeightGroup(s.attention, "g");
       }},
  };
  std::map<Hash, const char*> seen;
  for (const auto& [what, edit] : edits) {
    Editor editor(s.document, smallCatalog());
    edit(editor);
    const auto [other, isNew] = seen.emplace(structuralHash(editor.result()), what);
    EXPECT_TRUE(isNew) << what << " hashes like " << other->second;
  }
}

TEST(StructuralHash, EqualGraphsAreEqualWhereverTheyStand) {
  Sample s = sampleDocument();
  Editor editor(s.document, smallCatalog());
  const std::vector<NodeId> copies = editor.paste({}, copyText(s.document, {}, {s.layers}), {0, 500});
  const Graph& original = *graphAt(editor.result(), s.inside);
  const Graph& copy = *graphAt(editor.result(), {{copies.at(0), "layer"}});
  EXPECT_EQ(structuralHash(original), structuralHash(copy));
  EXPECT_NE(structuralHash(original), structuralHash(*editor.result().root));
}

}  // namespace
}  // namespace fw
