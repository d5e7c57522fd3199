// Undo, redo, merging, and what listeners hear.
#include <gtest/gtest.h>

#include "engine/arch/document_file.h"
#include "engine/base/rng.h"
#include "tests/arch/small_catalog.h"
#include "tests/support/expect_error.h"

namespace fw {
namespace {

class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() : history(std::make_shared<const Architecture>(s.document), smallCatalog()) {
    history.setListener([this](const ArchitecturePtr& snapshot, const ChangeSet& changes) {
      EXPECT_EQ(snapshot, history.current());
      heard.push_back(changes);
    });
  }

  void heads(int64_t count, const std::string& key = {}) {
    history.edit("Set heads", key, [&](Editor& editor) { editor.setParam(s.attention, "heads", count); });
  }
  int64_t heads() const {
    return std::get<int64_t>(paramValue(*findNode(*history.current(), s.attention),
                                        *smallCatalog().find("attention.multi_head"), "heads", {}));
  }

  Sample s = sampleDocument();
  std::vector<ChangeSet> heard;
  History history;
};

TEST_F(HistoryTest, UndoAndRedo) {
  const ArchitecturePtr first = history.current();
  EXPECT_FALSE(history.canUndo());
  heads(4);
  heads(2);
  EXPECT_EQ(history.entries().size(), 3u);
  EXPECT_EQ(history.entries()[1].title, "Set heads");
  history.undo();
  EXPECT_EQ(heads(), 4);
  history.undo();
  EXPECT_EQ(history.current(), first);
  EXPECT_FALSE(history.canUndo());
  history.undo();
  history.redo();
  history.redo();
  history.redo();
  EXPECT_EQ(heads(), 2);
  EXPECT_FALSE(history.canRedo());
  EXPECT_EQ(heard, std::vector<ChangeSet>(6, ChangeSet{.changed = {s.attention}}));
}

TEST_F(HistoryTest, AnEditAfterUndoCutsTheRest) {
  heads(4);
  heads(2);
  history.undo();
  heads(1);
  EXPECT_EQ(history.entries().size(), 3u);
  EXPECT_FALSE(history.canRedo());
  history.undo();
  EXPECT_EQ(heads(), 4);
}

TEST_F(HistoryTest, NothingHappensWithoutAChange) {
  heads(4);
  history.undo();
  heard.clear();
  heads(8);
  history.edit("Add and remove", "",
               [&](Editor& editor) { editor.removeNodes({editor.addNode({}, "norm.layer", {})}); });
  EXPECT_EQ(history.entries().size(), 2u) << "what can be redone stays";
  EXPECT_TRUE(heard.empty());
}

TEST_F(HistoryTest, NothingHappensWhenAnEditThrows) {
  heads(4);
  heard.clear();
  const ArchitecturePtr before = history.current();
  expectError(
      [&] {
        history.edit("Fails", "", [&](Editor& editor) {
          editor.setParam(s.attention, "heads", 2);
          editor.setParam(s.attention, "legs", 2);
        });
      },
      Code::Parameter, "[attention.legs] block 'attention.multi_head' has no such parameter.");
  EXPECT_EQ(history.current(), before);
  EXPECT_EQ(history.entries().size(), 2u);
  EXPECT_TRUE(heard.empty());
}

TEST_F(HistoryTest, ADragIsOneStep) {
  const auto drag = [&](double x) {
    history.edit("Move", "drag", [&](Editor& editor) { editor.move(s.embed, {x, 0}); });
  };
  for (int i = 1; i <= 10; ++i) drag(200 + i);
  EXPECT_EQ(history.entries().size(), 2u);
  EXPECT_EQ(heard.size(), 10u);
  history.undo();
  EXPECT_EQ(history.current()->layout.at(s.embed).x, 200);
  history.redo();
  EXPECT_EQ(history.current()->layout.at(s.embed).x, 210);
  drag(300);
  EXPECT_EQ(history.entries().size(), 3u) << "a walk through the history ends a drag";
  history.endMerge();
  drag(400);
  EXPECT_EQ(history.entries().size(), 4u);
  history.edit("Move", "another", [&](Editor& editor) { editor.move(s.embed, {500, 0}); });
  EXPECT_EQ(history.entries().size(), 5u);
  heads(4);
  heads(2);
  EXPECT_EQ(history.entries().size(), 7u) << "edits without a key never merge";
}

TEST_F(HistoryTest, ADragThatEndsAsItBeganIsNoStep) {
  heads(4, "spin");
  heads(2, "spin");
  heads(8, "spin");
  EXPECT_EQ(history.entries().size(), 1u);
  EXPECT_FALSE(history.isModified());
  EXPECT_EQ(heads(), 8);
  heads(4, "spin");
  EXPECT_EQ(history.entries().size(), 2u);
  history.undo();
  EXPECT_EQ(heads(), 8);
}

TEST_F(HistoryTest, SavedAndModified) {
  EXPECT_FALSE(history.isModified());
  heads(4, "spin");
  EXPECT_TRUE(history.isModified());
  history.markSaved();
  EXPECT_FALSE(history.isModified());
  heads(2, "spin");
  EXPECT_EQ(history.entries().size(), 3u) << "what is saved is not merged away";
  EXPECT_TRUE(history.isModified());
  history.undo();
  EXPECT_FALSE(history.isModified());
  history.undo();
  EXPECT_TRUE(history.isModified());
  heads(1);
  EXPECT_TRUE(history.isModified()) << "the saved snapshot can no more be reached";
  history.undo();
  EXPECT_TRUE(history.isModified());
}

TEST_F(HistoryTest, GoTo) {
  for (int64_t count : {1, 2, 4}) heads(count);
  heard.clear();
  history.goTo(1);
  EXPECT_EQ(heads(), 1);
  history.goTo(1);
  EXPECT_EQ(heard.size(), 1u);
  expectError([&] { history.goTo(4); }, Code::Usage, "[history] there is no entry 4; the last is 3.");
  EXPECT_EQ(history.index(), 1u);
}

TEST_F(HistoryTest, TheOldestEntriesGo) {
  for (int i = 0; i < 700; ++i)
    history.edit("Move", "", [&](Editor& editor) { editor.move(s.embed, {double(1000 + i), 0}); });
  EXPECT_EQ(history.entries().size(), 500u);
  EXPECT_EQ(history.index(), 499u);
  EXPECT_EQ(history.current()->layout.at(s.embed).x, 1699);
  history.goTo(0);
  EXPECT_EQ(history.current()->layout.at(s.embed).x, 1200);
  EXPECT_TRUE(history.isModified());
}

/// Everything that a person does is undone to the byte, and done again.
TEST_F(HistoryTest, UndoesEverything) {
  Rng rng(11);
  std::vector<std::string> texts = {toDocumentText(*history.current())};
  NodeId group = 0;
  const std::vector<std::function<void(Editor&)>> edits = {
      [&](Editor& e) {
        e.addNode(s.inside, "mlp.plain", {1, 2});
      },
      [&](Editor& e) {
        group = e.collapse({s.norm, s.attention}, "structure.group");
      },
      [&](Editor& e) { e.setLayerParam(s.layers, 2, s.attention, "heads", 4); },
      [&](Editor& e) { e.setLayerMuted(s.layers, 1, group, true); },
      [&](Editor& e) { e.addFrame({}, {.title = "frame", .members = {s.embed}}); },
      [&](Editor& e) {
        e.move(s.embed, {9, 9, true});
      },
      [&](Editor& e) { e.setPattern(s.layers, "AB"); },
      [&](Editor& e) { e.rename(s.x, "stream"); },
      [&](Editor& e) {
        e.setGroupPolicy("g", {"tied", {}, ""});
      },
      [&](Editor& e) { e.setWeightGroup(s.attention, "g"); },
      [&](Editor& e) { e.setVariable("depth", 3); },
      [&](Editor& e) { e.setLabel(s.norm, "label"); },
      [&](Editor& e) {
        e.paste({}, copyText(e.result(), {}, {s.embed, s.layers}), {0, 900}, true);
      },
      [&](Editor& e) { e.expand(group); },
      [&](Editor& e) { e.removeAndHeal(s.norm); },
      [&](Editor& e) { e.setGroupPolicy("g", {}); },
      [&](Editor& e) {
        e.removeNodes({s.layers, s.tokens});
      },
      [&](Editor& e) { e.setName("other"); },
  };
  for (const auto& edit : edits) {
    history.edit("Edit", "", edit);
    texts.push_back(toDocumentText(*history.current()));
    EXPECT_NE(texts.back(), texts[texts.size() - 2]) << texts.size();
  }
  ASSERT_EQ(history.entries().size(), texts.size());
  for (int i = 0; i < 200; ++i) {
    if (rng.uniform() < 0.5) {
      history.undo();
    } else {
      history.redo();
    }
    EXPECT_EQ(toDocumentText(*history.current()), texts[history.index()]);
  }
  history.goTo(0);
  EXPECT_EQ(structuralHash(*history.current()), structuralHash(s.document));
}

/// A view that follows the change sets alone knows every node, frame and position.
TEST_F(HistoryTest, ChangeSetsAreEnoughForAView) {
  std::map<NodeId, std::string> shown;
  const auto fullView = [](const Architecture& a) {
    std::map<NodeId, std::string> out;
    std::function<void(const Graph&, NodeId)> visit = [&](const Graph& graph, NodeId parent) {
      for (const auto& [id, node] : graph.nodes) {
        std::string text = node->name + node->block + node->label + (node->isMuted ? "m" : "") + std::to_string(parent);
        for (const auto& [name, value] : node->params) text += name + toText(value);
        for (const Wire& wire : graph.wiresInto(id))
          text += std::to_string(wire.from.node) + wire.from.port + wire.to.port;
        const auto place = a.layout.find(id);
        if (place != a.layout.end()) text += toText(place->second.x) + "," + toText(place->second.y);
        out[id] = text;
        for (const auto& [name, body] : node->bodies) visit(*body, id);
      }
    };
    visit(*a.root, 0);
    for (const auto& [id, frame] : a.frames) out[id] = frame.title + toText(frame.x) + toText(frame.width);
    return out;
  };
  shown = fullView(*history.current());
  history.setListener([&](const ArchitecturePtr& snapshot, const ChangeSet& changes) {
    const auto full = fullView(*snapshot);
    for (NodeId id : changes.removed) {
      EXPECT_TRUE(shown.count(id));
      shown.erase(id);
    }
    for (NodeId id : changes.added) EXPECT_FALSE(shown.count(id));
    for (const std::set<NodeId>* ids : {&changes.added, &changes.changed, &changes.moved})
      for (NodeId id : *ids) {
        ASSERT_TRUE(full.count(id)) << id;
        shown[id] = full.at(id);
      }
    EXPECT_EQ(shown, full);
  });

  Rng rng(5);
  const auto anyNode = [&](const Architecture& a) {
    std::vector<NodeId> ids;
    for (const auto& [id, text] : fullView(a))
      if (findNode(a, id)) ids.push_back(id);
    return ids[size_t(rng.below(int64_t(ids.size())))];
  };
  int done = 0;
  for (int i = 0; i < 600; ++i) {
    try {
      history.edit("Random", rng.uniform() < 0.3 ? "key" : "", [&](Editor& e) {
        if (e.result().root->nodes.empty()) e.addNode({}, "structure.group", {});
        const NodeId id = anyNode(e.result());
        GraphPath path;
        const Node& node = *findNode(e.result(), id, &path);
        switch (rng.below(14)) {
          case 0:
            e.removeNodes({id});
            break;
          case 1:
            e.removeAndHeal(id);
            break;
          case 2:
            e.rename(id, "n" + std::to_string(rng.below(20)));
            break;
          case 3:
            e.collapse({id}, rng.uniform() < 0.5 ? "structure.group" : "structure.repeat");
            break;
          case 4:
            e.expand(id);
            break;
          case 5:
            e.setPattern(id, rng.uniform() < 0.5 ? "AB" : "");
            break;
          case 6:
            e.paste(path, copyText(e.result(), path, {id}), {double(i), 0}, true);
            break;
          case 7:
            e.connect(path, {id, "y"}, {graphAt(e.result(), path)->nodes.rbegin()->first, "x"});
            break;
          case 8:
            e.move(id, {double(i), double(i)});
            break;
          case 9:
            e.setMuted(id, !node.isMuted);
            break;
          case 10:
            e.addFrame(path, {.title = std::to_string(i), .members = {id}});
            break;
          case 11:
            e.replaceBlock(id, "mlp.plain");
            break;
          case 12:
            e.setParam(id, "width", rng.below(100));
            break;
          default:
            e.addNode(path, rng.uniform() < 0.5 ? "norm.layer" : "structure.residual", {double(i), 1});
        }
      });
      ++done;
    } catch (const Error&) {
      // refused: nothing has happened
    }
    if (rng.uniform() < 0.2) history.undo();
    if (rng.uniform() < 0.1) history.redo();
    if (rng.uniform() < 0.02) history.goTo(size_t(rng.below(int64_t(history.entries().size()))));
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(done, 200);
}

TEST(ChangeSet, Merge) {
  ChangeSet changes{.added = {1}, .removed = {2}, .changed = {3}, .moved = {4}};
  changes.merge({.added = {2, 5}, .removed = {1, 3}, .changed = {5, 6}, .moved = {4, 7}, .documentChanged = true});
  EXPECT_EQ(changes,
            (ChangeSet{.added = {5}, .removed = {3}, .changed = {2, 6}, .moved = {4, 7}, .documentChanged = true}));
  EXPECT_FALSE(changes.isEmpty());
  EXPECT_TRUE(ChangeSet{}.isEmpty());
}

}  // namespace
}  // namespace fw
