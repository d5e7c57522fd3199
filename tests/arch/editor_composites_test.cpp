// Linked copies of composites, promoted parameters, dots on wires, layers that leave and join a stack.
#include "tests/arch/editor_fixture.h"

namespace fw {
namespace {

int64_t headsOf(const Node& node) {
  const auto own = node.params.find("heads");
  return own == node.params.end() ? 8 : std::get<int64_t>(own->second);
}

/// The sample with norm and attention in a composite, all through a History as the program does it.
class CompositesTest : public EditorTest {
 protected:
  CompositesTest() : history(std::make_shared<const Architecture>(s.document), smallCatalog()) {
    edit([&](Editor& e) { first = e.collapse({s.norm, s.attention}, "structure.group"); });
    edit([&](Editor& e) { second = e.addLinkedCopy(first, {40, 500}); });
  }

  void edit(const std::function<void(Editor&)>& change) { history.edit("edit", {}, change); }
  const Architecture& now() const { return *history.current(); }
  const Node& node(NodeId id) const { return *findNode(now(), id); }
  GraphPath within(NodeId composite) const {
    GraphPath path;
    findNode(now(), composite, &path);
    path.push_back({composite, "body"});
    return path;
  }
  const Graph& inside(NodeId composite) const { return *graphAt(now(), within(composite)); }
  NodeId idIn(NodeId composite, const std::string& name) const {
    const Node* found = inside(composite).findByName(name);
    return found ? found->id : 0;
  }
  Position at(NodeId id) const { return now().layout.at(id); }

  History history;
  NodeId first = 0, second = 0;
};

TEST_F(CompositesTest, ALinkedCopyHasTheSameInsideUnderIdsOfItsOwn) {
  EXPECT_EQ(node(first).link, "group");
  EXPECT_EQ(node(second).link, "group");
  EXPECT_EQ(node(second).name, "group_2");
  EXPECT_EQ(at(second), (Position{40, 500, false}));
  EXPECT_EQ(structuralHash(inside(first)), structuralHash(inside(second)));
  for (const auto& [id, inner] : inside(first).nodes) EXPECT_FALSE(inside(second).find(id));
  EXPECT_TRUE(graphAt(now(), s.inside)->wiresInto(second).empty());
}

TEST_F(CompositesTest, DotsOnWiresInsideAreThoseOfAll) {
  const NodeId norm = idIn(second, "norm"), attention = idIn(second, "attention");
  const Wire mine{{s.norm, "y"}, {s.attention, "x"}}, theirs{{norm, "y"}, {attention, "x"}};
  NodeId dot = 0, later = 0;
  edit([&](Editor& e) { dot = e.addDot(within(first), mine, 0, {11, 22}); });
  const auto dotsOf = [&](const Wire& wire) {
    const auto all = dotsByWire(now());
    const auto own = all.find(wire);
    return own == all.end() ? std::vector<NodeId>{} : own->second;
  };
  ASSERT_EQ(dotsOf(theirs).size(), 1u);
  const NodeId twin = dotsOf(theirs).front();
  EXPECT_NE(twin, dot);
  EXPECT_EQ(now().dots.at(twin).x, 11);
  // Moved in the copy, it moves here; a second one comes in order.
  edit([&](Editor& e) { e.move(twin, {33, 44}); });
  EXPECT_EQ(now().dots.at(dot).x, 33);
  edit([&](Editor& e) { later = e.addDot(within(second), theirs, 1, {55, 66}); });
  ASSERT_EQ(dotsOf(mine).size(), 2u);
  EXPECT_EQ(now().dots.at(dotsOf(mine)[1]).y, 66);
  EXPECT_EQ(dotsOf(theirs), (std::vector<NodeId>{twin, later})) << "ids stay";
  edit([&](Editor& e) { e.removeNodes({twin}); });
  ASSERT_EQ(dotsOf(mine).size(), 1u);
  EXPECT_EQ(now().dots.at(dotsOf(mine)[0]).x, 55);
  history.undo();
  EXPECT_EQ(dotsOf(mine).size(), 2u);
  edit([&](Editor& e) { e.makeUnique(second); });
  edit([&](Editor& e) { e.removeNodes({dotsOf(mine)[0]}); });
  EXPECT_EQ(dotsOf(theirs).size(), 2u) << "on its own now";
}

TEST_F(CompositesTest, AnEditOfOneIsMadeInAll) {
  const NodeId theirs = idIn(second, "attention");
  edit([&](Editor& e) { e.setParam(s.attention, "heads", int64_t(4)); });
  EXPECT_EQ(headsOf(node(theirs)), 4);
  edit([&](Editor& e) { e.setParam(theirs, "heads", int64_t(2)); });
  EXPECT_EQ(headsOf(node(s.attention)), 2) << "either way";

  NodeId added = 0;
  edit([&](Editor& e) {
    added = e.addNode(within(first), "mlp.plain", {7, 300}, {{"width", int64_t(99)}});
    e.connect(within(first), {s.attention, "y"}, {added, "x"});
  });
  const NodeId copy = idIn(second, "mlp");
  ASSERT_NE(copy, 0);
  EXPECT_EQ(node(copy).params.at("width"), ParamValue(int64_t(99)));
  EXPECT_EQ(at(copy), (Position{7, 300, false}));
  EXPECT_EQ(idIn(second, "attention"), theirs) << "what was there keeps its id";
  EXPECT_EQ(inside(second).wiresInto(copy), (std::vector<Wire>{{{theirs, "y"}, {copy, "x"}}}));

  edit([&](Editor& e) { e.rename(s.attention, "mixer"); });
  EXPECT_EQ(node(theirs).name, "mixer");
  edit([&](Editor& e) { e.move(theirs, {11, 22}); });
  EXPECT_EQ(at(s.attention), (Position{11, 22, false}));
  edit([&](Editor& e) { e.removeNodes({copy}); });
  EXPECT_FALSE(findNode(now(), added));
  EXPECT_FALSE(now().layout.count(added));
  EXPECT_EQ(structuralHash(inside(first)), structuralHash(inside(second)));

  while (history.canUndo()) history.undo();
  expectSame(now(), s.document);
}

TEST_F(CompositesTest, PortsAndTheirOuterWiresFollow) {
  const NodeId add = s.add;
  edit([&](Editor& e) { e.connect(s.inside, {second, "y"}, {add, "branch"}); });
  edit([&](Editor& e) { e.rename(idIn(first, "y"), "result"); });
  EXPECT_TRUE(inside(second).findByName("result"));
  const auto wires = graphAt(now(), s.inside)->wiresFrom(second);
  EXPECT_EQ(wires, (std::vector<Wire>{{{second, "result"}, {add, "branch"}}}));
  edit([&](Editor& e) { e.removeNodes({idIn(first, "result")}); });
  EXPECT_TRUE(graphAt(now(), s.inside)->wiresFrom(second).empty());
}

TEST_F(CompositesTest, AUniqueOneGoesItsOwnWay) {
  edit([&](Editor& e) { e.makeUnique(second); });
  edit([&](Editor& e) { e.setParam(s.attention, "heads", int64_t(4)); });
  EXPECT_EQ(headsOf(node(idIn(second, "attention"))), 8);
  editor.replace(now());
  const Architecture before = now();
  expectError([&] { editor.makeUnique(second); }, Code::Graph, "[unique] 'group_2' is no linked copy.");
  expectError(
      [&] {
        editor.linkCopies({first, second});
      },
      Code::Graph, "[link] 'group' and 'group_2' differ inside; expected equal composites.");
  expectError([&] { editor.addLinkedCopy(s.add, {}); }, Code::Graph, "[link] 'add' is no composite.");
  expectSame(editor.result(), before);
  edit([&](Editor& e) { e.setParam(idIn(second, "attention"), "heads", int64_t(4)); });
  edit([&](Editor& e) { e.linkCopies({first, second}); });
  edit([&](Editor& e) { e.setParam(s.attention, "heads", int64_t(1)); });
  EXPECT_EQ(headsOf(node(idIn(second, "attention"))), 1);
}

TEST_F(CompositesTest, NoneHoldsACopyOfItself) {
  const ArchitecturePtr before = history.current();
  expectError([&] { edit([&](Editor& e) { e.moveInto({second}, within(first), {}); }); }, Code::Graph,
              "[link] 'group' would hold a copy of itself; make one of them unique first.");
  EXPECT_EQ(history.current(), before);
}

TEST_F(CompositesTest, CopiesInsideCopiesFollowToo) {
  NodeId outer = 0, twin = 0;
  edit([&](Editor& e) { outer = e.collapse({first}, "structure.group"); });
  edit([&](Editor& e) { twin = e.addLinkedCopy(outer, {0, 900}); });
  EXPECT_EQ(node(outer).link, "group_2");
  const NodeId deep = idIn(twin, "group");
  ASSERT_NE(deep, 0);
  edit([&](Editor& e) { e.setParam(idIn(second, "attention"), "heads", int64_t(4)); });
  EXPECT_EQ(headsOf(node(s.attention)), 4);
  EXPECT_EQ(headsOf(node(idIn(deep, "attention"))), 4);
  edit([&](Editor& e) { e.setParam(idIn(deep, "attention"), "heads", int64_t(2)); });
  EXPECT_EQ(headsOf(node(s.attention)), 2);
  EXPECT_EQ(headsOf(node(idIn(second, "attention"))), 2);
}

TEST_F(CompositesTest, PromotedParametersDifferAmongCopies) {
  edit([&](Editor& e) { e.promote(s.attention, "heads"); });
  const NodeId theirs = idIn(second, "attention");
  EXPECT_EQ(node(second).promoted, (std::map<std::string, std::vector<ParamRef>>{{"heads", {{theirs, "heads"}}}}));
  EXPECT_EQ(sourceOfParam(node(second), "heads"), (ParamRef{theirs, "heads"}));
  edit([&](Editor& e) { e.setParam(second, "heads", int64_t(2)); });
  EXPECT_EQ(headsOf(node(theirs)), 2);
  EXPECT_EQ(headsOf(node(s.attention)), 8) << "it is this copy's own";
  edit([&](Editor& e) { e.setParam(s.attention, "groups", int64_t(2)); });
  EXPECT_EQ(node(theirs).params, (Params{{"heads", int64_t(2)}, {"groups", int64_t(2)}}));
  edit([&](Editor& e) { e.setParam(second, "heads", int64_t(8)); });
  EXPECT_FALSE(node(theirs).params.count("heads")) << "the default";

  edit([&](Editor& e) { e.promote(s.norm, "epsilon", "heads"); });
  EXPECT_EQ(targetsOfParam(node(first), "heads"), (std::vector<ParamRef>{{s.attention, "heads"}, {s.norm, "epsilon"}}));
  EXPECT_EQ(targetsOfParam(node(first), "none"), (std::vector<ParamRef>{{first, "none"}}));
  edit([&](Editor& e) { e.removeNodes({s.attention}); });
  EXPECT_EQ(targetsOfParam(node(first), "heads"), (std::vector<ParamRef>{{s.norm, "epsilon"}}));
  edit([&](Editor& e) { e.demote(first, "heads"); });
  EXPECT_TRUE(node(second).promoted.empty());

  editor.replace(now());
  const auto refuses = [&](const std::function<void()>& change, const char* sentence) {
    expectError(change, Code::Graph, sentence);
    expectSame(editor.result(), now());
  };
  refuses([&] { editor.promote(s.norm, "heads"); }, "[promote] 'norm' has no parameter 'heads'.");
  refuses([&] { editor.promote(s.embed, "width"); }, "[promote] 'embed' lies in no composite.");
  refuses([&] { editor.promote(s.add, "x"); }, "[promote] 'add' has no parameter 'x'.");
  refuses([&] { editor.demote(first, "heads"); }, "[promote] 'group' has no promoted parameter 'heads'.");
}

TEST_F(CompositesTest, APromotedParameterIsPromotedAgain) {
  NodeId outer = 0;
  edit([&](Editor& e) { e.promote(s.attention, "heads"); });
  edit([&](Editor& e) { outer = e.collapse({first}, "structure.group"); });
  edit([&](Editor& e) { e.promote(first, "heads", "mixer_heads"); });
  edit([&](Editor& e) { e.setParam(outer, "mixer_heads", int64_t(4)); });
  EXPECT_EQ(headsOf(node(s.attention)), 4);
  EXPECT_EQ(headsOf(node(idIn(second, "attention"))), 8);
  const NodeId pasted = [&] {
    const std::string words = copyText(now(), s.inside, {outer});
    std::vector<NodeId> made;
    edit([&](Editor& e) { made = e.paste(s.inside, words, {0, 1000}); });
    return made.front();
  }();
  edit([&](Editor& e) { e.setParam(pasted, "mixer_heads", int64_t(1)); });
  EXPECT_EQ(headsOf(node(s.attention)), 4) << "the copy sets what is inside itself";
  EXPECT_EQ(headsOf(node(sourceOfParam(node(pasted), "mixer_heads")->node)), 1);
}

TEST_F(CompositesTest, PastedCopiesStayLinkedWhereTheyAreEqual) {
  const std::string words = copyText(now(), s.inside, {first});
  std::vector<NodeId> pasted;
  edit([&](Editor& e) { pasted = e.paste(s.inside, words, {0, 1000}); });
  EXPECT_EQ(node(pasted.front()).link, "group");
  edit([&](Editor& e) { e.setParam(s.attention, "heads", int64_t(4)); });
  EXPECT_EQ(headsOf(node(idIn(pasted.front(), "attention"))), 4);
  edit([&](Editor& e) { pasted = e.paste(s.inside, words, {0, 1500}); });
  EXPECT_EQ(node(pasted.front()).link, "group_2") << "what was copied has changed since";
  EXPECT_EQ(headsOf(node(idIn(pasted.front(), "attention"))), 8);
}

TEST_F(CompositesTest, LinksAndPromotionsMeanNothingAndSurviveAFile) {
  edit([&](Editor& e) { e.promote(s.attention, "heads"); });
  Architecture plain = now();
  Editor e(plain, smallCatalog());
  e.demote(first, "heads");
  e.makeUnique(first);
  EXPECT_EQ(structuralHash(e.result()), structuralHash(now()));
  EXPECT_FALSE(difference(now(), e.result()).isEmpty());
  Architecture read = fromDocumentText(toDocumentText(now()), "x");
  read.nextId = now().nextId;
  expectSame(read, now());
  const auto refuses = [](const std::string& key, const std::string& sentence) {
    expectError(
        [&] {
          fromDocumentText(R"({"format":"formwright","version":1,"architecture":{"nodes":[{"id":1,"name":"a",)"
                           R"("block":"structure.group",)" +
                               key + R"(}],"wires":[]}})",
                           "f");
        },
        Code::File, sentence);
  };
  refuses(R"("link":"a b")", "[f] node 'a' (id 1): 'a b' is no name of linked copies.");
  refuses(R"("promoted":[])", "[f] node 'a' (id 1): 'promoted' is a list; expected an object.");
  refuses(R"("promoted":{"heads":[]})",
          "[f] node 'a' (id 1): the promoted parameter 'heads' sets nothing; expected a list such as [\"3.heads\"].");
}

// ---- dots

TEST_F(EditorTest, DotsLieAlongTheirWire) {
  const Wire wire{{s.norm, "y"}, {s.attention, "x"}};
  const NodeId last = editor.addDot(s.inside, wire, 0, {1, 2}), first = editor.addDot(s.inside, wire, 0, {3, 4}),
               middle = editor.addDot(s.inside, wire, 1, {5, 6});
  EXPECT_EQ(dotsByWire(now()).at(wire), (std::vector<NodeId>{first, middle, last}));
  EXPECT_EQ(structuralHash(now()), structuralHash(s.document));
  EXPECT_TRUE(body().wires == graphAt(s.document, s.inside)->wires) << "the wire is what it was";
  editor.move(middle, {50, 60});
  EXPECT_EQ(now().dots.at(middle).x, 50);
  EXPECT_TRUE(editor.changes().added.count(middle));
  Architecture read = fromDocumentText(toDocumentText(now()), "x");
  read.nextId = now().nextId;
  expectSame(read, now());
  editor.removeNodes({first});
  EXPECT_EQ(dotsByWire(now()).at(wire), (std::vector<NodeId>{middle, last}));
  expectRefused([&] { editor.addDot({}, wire, 0, {}); }, "[dot] there is no such wire in this graph.");

  const std::vector<NodeId> copied = editor.paste(s.inside, copyText(now(), s.inside, {s.norm, s.attention}), {0, 700});
  const Wire twin{{copied[0], "y"}, {copied[1], "x"}};
  ASSERT_EQ(dotsByWire(now()).count(twin), 1u);
  const Dot& copy = now().dots.at(dotsByWire(now()).at(twin).front());
  EXPECT_EQ(copy.x, 50);
  EXPECT_EQ(copy.y, 60 + 600) << "moved as far as the nodes";

  editor.disconnect(s.inside, wire);
  editor.settle();
  EXPECT_FALSE(now().dots.count(middle));
  EXPECT_EQ(now().dots.size(), 2u) << "those of the copies stay";
}

TEST_F(EditorTest, DotsComeAlongAndFollowNames) {
  const Wire wire{{s.norm, "y"}, {s.attention, "x"}}, outer{{s.embed, "y"}, {s.layers, "x"}};
  const NodeId dot = editor.addDot(s.inside, wire, 0, {30, 150}), around = editor.addDot({}, outer, 0, {300, 0});
  const NodeId group = editor.collapse({s.norm, s.attention}, "structure.group");
  EXPECT_EQ(now().dots.at(dot).x, 30);
  EXPECT_EQ(now().dots.at(dot).y, 50) << "the group's corner was at (0, 100)";
  editor.expand(group);
  EXPECT_EQ(now().dots.at(dot).wire, wire);
  editor.rename(s.x, "stream");
  editor.settle();
  EXPECT_EQ(now().dots.at(around).wire, (Wire{{s.embed, "y"}, {s.layers, "stream"}}));
}

// ---- layers in and out

TEST_F(EditorTest, ALayerIsTakenOut) {
  editor.setLayerParam(s.layers, 2, s.attention, "heads", 4);
  editor.setLayerMuted(s.layers, 3, s.add, true);
  const NodeId taken = editor.takeOutLayer(s.layers, 2, {900, 10});
  EXPECT_EQ(node(taken).block, "structure.group");
  EXPECT_EQ(node(taken).name, "layers_2");
  EXPECT_EQ(now().layout.at(taken), (Position{900, 10, false}));
  EXPECT_EQ(headsOf(node(idOf({{taken, "body"}}, "attention"))), 4);
  const auto countOf = [&](NodeId id) { return *layerCount(node(id), *smallCatalog().find("structure.repeat"), {}); };
  EXPECT_EQ(countOf(s.layers), 2);
  const NodeId rest = root().findByName("layers_3")->id;
  EXPECT_EQ(countOf(rest), 1);
  EXPECT_EQ(node(rest).overrides.at(0).muted.size(), 1u);
  EXPECT_TRUE(hasWire({}, {{s.layers, "y"}, {taken, "x"}}));
  EXPECT_TRUE(hasWire({}, {{taken, "y"}, {rest, "x"}}));
  EXPECT_TRUE(hasWire({}, {{rest, "y"}, {s.logits, "x"}}));
  expectRefused([&] { editor.takeOutLayer(s.layers, 2, {}); },
                "[take out] there is no layer 2; the layers are 0 to 1.");
}

TEST_F(EditorTest, ALayerIsPutIn) {
  editor.setLayerParam(s.layers, 2, s.attention, "heads", 4);
  const NodeId mlp = editor.addNode({}, "mlp.plain", {500, 0});
  editor.insertOnWire({}, {{s.layers, "y"}, {s.logits, "x"}}, mlp);
  editor.putInLayer(s.layers, 1, mlp);
  const Node& stack = node(s.layers);
  EXPECT_EQ(std::get<std::string>(stack.params.at("pattern")), "ABAA") << "which gives ABAAA for five";
  EXPECT_EQ(std::get<int64_t>(stack.params.at("count")), 5);
  EXPECT_EQ(stack.overrides.count(3), 1u) << "what was layer 2";
  EXPECT_TRUE(hasWire({}, {{s.layers, "y"}, {s.logits, "x"}})) << "joined where it was";
  const GraphPath made = {{s.layers, "B"}};
  EXPECT_TRUE(hasWire(made, {{idOf(made, "x"), "y"}, {idOf(made, "mlp"), "x"}}));
  EXPECT_TRUE(hasWire(made, {{idOf(made, "mlp"), "y"}, {idOf(made, "y"), "x"}}));

  // What is equal to a kind that is there becomes one more of it.
  const NodeId again = editor.addNode({}, "mlp.plain", {500, 0});
  editor.insertOnWire({}, {{s.layers, "y"}, {s.logits, "x"}}, again);
  editor.putInLayer(s.layers, 5, again);
  EXPECT_EQ(std::get<std::string>(node(s.layers).params.at("pattern")), "ABAA") << "ABAAAB";
  EXPECT_EQ(node(s.layers).bodies.size(), 2u);
  for (const auto& [id, place] : now().layout) EXPECT_TRUE(exists(id)) << "a position of nobody";

  expectRefused([&] { editor.putInLayer(s.layers, 0, s.embed); },
                "[put in] 'group' has other ports than a layer of 'layers'.");
  expectRefused([&] { editor.putInLayer(s.layers, 9, s.embed); }, "[put in] there is no place 9; expected 0 to 6.");
  expectRefused([&] { editor.putInLayer(s.layers, 0, s.tokens); },
                "[put in] the node with id " + std::to_string(s.tokens) + " is no block beside 'layers'.");
}

}  // namespace
}  // namespace fw
