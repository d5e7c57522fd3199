// Blocks dragged out of frames and into them: one step of undo, ids stay, the target is marked.
#include <gtest/gtest.h>

#include <QApplication>

#include "driver.h"

namespace fw {
namespace {

struct Frames : testing::Test {
  void SetUp() override {
    user.create();
    user.zoomOut(3);
  }
  ui::Box box(NodeId node) { return user.canvas().geometry().box(user.canvas().geometry().slotOf(node)); }
  ui::Box lane(NodeId node, int index) {
    const ui::CanvasGeometry& geometry = user.canvas().geometry();
    return geometry.frame(geometry.slotOf(node))->lanes[size_t(index)];
  }
  size_t entries() { return user.window().document().history().entries().size(); }
  GraphPath pathOf(NodeId node) {
    GraphPath path;
    EXPECT_TRUE(findNode(user.model(), node, &path)) << node;
    return path;
  }
  /// Drags without letting go; what the canvas marks as the target meanwhile.
  int markedDuring(QPoint from, QPoint to) {
    QTest::mousePress(&user.canvas(), Qt::LeftButton, {}, from);
    for (int i = 1; i <= 6; ++i) {
      const QPoint p = from + (to - from) * i / 6;
      QMouseEvent move(QEvent::MouseMove, p, user.canvas().mapToGlobal(p), Qt::NoButton, Qt::LeftButton, {});
      QApplication::sendEvent(&user.canvas(), &move);
    }
    return user.canvas().marks().dropFrame;
  }
  void release(QPoint at) { QTest::mouseRelease(&user.canvas(), Qt::LeftButton, {}, at); }
  WindowDriver user;
};

TEST_F(Frames, ABlockLeavesItsFrameAndComesBack) {
  const NodeId group = user.add(user.at({0, 0}), "group");
  const NodeId norm = user.addInside(group, {0, 0}, "RMS norm");
  const NodeId in = user.inner(group, kInBlock), out = user.inner(group, kOutBlock);
  user.connect(in, "y", norm, "x");
  user.connect(norm, "y", out, "x");
  const ui::Box before = box(group);
  const size_t steps = entries();

  const QPoint outside = user.at({before.right + 260, before.center().y});
  EXPECT_EQ(markedDuring(user.middle(norm), outside), -1) << "the void takes it";
  EXPECT_EQ(box(group), before) << "the frame does not follow what leaves it";
  release(outside);
  EXPECT_EQ(pathOf(norm), GraphPath{});
  EXPECT_EQ(entries(), steps + 1);
  EXPECT_EQ(user.canvas().selection(), std::vector<ui::ItemId>{norm});
  EXPECT_NEAR(box(norm).center().x, before.right + 260, 24);
  EXPECT_EQ(graphAt(user.model(), {{group, "body"}})->wires, (std::vector<Wire>{{{in, "y"}, {out, "x"}}}))
      << "the stream is joined behind it";

  const QPoint inside = user.at(lane(group, 0).center());
  EXPECT_EQ(markedDuring(user.middle(norm), inside), user.canvas().geometry().slotOf(group));
  release(inside);
  EXPECT_EQ(pathOf(norm), (GraphPath{{group, "body"}}));
  EXPECT_EQ(entries(), steps + 2);
  user.shortcut(Qt::Key_Z, Qt::ControlModifier);
  EXPECT_EQ(pathOf(norm), GraphPath{});
  user.shortcut(Qt::Key_Z, Qt::ControlModifier);
  EXPECT_EQ(pathOf(norm), (GraphPath{{group, "body"}}));
  EXPECT_EQ(graphAt(user.model(), {{group, "body"}})->wires.size(), 2u);
}

TEST_F(Frames, ABlockMovesFromBranchToBranch) {
  const NodeId fork = user.add(user.at({0, 0}), "fork");
  const Node* node = findNode(user.model(), fork);
  ASSERT_EQ(node->bodies.size(), 2u);
  const std::vector<std::string> lanes = bodyNames(*node, *catalog().find(node->block));
  const NodeId norm = user.add(user.at({lane(fork, 0).left + 14, lane(fork, 0).bottom - 14}), "RMS norm");
  ASSERT_EQ(pathOf(norm), (GraphPath{{fork, lanes[0]}}));
  const size_t steps = entries();
  user.drag(user.middle(norm), user.at(lane(fork, 1).center()));
  EXPECT_EQ(pathOf(norm), (GraphPath{{fork, lanes[1]}}));
  EXPECT_EQ(entries(), steps + 1);
}

TEST_F(Frames, ABlockStaysWhereItIsMovedALittleOrEscapeIsPressed) {
  const NodeId group = user.add(user.at({0, 0}), "group");
  const NodeId norm = user.addInside(group, {0, 0}, "RMS norm");
  const ui::Box before = box(group);
  user.drag(user.middle(norm), user.at({before.right + 5, before.center().y}));
  EXPECT_EQ(pathOf(norm), (GraphPath{{group, "body"}})) << "the frame follows";
  EXPECT_GT(box(group).right, before.right);
  const size_t steps = entries();
  const QPoint far = user.at({box(group).right + 300, before.center().y});
  markedDuring(user.middle(norm), far);
  user.key(&user.canvas(), Qt::Key_Escape);
  release(far);
  EXPECT_EQ(pathOf(norm), (GraphPath{{group, "body"}}));
  EXPECT_EQ(entries(), steps);
}

}  // namespace
}  // namespace fw
