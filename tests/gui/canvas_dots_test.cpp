// Dots on wires, wires of a port moved or cut, items aligned, layers dragged out of and into a strip: what the canvas
// reports.
#include "canvas_gesture.h"

namespace fw::ui {
namespace {

struct CanvasDots : CanvasGesture {
  /// 1 -> dot 9 -> 2 in place of the wire from 1 to 2.
  void addDot(QPointF position) {
    auto scene = chain();
    CanvasItem dot = node(9, position, "Dot", "structure");
    dot.shape = ItemShape::Dot;
    scene->items.push_back(dot);
    scene->wires = {wire(1, 1, 9, 0), wire(9, 1, 2, 0), wire(2, 1, 3, 0)};
    view.setScene(scene);
  }
  QPoint onWire(int w, float t) { return at(wireCurve(view.geometry().wireShape(w)).at(0, t)); }
};

TEST_F(CanvasDots, ADoubleClickOnAWireAsksForOne) {
  const Vec middle = wireCurve(view.geometry().wireShape(0)).at(0, 0.5f);
  doubleClick(at(middle));
  ASSERT_EQ(asked.log.size(), 1);
  EXPECT_EQ(asked.log.front(), QString("dot from 1 to 2 in 0 at %1,%2")
                                   .arg(std::round(double(middle.x) / 20) * 20)
                                   .arg(std::round(double(middle.y) / 20) * 20));
  EXPECT_FALSE(palette());
}

TEST_F(CanvasDots, ItIsMovedSnappedAndDeleted) {
  addDot({150, 100});
  EXPECT_EQ(view.hitAt(Vec(of(9))).kind, HitKind::Node);
  drag(of(9), of(9) + QPoint(33, 52));
  EXPECT_EQ(asked.log, QStringList{"move 9 to 180,160"}) << "onto the grid";
  EXPECT_EQ(selected(), Ids{9});
  asked.log.clear();
  view.setScene(view.scene());
  key(Qt::Key_Delete);
  EXPECT_EQ(asked.log, QStringList{"delete 9"});
}

TEST_F(CanvasDots, WiresRunThroughIt) {
  addDot({150, 100});
  const CanvasGeometry& geometry = view.geometry();
  ASSERT_EQ(geometry.wireCount(), 3);
  const Vec dot = geometry.box(geometry.slotOf(9)).center();
  EXPECT_EQ(geometry.wireShape(0).end, dot);
  EXPECT_EQ(geometry.wireShape(1).start, dot);
  moveTo(onWire(0, 0.3f), Qt::NoButton);
  EXPECT_EQ(view.marks().path.size(), 2u) << "both pieces light up";
}

TEST_F(CanvasDots, ControlDragOfADotDrawsABranch) {
  addDot({150, 100});
  const CanvasGeometry& geometry = view.geometry();
  const QPoint dot = at(geometry.box(geometry.slotOf(9)).center());
  drag(dot, port(4, 0), Qt::ControlModifier);
  ASSERT_EQ(asked.log.size(), 1) << asked.log.join("; ").toStdString();
  EXPECT_TRUE(asked.log.front().startsWith("connect 9.1 to 4.0")) << asked.log.front().toStdString();
}

TEST_F(CanvasDots, AltClickCutsAPortAndControlDragMovesItsWires) {
  press(port(2, 1), Qt::AltModifier);
  release(port(2, 1), Qt::AltModifier);
  EXPECT_EQ(asked.log, QStringList{"disconnect 3 from 2"});
  asked.log.clear();
  drag(port(2, 1), port(4, 1), Qt::ControlModifier);
  EXPECT_EQ(asked.log, QStringList{"move the wires of 2.1 to 4.1"});
  asked.log.clear();
  drag(port(2, 1), port(4, 0), Qt::ControlModifier);
  EXPECT_TRUE(asked.log.isEmpty()) << "an input takes no wires of an output";
}

TEST_F(CanvasDots, ItemsAreAlignedAndDistributed) {
  view.setSelection({1, 4});
  key(Qt::Key_W, Qt::ShiftModifier);
  const float half1 = view.geometry().box(view.geometry().slotOf(1)).height() / 2;
  const float half4 = view.geometry().box(view.geometry().slotOf(4)).height() / 2;
  ASSERT_EQ(asked.moves.size(), 1u);
  EXPECT_EQ(asked.moves[0].item, 4);
  EXPECT_DOUBLE_EQ(asked.moves[0].position.y(), double(half4 - half1)) << "the upper edges meet";
  asked.moves.clear();
  view.setSelection({1, 2, 3});
  view.distributeSelection(Qt::Horizontal);
  EXPECT_TRUE(asked.moves.empty()) << "their gaps are equal";
  view.setSelection({1, 2, 5});
  view.distributeSelection(Qt::Horizontal);
  ASSERT_EQ(asked.moves.size(), 1u);
  const auto& g = view.geometry();
  const Box a = g.box(g.slotOf(1)), b = g.box(g.slotOf(2)), c = g.box(g.slotOf(5));
  EXPECT_NEAR(asked.moves[0].position.x(), double((a.right + c.left) / 2), 0.01) << b.width();
}

TEST_F(CanvasDots, WiresAreSquareOrStraight) {
  auto scene = chain();
  scene->wires = {wire(1, 1, 4, 0)};
  scene->wireStyle = WireStyle::Square;
  view.setScene(scene);
  const WireCurve square = wireCurve(view.geometry().wireShape(0));
  for (int c = 0; c < square.curves(); ++c) {
    const Vec a = square.at(c, 0), b = square.at(c, 1);
    EXPECT_TRUE(std::abs(a.x - b.x) < 0.01f || std::abs(a.y - b.y) < 0.01f) << "piece " << c;
  }
  auto straight = std::make_shared<CanvasScene>(*scene);
  straight->wireStyle = WireStyle::Straight;
  view.setScene(straight);
  const WireShape shape = view.geometry().wireShape(0);
  const Vec middle = wireCurve(shape).at(0, 0.5f);
  EXPECT_NEAR(middle.x, (shape.start.x + shape.end.x) / 2, 0.01f);
  EXPECT_NEAR(middle.y, (shape.start.y + shape.end.y) / 2, 0.01f);
}

TEST_F(CanvasDots, ALayerLeavesItsStripAndABlockComesIn) {
  auto scene = chain();
  CanvasFrame content;
  content.cells.resize(4);
  scene->items[4] = frame(5, {800, 200}, "Repeat", content);
  view.setScene(scene);
  view.setCamera({0.8f, Vec(150, 200)});
  const auto cell = [&](int c) { return view.geometry().frame(view.geometry().slotOf(5))->cell(c); };
  drag(at(cell(2).center()), at(Vec(0, 400)));
  EXPECT_EQ(asked.log, QStringList{"take 2 out of 5 into 0"});
  asked.log.clear();
  drag(of(4), at(Vec(cell(1).right + 0.5f, cell(1).center().y)));
  EXPECT_EQ(asked.log, QStringList{"put 4 into 5 at 2"});
}

TEST_F(CanvasDots, WhatFallsOutsideIsOfferedThere) {
  asked.takesOutside = true;
  drag(of(4), QPoint(300, -30));
  EXPECT_EQ(asked.log, QStringList{"drop outside 4"});
}

}  // namespace
}  // namespace fw::ui
