// Gestures on the canvas with real mouse and keyboard events, and what they ask for: selecting, searching, keys, menus.
#include <QApplication>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>

#include "canvas_gesture.h"

namespace fw::ui {
namespace {

TEST_F(CanvasGesture, ClicksSelect) {
  click(of(2));
  EXPECT_EQ(selected(), Ids{2});
  click(of(3));
  EXPECT_EQ(selected(), Ids{3});
  click(of(1), Qt::ShiftModifier);
  click(of(1), Qt::ShiftModifier);
  EXPECT_EQ(selected(), (Ids{1, 3}));
  click(of(3), Qt::ControlModifier);
  EXPECT_EQ(selected(), Ids{1});
  click(of(2), Qt::ControlModifier);
  EXPECT_EQ(selected(), (Ids{1, 2}));
  click(of(2));  // one of several
  EXPECT_EQ(selected(), Ids{2});
  click(at({300, 120}));
  EXPECT_EQ(selected(), Ids{});
  EXPECT_TRUE(asked.log.isEmpty());
}

TEST_F(CanvasGesture, SelectionIsReportedOnceAndOnlyWhenItChanges) {
  int signalCount = 0;
  QObject::connect(&view, &CanvasView::selectionChanged, [&] { ++signalCount; });
  click(of(2));
  click(of(2));
  view.setSelection({2});
  EXPECT_EQ(signalCount, 1);
  click(at({300, 120}));
  EXPECT_EQ(signalCount, 2);
}

TEST_F(CanvasGesture, UpstreamAndDownstreamByAltClicks) {
  click(of(3), Qt::AltModifier | Qt::ShiftModifier);
  EXPECT_EQ(selected(), (Ids{1, 2, 3}));
  click(of(2), Qt::AltModifier | Qt::ControlModifier);
  EXPECT_EQ(selected(), (Ids{2, 3}));
}

TEST_F(CanvasGesture, MarqueeReplacesAddsAndToggles) {
  drag(at({-130, -60}), at({310, 40}));
  EXPECT_EQ(selected(), (Ids{1, 2}));
  drag(at({550, -60}), at({610, 40}), Qt::ShiftModifier);
  EXPECT_EQ(selected(), (Ids{1, 2, 3}));
  drag(at({150, -60}), at({610, 40}), Qt::ControlModifier);
  EXPECT_EQ(selected(), Ids{1});
  press(at({-130, -60}));
  moveTo(at({700, 300}));
  EXPECT_EQ(selected(), (Ids{1, 2, 3, 4}));
  key(Qt::Key_Escape);
  EXPECT_EQ(selected(), Ids{});
  release(at({700, 300}));
  EXPECT_EQ(selected(), Ids{});
}

TEST_F(CanvasGesture, TabOpensTheSearchAtTheCursor) {
  moveTo(at({300, 100}), Qt::NoButton);
  key(Qt::Key_Tab);
  ASSERT_TRUE(palette());
  auto* query = palette()->findChild<QLineEdit*>();
  auto* list = palette()->findChild<QListWidget*>();
  EXPECT_EQ(list->count(), 3);
  QTest::keyClick(query, Qt::Key_Down);
  QTest::keyClick(query, Qt::Key_Down);
  EXPECT_EQ(list->currentRow(), 2);
  QTest::keyClicks(query, "mha");
  ASSERT_EQ(list->count(), 1);
  EXPECT_EQ(list->item(0)->text(), "Multi-head attention");
  QTest::keyClick(query, Qt::Key_Return);
  EXPECT_EQ(asked.log, QStringList{"add attention.multi_head in 0 lane 0"});
  EXPECT_FALSE(asked.added.wireTo);
}

TEST_F(CanvasGesture, DoubleClicksOpen) {
  doubleClick(of(2));
  EXPECT_EQ(asked.log, QStringList{"open 2"});
  doubleClick(of(5) + QPoint(0, 10));
  ASSERT_TRUE(palette());
  QTest::keyClick(palette()->findChild<QLineEdit*>(), Qt::Key_Return);
  EXPECT_EQ(asked.log.back(), "add attention.multi_head in 5 lane 0");
}

TEST_F(CanvasGesture, EscapeClosesTheSearch) {
  key(Qt::Key_Tab);
  ASSERT_TRUE(palette());
  QTest::keyClick(palette()->findChild<QLineEdit*>(), Qt::Key_Escape);
  QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
  EXPECT_FALSE(palette());
  EXPECT_TRUE(asked.log.isEmpty());
}

TEST_F(CanvasGesture, BlocksAreDroppedIntoFramesAndOntoWires) {
  const auto drop = [&](QPoint p, Qt::KeyboardModifiers m = {}) {
    QMimeData data;
    data.setData(blockMimeType, "mlp.swiglu");
    QDragEnterEvent enter(p, Qt::CopyAction, &data, Qt::LeftButton, m);
    QApplication::sendEvent(&view, &enter);
    EXPECT_TRUE(enter.isAccepted());
    QDragMoveEvent over(p, Qt::CopyAction, &data, Qt::LeftButton, m);
    QApplication::sendEvent(&view, &over);
    view.grab();
    QDropEvent event(p, Qt::CopyAction, &data, Qt::LeftButton, m);
    QApplication::sendEvent(&view, &event);
  };
  drop(at({103, 207}));
  EXPECT_EQ(asked.log.back(), "add mlp.swiglu in 0 lane 0");
  EXPECT_EQ(asked.added.place.position, QPointF(100, 200));
  drop(of(5) + QPoint(3, 10));
  EXPECT_EQ(asked.log.back(), "add mlp.swiglu in 5 lane 0");
  drop(at({150, 0}));
  ASSERT_TRUE(asked.added.intoWire);
  EXPECT_EQ(asked.added.intoWire->to.item, 2);
  drop(at({150, 0}), Qt::AltModifier);
  EXPECT_FALSE(asked.added.intoWire);

  QMimeData other;
  other.setText("words");
  QDragEnterEvent enter(at({0, 0}), Qt::CopyAction, &other, Qt::LeftButton, {});
  enter.ignore();
  QApplication::sendEvent(&view, &enter);
  EXPECT_FALSE(enter.isAccepted());
}

TEST_F(CanvasGesture, KeysAskForEdits) {
  view.setSelection({2, 4});
  key(Qt::Key_Delete);
  key(Qt::Key_Delete, Qt::ControlModifier);
  key(Qt::Key_C, Qt::ControlModifier);
  key(Qt::Key_X, Qt::ControlModifier);
  key(Qt::Key_V, Qt::ControlModifier);
  key(Qt::Key_V, Qt::ControlModifier | Qt::ShiftModifier);
  key(Qt::Key_D, Qt::ControlModifier);
  key(Qt::Key_D, Qt::ControlModifier | Qt::ShiftModifier);
  key(Qt::Key_M);
  key(Qt::Key_Return);
  key(Qt::Key_Backspace);
  EXPECT_EQ(asked.log, (QStringList{"delete 2 4", "delete 2 4 and heal", "copy 2 4", "cut 2 4", "paste in 0",
                                    "paste in 0 with wires", "duplicate 2 4", "duplicate 2 4 with wires", "mute 2 4",
                                    "open 2", "leave"}));
  asked.log.clear();
  key(Qt::Key_A, Qt::ControlModifier);
  EXPECT_EQ(selected(), (Ids{1, 2, 3, 4, 5}));
  key(Qt::Key_Escape);
  EXPECT_EQ(selected(), Ids{});
  for (const int each : {Qt::Key_Delete, Qt::Key_M, Qt::Key_Return}) key(each);
  EXPECT_TRUE(asked.log.isEmpty()) << "nothing is selected";
}

TEST_F(CanvasGesture, ArrowsMoveAlongWiresAndWithControlTheItems) {
  key(Qt::Key_Right);
  EXPECT_EQ(selected(), Ids{1});
  key(Qt::Key_Right);
  key(Qt::Key_Right);
  EXPECT_EQ(selected(), Ids{3});
  key(Qt::Key_Left);
  key(Qt::Key_Down, Qt::ShiftModifier);
  EXPECT_EQ(selected(), (Ids{2, 4}));
  key(Qt::Key_Up, Qt::ControlModifier);
  EXPECT_EQ(asked.log, (QStringList{"move 2 to 300,-20", "move 4 to 300,180"}));
  const QString merge = asked.lastKey;
  key(Qt::Key_Up, Qt::ControlModifier);
  EXPECT_EQ(asked.lastKey, merge) << "one step of undo";
  click(of(1));
  key(Qt::Key_Up, Qt::ControlModifier);
  EXPECT_NE(asked.lastKey, merge);
}

TEST_F(CanvasGesture, CellsChevronsAndMenus) {
  view.setScene(hybridRecall());
  view.setCamera({1, Vec(600, 350)});
  const int repeat = view.geometry().slotOf(2);
  const FrameLayout layout = *view.geometry().frame(repeat);
  click(at(layout.cell(3).center()));
  click(at(layout.cell(5).center()), Qt::ShiftModifier);
  click(at(layout.chevron.center()));
  EXPECT_EQ(asked.log, (QStringList{"cell 3 of 2", "cell 5 of 2 shift", "fold 2"}));
  EXPECT_EQ(selected(), Ids{});
  QContextMenuEvent menu(QContextMenuEvent::Mouse, of(12), view.mapToGlobal(of(12)));
  QApplication::sendEvent(&view, &menu);
  EXPECT_EQ(asked.log.back(), "menu of 12");
  EXPECT_EQ(selected(), Ids{12});
  click(at({200, 100}));  // the inside of the frame
  EXPECT_EQ(selected(), Ids{2});
}

TEST_F(CanvasGesture, AMarqueeInsideAFrameStaysThere) {
  view.setScene(hybridRecall());
  view.setCamera({1, Vec(600, 350)});
  drag(at({-200, -170}), at({200, 90}));
  EXPECT_EQ(selected(), (Ids{11, 12, 13, 14}));
}

TEST_F(CanvasGesture, SelectionIsTold) {
  EXPECT_EQ(view.accessibleName(), "Canvas");
  click(of(2));
  EXPECT_TRUE(view.accessibleDescription().startsWith("B, "));
}

// What is on the screen after any path of small steps is what a fresh view paints.

TEST_F(CanvasGesture, AKindIsDrawnAlongAStrip) {
  view.setScene(hybridRecall());
  view.setCamera({1, Vec(600, 300)});
  const FrameLayout& layout = *view.geometry().frame(view.geometry().slotOf(2));
  const QPoint from = at(layout.cell(2).center()), to = at(layout.cell(5).center());
  drag(from, to);
  EXPECT_EQ(asked.log, QStringList{"paint 2 of 2 over 2 to 5"});
  asked.log.clear();
  drag(to, from);
  EXPECT_EQ(asked.log, QStringList{"paint 5 of 2 over 2 to 5"});
  asked.log.clear();
  drag(from, from + QPoint(8, 1));
  EXPECT_TRUE(asked.log.isEmpty()) << "not left";
  click(from);
  EXPECT_EQ(asked.log.size(), 1) << "a click selects a layer";
}

}  // namespace
}  // namespace fw::ui
