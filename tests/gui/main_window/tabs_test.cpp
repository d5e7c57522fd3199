// Several documents in tabs: each with its history, its place and its journal; pasting and dragging between them.
#include <gtest/gtest.h>

#include <QApplication>
#include <QDir>
#include <QMessageBox>
#include <QPushButton>
#include <QTabBar>

#include "driver.h"

namespace fw {
namespace {

struct Tabs : testing::Test {
  void SetUp() override {
    user.create();
    first = user.add(user.at({0, 0}), "RMS norm");
    user.shortcut(Qt::Key_T, Qt::ControlModifier);
    user.rest();
  }
  DocumentController& documents() { return user.window().document(); }
  QTabBar& bar() { return user.window().tabs(); }
  int journals() { return int(QDir(user.folders().journals).entryList({"*.journal"}, QDir::Files).size()); }

  WindowDriver user;
  NodeId first = 0;
};

TEST_F(Tabs, EachHasAHistoryOfItsOwn) {
  ASSERT_EQ(documents().count(), 2);
  EXPECT_EQ(documents().active(), 1);
  EXPECT_TRUE(bar().isVisible());
  EXPECT_TRUE(user.model().root->nodes.empty());
  user.add(user.at({0, 0}), "SwiGLU");
  user.add(user.at({300, 0}), "SwiGLU");
  user.shortcut(Qt::Key_Tab, Qt::ControlModifier);
  EXPECT_EQ(documents().active(), 0);
  EXPECT_EQ(bar().currentIndex(), 0);
  EXPECT_EQ(user.model().root->nodes.size(), 1u);
  EXPECT_EQ(documents().history().entries().size(), 2u);
  user.shortcut(Qt::Key_Z, Qt::ControlModifier);
  EXPECT_TRUE(user.model().root->nodes.empty());
  user.shortcut(Qt::Key_Tab, Qt::ControlModifier | Qt::ShiftModifier);
  EXPECT_EQ(documents().active(), 1);
  EXPECT_EQ(user.model().root->nodes.size(), 2u) << "undo was the other one's";
  ASSERT_TRUE(user.waitForCheck());
}

TEST_F(Tabs, EachHasAJournalOfItsOwn) {
  user.add(user.at({0, 0}), "SwiGLU");
  for (int tab = 0; tab < 2; ++tab) {
    user.window().switchTab(tab);
    documents().journal()->flush();
  }
  EXPECT_EQ(journals(), 2);
  EXPECT_TRUE(documents().isModifiedAt(0));
  EXPECT_TRUE(documents().isModifiedAt(1));
  ASSERT_TRUE(
      user.inDialog([&] { user.window().closeTab(1); }, [&](QWidget* dialog) { user.press(dialog, "Cancel"); }));
  EXPECT_EQ(documents().count(), 2);
  ASSERT_TRUE(user.inDialog(
      [&] { user.window().closeTab(1); },
      [&](QWidget* dialog) { qobject_cast<QMessageBox*>(dialog)->button(QMessageBox::Discard)->click(); }));
  EXPECT_EQ(documents().count(), 1);
  EXPECT_EQ(journals(), 1);
  EXPECT_FALSE(bar().isVisible());
  EXPECT_NE(findNode(user.model(), first), nullptr);
}

TEST_F(Tabs, BlocksGoFromOneToTheOther) {
  user.window().switchTab(0);
  user.rest();
  user.select(first);
  user.key(&user.canvas(), Qt::Key_C, Qt::ControlModifier);
  user.window().switchTab(1);
  user.rest();
  user.canvas().setFocus();
  user.key(&user.canvas(), Qt::Key_V, Qt::ControlModifier);
  EXPECT_EQ(user.model().root->nodes.size(), 1u);
  user.window().switchTab(0);
  user.rest();
  const QPoint tab = user.canvas().mapFromGlobal(bar().mapToGlobal(bar().tabRect(1).center()));
  user.drag(user.middle(first), tab);
  EXPECT_EQ(documents().active(), 1);
  EXPECT_EQ(user.model().root->nodes.size(), 2u);
  user.window().switchTab(0);
  EXPECT_EQ(user.model().root->nodes.size(), 1u) << "it was copied";
  EXPECT_EQ(documents().history().entries().size(), 2u) << "and stayed where it was";
}

TEST_F(Tabs, WhereOneWasIsKept) {
  user.window().switchTab(0);
  user.rest();
  const ui::Camera camera{0.7f, ui::Vec(123, 45)};
  user.canvas().setCamera(camera);
  user.window().switchTab(1);
  user.rest();
  user.window().switchTab(0);
  EXPECT_EQ(user.canvas().camera(), camera);
}

TEST_F(Tabs, WhatIsOpenedDisturbsNothingThatIsOpen) {
  ASSERT_EQ(documents().count(), 2) << "the second one is empty";
  user.shortcut(Qt::Key_N, Qt::ControlModifier);
  EXPECT_EQ(documents().count(), 2) << "an empty model nobody has touched is as good as a new one";
  ASSERT_TRUE(user.window().open("attention-recall"));
  EXPECT_EQ(documents().count(), 2);
  ASSERT_TRUE(user.window().open("hybrid-recall"));
  EXPECT_EQ(documents().count(), 3);
  EXPECT_EQ(documents().active(), 2);
  user.window().switchTab(0);
  EXPECT_NE(findNode(user.model(), first), nullptr);
  user.shortcut(Qt::Key_N, Qt::ControlModifier);
  EXPECT_EQ(documents().count(), 4);
  EXPECT_TRUE(user.model().root->nodes.empty());

  // A file is open once.
  documents().save(user.path("one.fw.json"));
  user.window().switchTab(0);
  ASSERT_TRUE(user.window().open(user.path("one.fw.json")));
  EXPECT_EQ(documents().count(), 4);
  EXPECT_EQ(documents().active(), 3);
}

TEST_F(Tabs, TheStartPageLeadsBack) {
  user.window().switchTab(0);
  user.window().showStart();
  ASSERT_TRUE(user.window().startPage().isVisible());
  EXPECT_TRUE(bar().isVisible());
  QTest::mouseClick(&bar(), Qt::LeftButton, {}, bar().tabRect(0).center());
  EXPECT_TRUE(user.canvas().isVisible());
  EXPECT_NE(findNode(user.model(), first), nullptr);
  user.window().closeTab(1);
  EXPECT_TRUE(user.canvas().isVisible()) << "an untouched one goes without a question";
  ASSERT_TRUE(user.inDialog(
      [&] { user.window().closeTab(0); },
      [&](QWidget* dialog) { qobject_cast<QMessageBox*>(dialog)->button(QMessageBox::Discard)->click(); }));
  EXPECT_TRUE(user.window().startPage().isVisible()) << "nothing is open any more";
  EXPECT_FALSE(bar().isVisible());
}

TEST_F(Tabs, ATrainingGoesOnWhileOneLooksElsewhere) {
  ASSERT_TRUE(user.window().open("attention-recall"));
  ASSERT_TRUE(user.waitForCheck());
  TrainingController& training = user.window().training();
  training.setup.steps = 4;
  training.setup.batch = 4;
  bool isDone = false;
  QObject::connect(&training, &TrainingController::finished, [&] { isDone = true; });
  const Hash trained = structuralHash(user.model());
  training.start();
  ASSERT_TRUE(user.window().open("hybrid-recall"));
  ASSERT_TRUE(WindowDriver::waitFor([&] { return isDone; }, 30000));
  EXPECT_TRUE(training.state().title.startsWith("Attention")) << training.state().title.toStdString();
  EXPECT_EQ(structuralHash(*training.trained()), trained);
  user.window().switchTab(1);
  EXPECT_FALSE(training.weightsOf(user.model()).empty());
}

}  // namespace
}  // namespace fw
