// Panels and canvas together in the window: problems, several selected blocks, history, the palette, moving into
// frames.
#include <gtest/gtest.h>

#include <QApplication>
#include <QContextMenuEvent>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QMenu>

#include "driver.h"
#include "widgets/forms/number_field.h"
#include "widgets/panels/history_panel.h"
#include "widgets/panels/inspector_panel.h"
#include "widgets/panels/palette_panel.h"
#include "widgets/panels/problems_panel.h"
#include "widgets/panels/run_bar.h"
#include "widgets/start/start_page.h"

namespace fw {
namespace {

const ui::CanvasItem* itemOf(WindowDriver& user, NodeId node) {
  for (const ui::CanvasItem& item : user.canvas().scene()->items)
    if (item.id == node) return &item;
  return nullptr;
}

TEST(Panels, AProblemLeadsToItsNodeAndField) {
  WindowDriver user;
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  const NodeId attention = user.find("attention.multi_head");
  user.select(attention);
  user.setParam("heads", "7");  // does not divide 64
  ASSERT_TRUE(user.waitForCheck());
  EXPECT_EQ(itemOf(user, attention)->state, ui::ItemState::Error);
  EXPECT_FALSE(itemOf(user, attention)->message.isEmpty());
  user.click(&user.canvas(), QPoint(5, 5));
  ASSERT_TRUE(user.canvas().selection().empty());
  user.shortcut(Qt::Key_F8, {});
  EXPECT_EQ(user.canvas().selection(), std::vector<ui::ItemId>{attention});
  ASSERT_FALSE(user.window().problems().state().problems.empty());
  EXPECT_FALSE(user.window().runBar().isHidden());

  user.click(&user.canvas(), QPoint(5, 5));
  QListView* list = user.window().problems().list();
  QWidget* dock = user.window().problems().parentWidget();
  dock->raise();
  QTest::qWait(50);
  user.click(list->viewport(), list->visualRect(list->model()->index(0, 0)).center());
  EXPECT_EQ(user.canvas().selection(), std::vector<ui::ItemId>{attention});
}

TEST(Panels, SeveralBlocksAreEditedTogetherInOneStep) {
  WindowDriver user;
  user.create();
  const NodeId a = user.add(user.at({0, 0}), "SwiGLU"), b = user.add(user.at({300, 0}), "SwiGLU");
  user.select(a);
  user.setParam("hidden", "48");
  user.click(&user.canvas(), user.middle(b), Qt::ShiftModifier);
  ASSERT_EQ(user.canvas().selection().size(), 2u);
  auto* field = qobject_cast<ui::NumberField*>(user.window().inspector().form()->editor("hidden"));
  ASSERT_TRUE(field);
  EXPECT_TRUE(field->isMixed());
  const size_t before = user.window().document().history().entries().size();
  user.setParam("hidden", "96");
  EXPECT_EQ(user.window().document().history().entries().size(), before + 1);
  for (const NodeId node : {a, b}) EXPECT_EQ(std::get<int64_t>(findNode(user.model(), node)->params.at("hidden")), 96);
}

TEST(Panels, TheHistoryGoesToAClickedEntry) {
  WindowDriver user;
  user.create();
  user.add(user.at({0, 0}), "SwiGLU");
  user.add(user.at({300, 0}), "RMS norm");
  QListView* list = user.window().history().list();
  user.click(list->viewport(), list->visualRect(list->model()->index(1, 0)).center());
  EXPECT_EQ(nodeCount(user.model()), 1);
  EXPECT_EQ(user.window().document().history().entries().size(), 3u);
}

TEST(Panels, ThePaletteSearchesAndAdds) {
  WindowDriver user;
  user.create();
  QLineEdit* search = user.window().palette().search();
  user.click(search);
  QTest::keyClicks(search, "rms");
  user.key(search, Qt::Key_Return);
  EXPECT_NE(user.find("norm.rms"), 0);
}

TEST(Panels, AWireInTheVoidOffersOnlyWhatFits) {
  WindowDriver user;
  user.create();
  const NodeId embedding = user.add(user.at({0, 0}), "token embedding");
  user.drag(user.port(embedding, "tokens"), user.at({-300, 0}));
  ui::SearchPalette* palette = user.openPalette();
  ASSERT_TRUE(palette);
  auto* list = palette->findChild<QListWidget*>();
  // Nothing gives tokens but an input that is told to.
  EXPECT_EQ(list->count(), 0);
  user.key(palette->findChild<QLineEdit*>(), Qt::Key_Escape);
  user.drag(user.port(embedding, "y"), user.at({300, 0}));
  palette = user.openPalette();
  ASSERT_TRUE(palette);
  QTest::keyClicks(palette->findChild<QLineEdit*>(), "rms");
  user.key(palette->findChild<QLineEdit*>(), Qt::Key_Return);
  EXPECT_EQ(user.model().root->wires, (std::vector<Wire>{{{embedding, "y"}, {user.find("norm.rms"), "x"}}}));
}

TEST(Panels, BlocksLeaveTheirWiresAndMoveIntoFrames) {
  WindowDriver user;
  user.create();
  const NodeId a = user.add(user.at({-300, 0}), "RMS norm"), b = user.add(user.at({0, 0}), "SwiGLU"),
               c = user.add(user.at({300, 0}), "layer norm");
  user.connect(a, "y", b, "x");
  user.connect(b, "y", c, "x");
  user.drag(user.middle(b), user.at({0, 200}), Qt::AltModifier);
  EXPECT_EQ(user.model().root->wires, (std::vector<Wire>{{{a, "y"}, {c, "x"}}}));
  EXPECT_EQ(user.model().layout.at(b).y, 200);

  const NodeId group = user.add(user.at({-300, -300}), "group");
  const ui::CanvasGeometry& geometry = user.canvas().geometry();
  const ui::Box lane = geometry.frame(geometry.slotOf(group))->lanes.front();
  user.drag(user.middle(b), user.at({lane.left + 20, lane.center().y}));
  EXPECT_EQ(user.model().root->nodes.count(b), 0u);
  EXPECT_NE(user.inner(group, "mlp.gated"), 0);

  // Cut with a line.
  QTest::keyPress(&user.canvas(), Qt::Key_X);
  user.drag(user.at({0, -60}), user.at({0, 60}));
  QTest::keyRelease(&user.canvas(), Qt::Key_X);
  EXPECT_TRUE(user.model().root->wires.empty());
}

TEST(Panels, SelectedBlocksBecomeTheInsideOfARepeat) {
  WindowDriver user;
  user.create();
  const NodeId a = user.add(user.at({0, 0}), "RMS norm"), b = user.add(user.at({300, 0}), "SwiGLU");
  user.connect(a, "y", b, "x");
  user.key(&user.canvas(), Qt::Key_A, Qt::ControlModifier);
  user.shortcut(Qt::Key_R, Qt::ControlModifier | Qt::ShiftModifier);
  const NodeId repeat = user.find("structure.repeat");
  ASSERT_NE(repeat, 0);
  EXPECT_EQ(user.inner(repeat, "mlp.gated"), b);
  EXPECT_EQ(user.canvas().selection(), std::vector<ui::ItemId>{repeat});
}

TEST(Panels, TheContextMenuActsOnTheBlockUnderTheMouse) {
  WindowDriver user;
  user.create();
  const NodeId a = user.add(user.at({0, 0}), "RMS norm");
  QContextMenuEvent asked(QContextMenuEvent::Mouse, user.middle(a), user.canvas().mapToGlobal(user.middle(a)));
  QApplication::sendEvent(&user.canvas(), &asked);
  auto* menu = user.window().findChild<QMenu*>("canvasMenu");
  ASSERT_TRUE(menu);
  for (QAction* action : menu->actions())
    if (action->text().contains("Mute")) {
      user.click(menu, menu->actionGeometry(action).center());
      break;
    }
  EXPECT_TRUE(findNode(user.model(), a)->isMuted);
}

TEST(Panels, TheStartPageShowsAtOnceAndItsDiagramsFollow) {
  QTemporaryDir folder;
  MainWindow window({folder.filePath("journals"), folder.filePath("runs")});
  ASSERT_GE(window.startPage().cards().size(), 5u);
  QWidget* first = window.startPage().cards().front();
  const QImage plain = first->grab().toImage();
  EXPECT_TRUE(WindowDriver::waitFor([&] { return first->grab().toImage() != plain; }));
  QTest::mouseClick(first, Qt::LeftButton);
  ASSERT_TRUE(window.document().isOpen());
  EXPECT_GT(nodeCount(*window.document().current()), 5);
}

}  // namespace
}  // namespace fw
