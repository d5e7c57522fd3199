// What assistive technology finds on the canvas.
#include <QAccessible>

#include "canvas_gesture.h"

namespace fw::ui {
namespace {

class CanvasAccess : public CanvasGesture {
 protected:
  void SetUp() override {
    CanvasGesture::SetUp();
    view.setScene(hybridRecall());
    view.setCamera({1, Vec(600, 300)});
    tree = QAccessible::queryAccessibleInterface(&view);
    ASSERT_TRUE(tree);
  }
  QAccessibleInterface* named(QAccessibleInterface* parent, const QString& name) {
    for (int i = 0; i < parent->childCount(); ++i)
      if (parent->child(i)->text(QAccessible::Name).startsWith(name)) return parent->child(i);
    return nullptr;
  }
  QAccessibleInterface* tree = nullptr;
};

TEST_F(CanvasAccess, BlocksAreATree) {
  int outermost = 0;
  for (const CanvasItem& item : view.scene()->items) outermost += item.parent == 0;
  EXPECT_EQ(tree->role(), QAccessible::Tree);
  ASSERT_EQ(tree->childCount(), outermost);
  for (int i = 0; i < tree->childCount(); ++i) {
    QAccessibleInterface* child = tree->child(i);
    ASSERT_TRUE(child && child->isValid());
    EXPECT_FALSE(child->text(QAccessible::Name).isEmpty()) << i;
    EXPECT_EQ(child->parent(), tree);
    EXPECT_EQ(tree->indexOfChild(child), i);
  }
  EXPECT_FALSE(tree->child(tree->childCount()));
  QAccessibleInterface* repeat = named(tree, "Repeat");
  ASSERT_TRUE(repeat);
  EXPECT_EQ(repeat->role(), QAccessible::Grouping);
  EXPECT_TRUE(repeat->state().expanded);
  ASSERT_GT(repeat->childCount(), 3);
  QAccessibleInterface* attention = named(repeat, "Grouped-query attention");
  ASSERT_TRUE(attention);
  EXPECT_EQ(attention->role(), QAccessible::TreeItem);
  EXPECT_EQ(attention->parent(), repeat);
  EXPECT_EQ(repeat->indexOfChild(attention), repeat->indexOfChild(repeat->child(repeat->indexOfChild(attention))));
  EXPECT_EQ(attention->childCount(), 0);
}

TEST_F(CanvasAccess, DescriptionsTellErrorsParametersAndShapes) {
  auto scene = chain();
  scene->items[1].subtitle = "8 heads";
  scene->items[1].state = ItemState::Error;
  scene->items[1].message = "Sizes differ: 64 and 48.";
  scene->items[1].ports[0].label = "1 × 128 × 64";
  scene->items[2].isMuted = true;
  view.setScene(scene);
  QAccessibleInterface* block = named(tree, "B");
  ASSERT_TRUE(block);
  const QString words = block->text(QAccessible::Description);
  EXPECT_TRUE(words.startsWith("Sizes differ: 64 and 48.; 8 heads")) << words.toStdString();
  EXPECT_TRUE(words.contains(": 1 × 128 × 64, from A")) << words.toStdString();
  EXPECT_TRUE(named(tree, "C")->state().disabled);
  EXPECT_TRUE(named(tree, "C")->text(QAccessible::Description).contains("muted"));
}

TEST_F(CanvasAccess, PlacesAreThoseOfTheScreen) {
  QAccessibleInterface* repeat = named(tree, "Repeat");
  ASSERT_TRUE(repeat);
  QAccessibleInterface* attention = named(repeat, "Grouped-query attention");
  ASSERT_TRUE(attention);
  const QPoint middle = attention->rect().center();
  EXPECT_EQ(tree->childAt(middle.x(), middle.y()), repeat);
  EXPECT_EQ(repeat->childAt(middle.x(), middle.y()), attention);
  EXPECT_EQ(view.hitAt(Vec(QPointF(view.mapFromGlobal(middle)))).kind, HitKind::Node);
  EXPECT_FALSE(tree->childAt(middle.x() + 100000, middle.y()));
}

TEST_F(CanvasAccess, SelectionAndActionsGoBothWays) {
  view.activateWindow();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&view));
  view.setFocus();
  view.setScene(chain());
  QAccessibleInterface *a = named(tree, "A"), *b = named(tree, "B");
  ASSERT_TRUE(a && b);
  EXPECT_FALSE(b->state().selected);
  click(of(2));
  EXPECT_TRUE(b->state().selected);
  EXPECT_TRUE(b->state().focused);
  EXPECT_EQ(tree->focusChild(), b);
  auto* actions = static_cast<QAccessibleActionInterface*>(a->interface_cast(QAccessible::ActionInterface));
  ASSERT_TRUE(actions);
  actions->doAction(QAccessibleActionInterface::setFocusAction());
  EXPECT_EQ(selected(), Ids{1});
  EXPECT_TRUE(asked.log.isEmpty());
  actions->doAction(QAccessibleActionInterface::pressAction());
  EXPECT_EQ(asked.log, QStringList{"open 1"});
}

TEST_F(CanvasAccess, WhatIsGoneIsInvalid) {
  view.setScene(chain());
  QAccessibleInterface* b = named(tree, "B");
  ASSERT_TRUE(b && b->isValid());
  auto scene = chain();
  scene->items.erase(scene->items.begin() + 1);
  view.setScene(scene);
  EXPECT_FALSE(b->isValid());
  EXPECT_TRUE(b->state().invalid);
  EXPECT_TRUE(b->text(QAccessible::Name).isEmpty());
  EXPECT_EQ(tree->childCount(), 4);
}

}  // namespace
}  // namespace fw::ui
