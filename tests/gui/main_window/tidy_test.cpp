// Tidy up in the window: nothing overlaps afterwards, what is pinned stays, and one undo brings all back.
#include <gtest/gtest.h>

#include <QAction>

#include "driver.h"

namespace fw {
namespace {

using Layout = std::map<NodeId, Position>;

/// Pairs of boxes of one lane that overlap.
int overlaps(const ui::CanvasGeometry& geometry) {
  int found = 0;
  for (int a = 0; a < geometry.count(); ++a)
    for (int b = a + 1; b < geometry.count(); ++b) {
      const auto isTerminal = [&](int slot) {
        return geometry.shape(slot) == ui::ItemShape::Entry || geometry.shape(slot) == ui::ItemShape::Exit;
      };
      if (geometry.parent(a) != geometry.parent(b) || geometry.lane(a) != geometry.lane(b)) continue;
      if (!isTerminal(a) && !isTerminal(b)) found += geometry.box(a).grown(-1).intersects(geometry.box(b).grown(-1));
    }
  return found;
}

struct Tidy : testing::Test {
  void tidyUp() {
    const auto before = user.window().document().current();
    user.shortcut(Qt::Key_L, Qt::ControlModifier);
    ASSERT_TRUE(WindowDriver::waitFor([&] { return user.window().document().current() != before; }));
    user.rest();
  }
  const Layout& layout() { return user.model().layout; }
  WindowDriver user;
};

TEST_F(Tidy, NothingOverlapsAndOneUndoRestores) {
  ASSERT_TRUE(user.window().open("hybrid-recall"));
  user.rest();
  // A heap: every block in one place.
  ASSERT_TRUE(user.window().document().edit("Heap", {}, [&](Editor& editor) {
    for (const auto& [id, position] : Layout(layout())) editor.move(id, {3, 5});
  }));
  ASSERT_GT(overlaps(user.canvas().geometry()), 10);
  const Layout heap = layout();
  const size_t entries = user.window().document().history().entries().size();
  const Hash meaning = structuralHash(user.model());
  tidyUp();
  EXPECT_EQ(overlaps(user.canvas().geometry()), 0);
  EXPECT_EQ(user.window().document().history().entries().size(), entries + 1);
  EXPECT_EQ(structuralHash(user.model()), meaning);
  // The stream runs along the flow.
  const NodeId embedding = user.find("embedding.token"), repeat = user.find("structure.repeat");
  EXPECT_LT(layout().at(embedding).x, layout().at(repeat).x);
  user.shortcut(Qt::Key_Z, Qt::ControlModifier);
  EXPECT_EQ(layout(), heap);
  user.shortcut(Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
  EXPECT_EQ(overlaps(user.canvas().geometry()), 0);
}

TEST_F(Tidy, PinnedBlocksStayAndASelectionIsTidiedAlone) {
  user.create();
  const NodeId a = user.add(user.at({0, 0}), "RMS norm"), b = user.add(user.at({260, 0}), "SwiGLU"),
               c = user.add(user.at({520, 0}), "layer norm");
  user.connect(a, "y", b, "x");
  user.connect(b, "y", c, "x");
  ASSERT_TRUE(user.window().document().edit("Pin", {}, [&](Editor& editor) {
    editor.move(a, {37, -210, true});
    editor.move(b, {11, 13});
    editor.move(c, {13, 17});
  }));
  tidyUp();
  EXPECT_EQ(layout().at(a), (Position{37, -210, true}));
  EXPECT_GT(layout().at(c).x, layout().at(b).x + 200);

  const NodeId d = user.add(user.at({0, 300}), "RMS norm");
  ASSERT_TRUE(user.window().document().edit("Heap", {}, [&](Editor& editor) {
    editor.move(b, {11, 13});
    editor.move(c, {13, 17});
    editor.move(d, {-400, 300});
  }));
  user.canvas().setSelection({b, c});
  tidyUp();
  EXPECT_GT(layout().at(c).x, layout().at(b).x + 200);
  EXPECT_EQ(layout().at(d), (Position{-400, 300}));
}

TEST_F(Tidy, TheModelIsTurnedAndStaysSo) {
  ASSERT_TRUE(user.window().open("attention-recall"));
  user.rest();
  const auto choose = [&](const QString& words) {
    const auto before = user.window().document().current();
    for (QAction* action : user.window().findChildren<QAction*>())
      if (QString(action->text()).remove('&') == words) action->trigger();
    ASSERT_TRUE(WindowDriver::waitFor([&] { return user.window().document().current() != before; }));
    user.rest();
  };
  const NodeId embedding = user.find("embedding.token"), repeat = user.find("structure.repeat");
  const auto box = [&](NodeId id) { return user.canvas().geometry().box(user.canvas().geometry().slotOf(id)); };
  choose("From top to bottom");
  EXPECT_EQ(user.canvas().scene()->flow, ui::Flow::Down);
  EXPECT_LT(box(embedding).bottom, box(repeat).top);
  EXPECT_EQ(overlaps(user.canvas().geometry()), 0);
  user.window().document().save(user.path("down.fw.json"));
  ASSERT_TRUE(user.window().open("attention-recall"));
  EXPECT_EQ(user.canvas().scene()->flow, ui::Flow::Right) << "each model has its own";
  user.window().closeTab(0);
  ASSERT_TRUE(user.window().open(user.path("down.fw.json")));
  EXPECT_EQ(user.canvas().scene()->flow, ui::Flow::Down) << "its places tell how it lies";
}

}  // namespace
}  // namespace fw
