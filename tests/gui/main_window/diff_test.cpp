// Two models side by side: what differs is coloured, listed and found on both canvases.
#include <gtest/gtest.h>

#include <QAction>
#include <QApplication>
#include <QTableWidget>

#include "app/diff_window.h"
#include "driver.h"
#include "widgets/theme.h"

namespace fw {
namespace {

struct Diff : testing::Test {
  DiffWindow* compare() {
    for (QAction* action : user.window().findChildren<QAction*>())
      if (QString(action->text()).remove('&') == "Compare with the saved version") action->trigger();
    DiffWindow* found = nullptr;
    WindowDriver::waitFor([&] {
      found = user.window().findChild<DiffWindow*>();
      return found && found->isVisible();
    });
    return found;
  }
  QColor heat(DiffWindow& window, bool isAfter, NodeId node) {
    const ui::CanvasGeometry& geometry = window.canvas(isAfter).geometry();
    const int slot = geometry.slotOf(node);
    return slot < 0 ? QColor(Qt::black) : geometry.item(slot).heat;
  }
  WindowDriver user;
};

TEST_F(Diff, WhatDiffersIsShownOnBothSides) {
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  const NodeId attention = user.find("attention.multi_head"), head = user.find("head.language_model");
  NodeId added = 0;
  ASSERT_TRUE(user.window().document().edit("Change", {}, [&](Editor& editor) {
    editor.setParam(attention, "heads", int64_t(8));
    added = editor.addNode({}, "norm.rms", {0, 400}, {}, "extra");
  }));
  DiffWindow* window = compare();
  ASSERT_TRUE(window);
  const ui::Theme& theme = ui::Theme::of(window);
  EXPECT_EQ(heat(*window, false, attention), theme.warning);
  EXPECT_EQ(heat(*window, true, attention), theme.warning);
  EXPECT_EQ(heat(*window, true, added), theme.good);
  EXPECT_LT(window->canvas(false).geometry().slotOf(added), 0);
  if (head != 0) {
    EXPECT_FALSE(heat(*window, true, head).isValid());
  }

  QTableWidget* table = window->table();
  ASSERT_EQ(table->rowCount(), int(window->entries().size()));
  int row = -1;
  for (int i = 0; i < table->rowCount(); ++i)
    if (table->item(i, 1)->text() == "heads") row = i;
  ASSERT_GE(row, 0);
  EXPECT_EQ(table->item(row, 4)->text(), "8");
  QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualItemRect(table->item(row, 0)).center());
  EXPECT_EQ(window->canvas(true).selection(), std::vector<ui::ItemId>{attention});
  EXPECT_EQ(window->canvas(false).selection(), std::vector<ui::ItemId>{attention});

  // One camera for both.
  window->canvas(true).setCamera({0.7f, ui::Vec(11, 23)});
  EXPECT_EQ(window->canvas(false).camera(), (ui::Camera{0.7f, ui::Vec(11, 23)}));
  window->canvas(false).setCamera({0.5f, ui::Vec(-40, 5)});
  EXPECT_EQ(window->canvas(true).camera(), (ui::Camera{0.5f, ui::Vec(-40, 5)}));
  window->close();
}

TEST_F(Diff, EqualModelsAreSaidToBeEqual) {
  ASSERT_TRUE(user.window().open("attention-recall"));
  DiffWindow* window = compare();
  ASSERT_TRUE(window);
  EXPECT_EQ(window->summary(), "The two mean the same.");
  EXPECT_EQ(window->table()->rowCount(), 0);
  window->close();
}

}  // namespace
}  // namespace fw
