// Gestures on the canvas with real mouse and keyboard events, and what they ask for.
#include <gtest/gtest.h>

#include <QApplication>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>
#include <QTest>
#include <QThread>
#include <QToolTip>
#include <QWheelEvent>

#include "canvas_scenes.h"
#include "widgets/canvas/canvas_view.h"

namespace fw::ui {
namespace {

std::shared_ptr<CanvasScene> chain() {
  auto scene = std::make_shared<CanvasScene>();
  scene->items = {node(1, {0, 0}, "A", "embedding"), node(2, {300, 0}, "B", "mlp"), node(3, {600, 0}, "C", "mlp"),
                  node(4, {300, 200}, "D", "norm"), frame(5, {900, 0}, "Repeat", {})};
  scene->wires = {wire(1, 1, 2, 0), wire(2, 1, 3, 0)};
  return scene;
}

class CanvasGesture : public testing::Test {
 protected:
  void SetUp() override {
    view.resize(1200, 700);
    view.setIntents(&asked);
    view.setBlocks({{"attention.multi_head", "Multi-head attention", "attention", "Mixes tokens.", {"MHA"}},
                    {"mlp.swiglu", "SwiGLU", "mlp", "Gated.", {"gated MLP"}},
                    {"norm.rms", "RMS norm", "norm", "Scales.", {}}});
    view.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&view));
    view.setScene(chain());
    view.setCamera({1, Vec(150, 300)});
    view.setFocus();
  }
  ~CanvasGesture() override { view.setIntents(nullptr); }

  QPoint at(Vec scene) { return view.camera().toView(scene).toPoint().toPoint(); }
  QPoint of(ItemId id) { return at(view.geometry().box(view.geometry().slotOf(id)).center()); }
  QPoint port(ItemId id, int port) { return at(view.geometry().port(view.geometry().slotOf(id), port)); }
  void press(QPoint p, Qt::KeyboardModifiers m = {}, Qt::MouseButton b = Qt::LeftButton) {
    QTest::mousePress(&view, b, m, p);
  }
  void release(QPoint p, Qt::KeyboardModifiers m = {}, Qt::MouseButton b = Qt::LeftButton) {
    QTest::mouseRelease(&view, b, m, p);
  }
  void click(QPoint p, Qt::KeyboardModifiers m = {}) { QTest::mouseClick(&view, Qt::LeftButton, m, p); }
  void moveTo(QPoint p, Qt::MouseButton button = Qt::LeftButton, Qt::KeyboardModifiers m = {}) {
    QMouseEvent event(QEvent::MouseMove, p, view.mapToGlobal(p), Qt::NoButton, button, m);
    QApplication::sendEvent(&view, &event);
  }
  void drag(QPoint from, QPoint to, Qt::KeyboardModifiers m = {}, Qt::MouseButton button = Qt::LeftButton) {
    press(from, m, button);
    for (int i = 1; i <= 5; ++i) moveTo(from + (to - from) * i / 5, button, m);
    release(to, m, button);
  }
  void key(int key, Qt::KeyboardModifiers m = {}) { QTest::keyClick(&view, Qt::Key(key), m); }
  void wheel(QPoint p, QPoint angle, QPoint pixels = {}, Qt::KeyboardModifiers m = {}) {
    QWheelEvent event(p, view.mapToGlobal(p), pixels, angle, Qt::NoButton, m, Qt::NoScrollPhase, false);
    QApplication::sendEvent(&view, &event);
  }
  void doubleClick(QPoint p) {
    QTest::mouseDClick(&view, Qt::LeftButton, {}, p);
    release(p);
  }
  std::vector<ItemId> selected() { return view.selection(); }
  SearchPalette* palette() { return view.findChild<SearchPalette*>(); }
  using Ids = std::vector<ItemId>;

  Recorder asked;
  CanvasView view;
};

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

TEST_F(CanvasGesture, WiresAreDrawnFromEitherEnd) {
  drag(port(1, 1), port(4, 0));
  EXPECT_EQ(asked.log, QStringList{"connect 1.1 to 4.0"});
  asked.log.clear();
  drag(port(4, 0), port(1, 1));
  EXPECT_EQ(asked.log, QStringList{"connect 1.1 to 4.0"});
}

TEST_F(CanvasGesture, AWireDroppedOnACardTakesItsFreePort) {
  auto scene = chain();
  scene->items[3].ports = {inputPort("a"), inputPort("b"), outputPort()};
  scene->wires.push_back(wire(1, 1, 4, 0));
  view.setScene(scene);
  drag(port(2, 1), of(4));
  EXPECT_EQ(asked.log, QStringList{"connect 2.1 to 4.1"});
}

TEST_F(CanvasGesture, TheEndOfAWireCanBeTakenElsewhereOrAway) {
  drag(port(2, 0), port(4, 0));
  EXPECT_EQ(asked.log, QStringList{"connect 1.1 to 4.0 instead"});
  asked.log.clear();
  drag(port(2, 0), at({150, 300}));
  EXPECT_EQ(asked.log, QStringList{"disconnect 2 from 1"});
  asked.log.clear();
  drag(port(2, 0), port(2, 0) + QPoint(3, 3));
  EXPECT_TRUE(asked.log.isEmpty()) << "put back";
}

TEST_F(CanvasGesture, ARefusedWireSaysWhyAndAsksNothing) {
  int questions = 0;
  view.setConnectQuestion([&](CanvasEnd from, CanvasEnd to) {
    ++questions;
    EXPECT_EQ(QThread::currentThread(), qApp->thread());
    EXPECT_EQ(from, (CanvasEnd{1, 1}));
    return ConnectAnswer{to.item != 4, "Sizes differ: 64 and 48."};
  });
  press(port(1, 1));
  moveTo(port(1, 1) + QPoint(30, 30));
  moveTo(port(4, 0));
  EXPECT_TRUE(view.marks().isPortDimmed(view.geometry().slotOf(4), 0));
  EXPECT_FALSE(view.marks().isPortDimmed(view.geometry().slotOf(3), 0));
  EXPECT_TRUE(view.marks().isPortDimmed(view.geometry().slotOf(3), 1)) << "an output";
  EXPECT_EQ(QToolTip::text(), "Sizes differ: 64 and 48.");
  release(port(4, 0));
  EXPECT_TRUE(asked.log.isEmpty());
  EXPECT_FALSE(view.marks().isPortDimmed);
  const int before = questions;
  view.grab();
  EXPECT_EQ(questions, before);
}

TEST_F(CanvasGesture, EscapeDropsAWireWithoutResidue) {
  const QImage before = view.grab().toImage();
  moveTo(QPoint(5, 5), Qt::NoButton);
  press(port(1, 1));
  moveTo(at({150, 200}));
  EXPECT_NE(view.grab().toImage(), before);
  key(Qt::Key_Escape);
  release(at({150, 200}));
  moveTo(QPoint(5, 5), Qt::NoButton);
  EXPECT_EQ(view.grab().toImage(), before);
  EXPECT_FALSE(palette());
}

TEST_F(CanvasGesture, AWireReleasedInTheVoidOffersWhatFits) {
  view.setBlockFilter([](const QString& block, CanvasEnd end) {
    return block != "norm.rms" && end == CanvasEnd{3, 1};
  });
  drag(port(3, 1), at({650, 200}));
  ASSERT_TRUE(palette());
  EXPECT_EQ(palette()->findChild<QListWidget*>()->count(), 2);
  QTest::keyClicks(palette()->findChild<QLineEdit*>(), "swi");
  QTest::keyClick(palette()->findChild<QLineEdit*>(), Qt::Key_Return);
  EXPECT_EQ(asked.log, QStringList{"add mlp.swiglu in 0 lane 0"});
  EXPECT_EQ(asked.added.wireTo, (CanvasEnd{3, 1}));
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

TEST_F(CanvasGesture, TheMiddleButtonAndSpacePan) {
  const Vec before = view.camera().offset;
  drag({400, 400}, {430, 380}, {}, Qt::MiddleButton);
  EXPECT_EQ(view.camera().offset, before + Vec(30, -20));
  QTest::keyPress(&view, Qt::Key_Space);
  drag(of(2), of(2) + QPoint(-10, 5));
  QTest::keyRelease(&view, Qt::Key_Space);
  EXPECT_EQ(view.camera().offset, before + Vec(20, -15));
  EXPECT_TRUE(asked.log.isEmpty());
  EXPECT_EQ(selected(), Ids{});
}

TEST_F(CanvasGesture, TheWheelZoomsAtTheCursorAndATrackpadPans) {
  const Vec point(700, 200);
  const Vec scene = view.camera().toScene(point);
  wheel({700, 200}, {0, 120});
  EXPECT_GT(view.zoom(), 1.1);
  EXPECT_NEAR((view.camera().toScene(point) - scene).length(), 0, 1);
  const Camera before = view.camera();
  wheel({700, 200}, {0, 120}, {7, -15});
  EXPECT_EQ(view.zoom(), double(before.zoom));
  EXPECT_EQ(view.camera().offset, before.offset + Vec(7, -15));
  wheel({700, 200}, {0, -120}, {0, -30}, Qt::ControlModifier);
  EXPECT_LT(view.zoom(), double(before.zoom));
  wheel({700, 200}, {0, 120}, {}, Qt::ShiftModifier);
  EXPECT_GT(view.camera().offset.x, 0);
  for (int i = 0; i < 100; ++i) wheel({700, 200}, {0, 120});
  EXPECT_LE(view.zoom(), 4);
  for (int i = 0; i < 200; ++i) wheel({700, 200}, {0, -120});
  EXPECT_GT(view.zoom(), 0.01);
}

TEST_F(CanvasGesture, FrameAllAndSelectionAndActualSize) {
  view.setCamera({3, Vec(-9000, 500)});
  key(Qt::Key_Home);
  QTest::qWait(300);
  const Box seen = view.camera().toScene(Box(QRectF(view.rect())));
  EXPECT_TRUE(seen.contains(view.geometry().bounds()));
  view.setSelection({4});
  key(Qt::Key_F);
  QTest::qWait(300);
  EXPECT_NEAR(of(4).x(), 600, 2);
  EXPECT_NEAR(of(4).y(), 350, 2);
  view.setCamera({0.3f, Vec(20, 20)});
  key(Qt::Key_1, Qt::ControlModifier);
  QTest::qWait(300);
  EXPECT_EQ(view.zoom(), 1);
}

TEST_F(CanvasGesture, ADragAtTheBorderPans) {
  const Vec before = view.camera().offset;
  press(of(3));
  moveTo(of(3) + QPoint(50, 0));
  moveTo(QPoint(1195, 350));
  QTest::qWait(200);
  EXPECT_LT(view.camera().offset.x, before.x - 20);
  const QPointF position = view.geometry().position(view.geometry().slotOf(3));
  EXPECT_NEAR(view.camera().toView(Vec(position)).x, 1195, 30) << "it stays under the mouse";
  key(Qt::Key_Escape);
  release(QPoint(1195, 350));
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

TEST_F(CanvasGesture, ArrowsBringWhatTheyReachIntoView) {
  view.setCamera({1, Vec(150, -1500)});
  key(Qt::Key_Right);
  QTest::qWait(300);
  EXPECT_TRUE(view.rect().contains(of(1)));
}

TEST_F(CanvasGesture, WiresAreSelectedAndDeleted) {
  click(at({150, 0}));
  ASSERT_EQ(view.selectedWires().size(), 1u);
  EXPECT_EQ(selected(), Ids{});
  view.setScene(chain());
  EXPECT_EQ(view.selectedWires().size(), 1u) << "the same wire of the next scene";
  key(Qt::Key_Delete);
  EXPECT_EQ(asked.log, QStringList{"disconnect 2 from 1"});
  auto without = chain();
  without->wires.clear();
  view.setScene(without);
  EXPECT_TRUE(view.selectedWires().empty());
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

TEST_F(CanvasGesture, AMarqueeInsideAFrameStaysThere) {
  view.setScene(hybridRecall());
  view.setCamera({1, Vec(600, 350)});
  drag(at({-200, -170}), at({200, 90}));
  EXPECT_EQ(selected(), (Ids{11, 12, 13, 14}));
}

TEST_F(CanvasGesture, TooltipsExplain) {
  auto scene = chain();
  scene->items[1].state = ItemState::Error;
  scene->items[1].message = "Width 500 is not a multiple of 8 heads.";
  view.setScene(scene);
  const auto tip = [&](QPoint p) {
    QToolTip::hideText();
    QHelpEvent event(QEvent::ToolTip, p, view.mapToGlobal(p));
    QApplication::sendEvent(&view, &event);
    return QToolTip::text();
  };
  EXPECT_EQ(tip(of(2)), "Width 500 is not a multiple of 8 heads.");
  EXPECT_EQ(tip(port(2, 0)), "x: B T 512");
  EXPECT_EQ(tip(at({150, 0})), "B T 512");
}

TEST_F(CanvasGesture, TheEmptyCanvasSaysWhatToDo) {
  view.setScene(std::make_shared<CanvasScene>());
  view.grab();
  click(view.rect().center());
  ASSERT_TRUE(palette());
}

TEST_F(CanvasGesture, RevealSelectsAndShows) {
  view.setCamera({1, Vec(-8000, 0)});
  view.reveal(5);
  QTest::qWait(300);
  EXPECT_EQ(selected(), Ids{5});
  EXPECT_TRUE(view.rect().contains(of(5)));
  view.reveal(99);
  EXPECT_EQ(selected(), Ids{5});
}

TEST_F(CanvasGesture, TheOverviewMovesTheView) {
  view.setCamera({2, Vec(0, 0)});
  QWidget* map = nullptr;
  for (QWidget* child : view.findChildren<QWidget*>())
    if (child->accessibleName() == "Overview") map = child;
  ASSERT_TRUE(map && map->isVisible());
  map->grab();
  QTest::mouseClick(map, Qt::LeftButton, {}, QPoint(5, 50));
  const float before = view.camera().offset.x;
  QTest::mouseClick(map, Qt::LeftButton, {}, QPoint(200, 50));
  EXPECT_LT(view.camera().offset.x, before - 500);
}

TEST_F(CanvasGesture, SelectionIsTold) {
  EXPECT_EQ(view.accessibleName(), "Canvas");
  click(of(2));
  EXPECT_TRUE(view.accessibleDescription().startsWith("B, "));
}

// What is on the screen after any path of small steps is what a fresh view paints.
TEST_F(CanvasGesture, PartialPaintingEqualsPaintingAll) {
  view.setScene(showcase());
  std::mt19937 random(2);
  CanvasView fresh;
  fresh.resize(view.size());
  fresh.show();
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&fresh));
  for (int round = 0; round < 60; ++round) {
    Camera camera = view.camera();
    switch (random() % 4) {
      case 0:
        camera.offset += Vec(float(int(random() % 201) - 100), float(int(random() % 201) - 100));
        break;
      case 1:
        camera = camera.zoomedAt(Vec(600, 350), std::clamp(camera.zoom * (random() % 2 ? 1.2f : 0.8f), 0.15f, 2.0f));
        break;
      case 2:
        view.setSelection({ItemId(random() % 8 + 1), ItemId(random() % 5 + 20)});
        break;
      default:
        moveTo(QPoint(int(random() % 1200), int(random() % 700)), Qt::NoButton);
        break;
    }
    view.setCamera(camera);
    view.setMinimapVisible(false);
    const QImage image = view.grab().toImage();
    if (round % 5 != 4) continue;
    moveTo(QPoint(-5, -5), Qt::NoButton);
    QEvent leave(QEvent::Leave);
    QApplication::sendEvent(&view, &leave);
    fresh.setScene(view.scene());
    fresh.setMinimapVisible(false);
    fresh.setSelection(view.selection());
    fresh.setCamera(view.camera());
    // Means of 3 by 3 pixels: a letter may fall on the other side of a quarter of a pixel.
    const QImage a = view.grab().toImage(), b = fresh.grab().toImage();
    int worst = 0;
    for (int y = 1; y + 1 < a.height(); ++y)
      for (int x = 1; x + 1 < a.width(); ++x) {
        int difference = 0;
        for (int k = 0; k < 9; ++k)
          difference += qGray(a.pixel(x + k % 3 - 1, y + k / 3 - 1)) - qGray(b.pixel(x + k % 3 - 1, y + k / 3 - 1));
        worst = std::max(worst, std::abs(difference) / 9);
      }
    EXPECT_LE(worst, 20) << round << " zoom " << view.zoom();
  }
}

}  // namespace
}  // namespace fw::ui
