// Notes in the window: made around a selection, joined and left by blocks, kept in the file.
#include <gtest/gtest.h>

#include <QApplication>
#include <QContextMenuEvent>
#include <QInputDialog>
#include <QLineEdit>
#include <QMenu>

#include "driver.h"

namespace fw {
namespace {

struct Notes : testing::Test {
  void SetUp() override {
    user.create();
    one = user.add(user.at({0, 0}), "RMS norm");
    two = user.add(user.at({400, 0}), "SwiGLU");
    user.select(one);
    ASSERT_TRUE(user.inDialog([&] { user.key(&user.canvas(), Qt::Key_N, Qt::ShiftModifier); },
                              [&](QWidget* dialog) {
                                auto* field = dialog->findChild<QLineEdit*>();
                                user.type(field, "Mixing");
                              }));
    ASSERT_EQ(user.model().frames.size(), 1u);
    note = user.model().frames.begin()->first;
  }
  const Frame& frame() { return user.model().frames.at(note); }
  QPoint title() {
    const ui::Box box = user.canvas().geometry().noteBox(0);
    return user.at({box.right - 30, box.top + 12});
  }

  WindowDriver user;
  NodeId one = 0, two = 0, note = 0;
};

TEST_F(Notes, BlocksJoinAndLeaveByBeingMoved) {
  EXPECT_EQ(frame().title, "Mixing");
  EXPECT_EQ(frame().members, std::vector<NodeId>{one});
  const Position before = user.model().layout.at(one);
  user.drag(title(), title() + QPoint(0, -100));
  EXPECT_EQ(user.model().layout.at(one).y, before.y - 100);
  EXPECT_EQ(user.model().layout.at(two).y, 0);
  user.window().document().undo();
  EXPECT_EQ(user.model().layout.at(one).y, before.y) << "one step";
  // Dragged over another block it takes none; a block that is dragged into it joins.
  user.drag(title(), title() + QPoint(400, 0));
  EXPECT_EQ(frame().members, std::vector<NodeId>{one});
  user.window().document().undo();
  const Frame place = frame();
  user.drag(user.middle(two), user.at({float(place.x + place.width / 2), float(place.y + place.height - 10)}));
  EXPECT_EQ(frame().members, (std::vector<NodeId>{one, two}));
  user.drag(user.middle(one), user.at({float(place.x + place.width / 2), float(place.y + place.height + 160)}));
  EXPECT_EQ(frame().members, std::vector<NodeId>{two});
}

TEST_F(Notes, TheMenuColoursAndDeletes) {
  QContextMenuEvent event(QContextMenuEvent::Mouse, title(), user.canvas().mapToGlobal(title()));
  QApplication::sendEvent(&user.canvas(), &event);
  auto* menu = user.window().findChild<QMenu*>("canvasMenu");
  ASSERT_TRUE(menu);
  const auto choose = [&](QMenu* in, const QString& words) {
    for (QAction* action : in->actions())
      if (QString(action->text()).remove('&') == words) action->trigger();
  };
  for (QMenu* inner : menu->findChildren<QMenu*>()) choose(inner, "2");
  EXPECT_EQ(frame().colour, "1");
  choose(menu, "Delete");
  EXPECT_TRUE(user.model().frames.empty());
  EXPECT_NE(findNode(user.model(), one), nullptr);
  menu->close();
}

TEST_F(Notes, TheFileKeepsThem) {
  const Frame before = frame();
  const Hash meaning = structuralHash(user.model());
  user.window().document().save(user.path("noted.fw.json"));
  user.window().closeTab(0);
  ASSERT_TRUE(user.window().open(user.path("noted.fw.json")));
  ASSERT_EQ(user.model().frames.size(), 1u);
  EXPECT_EQ(user.model().frames.begin()->second, before);
  EXPECT_EQ(structuralHash(user.model()), meaning);
  EXPECT_EQ(user.canvas().geometry().noteCount(), 1);
}

}  // namespace
}  // namespace fw
