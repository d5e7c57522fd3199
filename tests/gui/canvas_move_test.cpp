// Items moved by mouse.
#include "canvas_gesture.h"

namespace fw::ui {
namespace {

TEST_F(CanvasGesture, AMoveIsOneRequestSnappedToTheGrid) {
  drag(of(4), of(4) + QPoint(47, 33));
  EXPECT_EQ(asked.log, QStringList{"move 4 to 340,240"});
  EXPECT_EQ(view.geometry().position(view.geometry().slotOf(4)), QPointF(300, 200)) << "nobody followed";
}

TEST_F(CanvasGesture, ShiftMovesFreely) {
  view.setSelection({4});
  press(of(4));
  const QPoint from = of(4);
  for (int i = 1; i <= 5; ++i) moveTo(from + QPoint(47, 133) * i / 5, Qt::LeftButton, Qt::ShiftModifier);
  QTest::keyPress(&view, Qt::Key_Shift);
  release(from + QPoint(47, 133), Qt::ShiftModifier);
  ASSERT_EQ(asked.moves.size(), 1u);
  EXPECT_EQ(asked.moves[0].position.x(), 347);
}

TEST_F(CanvasGesture, AllThatIsSelectedMovesTogether) {
  view.setSelection({1, 2, 4});
  drag(of(2), of(2) + QPoint(0, 80));
  EXPECT_EQ(asked.log, (QStringList{"move 1 to 0,80", "move 2 to 300,80", "move 4 to 300,280"}));
  EXPECT_TRUE(asked.lastKey.startsWith("move "));
  const QString key = asked.lastKey;
  drag(of(2), of(2) + QPoint(0, 80));
  EXPECT_NE(asked.lastKey, key) << "two drags are two steps of undo";
}

TEST_F(CanvasGesture, ADragFollowsTheMouseAndEscapeEndsIt) {
  press(of(4));
  moveTo(of(4) + QPoint(60, 60));
  moveTo(at({300, 200}) + QPoint(100, 100));
  EXPECT_EQ(view.geometry().position(view.geometry().slotOf(4)), QPointF(400, 300));
  key(Qt::Key_Escape);
  EXPECT_EQ(view.geometry().position(view.geometry().slotOf(4)), QPointF(300, 200));
  release(at({400, 300}));
  EXPECT_TRUE(asked.log.isEmpty());
}

TEST_F(CanvasGesture, ADragNearANeighboursLineTakesIt) {
  auto scene = chain();
  scene->items[1].position = {307, 0};  // off the grid
  view.setScene(scene);
  drag(of(4), of(4) + QPoint(5, 60));
  ASSERT_EQ(asked.moves.size(), 1u);
  EXPECT_EQ(asked.moves[0].position, QPointF(307, 260));
}

TEST_F(CanvasGesture, AClickWithAShakyHandMovesNothing) {
  press(of(4));
  moveTo(of(4) + QPoint(2, 1));
  release(of(4) + QPoint(2, 1));
  EXPECT_TRUE(asked.log.isEmpty());
  EXPECT_EQ(selected(), Ids{4});
}

TEST_F(CanvasGesture, ASceneThatComesDuringADragWaits) {
  auto later = chain();
  later->items[0].title = "renamed";
  press(of(4));
  moveTo(of(4) + QPoint(60, 60));
  view.setScene(later);
  EXPECT_NE(view.scene(), later);
  moveTo(at({360, 320}));
  release(at({360, 320}));
  EXPECT_EQ(asked.log, QStringList{"move 4 to 360,320"});
  EXPECT_EQ(view.scene(), later);
}

TEST_F(CanvasGesture, TheAnswerToADragMayComeAtOnce) {
  auto next = chain();
  next->items[3].position = {360, 320};
  asked.onMove = [&] { view.setScene(next); };
  drag(of(4), of(4) + QPoint(60, 120));
  EXPECT_EQ(view.scene(), next);
  EXPECT_EQ(view.geometry().position(view.geometry().slotOf(4)), QPointF(360, 320));
  EXPECT_EQ(selected(), Ids{4});
}

TEST_F(CanvasGesture, AFrameMovesByItsHeaderAndItsInsideBelongsToIt) {
  view.setScene(hybridRecall());
  view.setCamera({1, Vec(600, 350)});
  view.setSelection({2, 12, 14});
  const int repeat = view.geometry().slotOf(2);
  const QPoint header = at({view.geometry().frame(repeat)->titleLeft + 10, view.geometry().box(repeat).top + 8});
  drag(header, header + QPoint(40, 60));
  EXPECT_EQ(asked.log, QStringList{"move 2 to 40,60"}) << "what lies inside moves with its frame";
  asked.log.clear();
  drag(of(12), of(12) + QPoint(0, -40));
  EXPECT_EQ(asked.log, QStringList{"move 2 to 0,-40"});
  asked.log.clear();
  view.setSelection({12});
  drag(of(12), of(12) + QPoint(-60, 0));
  EXPECT_EQ(asked.log, QStringList{"move 12 to -60,-60"});
}

TEST_F(CanvasGesture, AJoinIsMovedByItsMiddleAtAnyZoom) {
  auto scene = chain();
  scene->items.push_back(join(9, {0, 200}));
  view.setScene(scene);
  for (const float zoom : {0.4f, 1.0f}) {
    view.setCamera({zoom, Vec(300, 200)});
    drag(of(9), of(9) + QPoint(80, 40));
    EXPECT_EQ(asked.log.size(), 1) << zoom;
    EXPECT_TRUE(asked.log.value(0).startsWith("move 9")) << asked.log.join("; ").toStdString();
    EXPECT_FALSE(palette()) << zoom;
    asked.log.clear();
  }
  const Hit head = view.geometry().hit(view.geometry().port(view.geometry().slotOf(9), 1), 14, 6);
  EXPECT_EQ(head.kind, HitKind::Port);
  EXPECT_EQ(head.index, 1);
}

}  // namespace
}  // namespace fw::ui
