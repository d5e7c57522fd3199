// Wires by mouse: drawn, taken elsewhere, refused, selected.
#include <QLineEdit>
#include <QListWidget>
#include <QThread>
#include <QToolTip>

#include "canvas_gesture.h"

namespace fw::ui {
namespace {

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

TEST_F(CanvasGesture, AWireTakesAnItemThatHasNone) {
  auto scene = std::make_shared<CanvasScene>(*view.scene());
  CanvasItem free = scene->items.front();
  free.id = 77;
  free.position = {0, 240};
  free.ports = {{.name = "x", .side = PortSide::In}, {.name = "y", .side = PortSide::Out}};
  scene->items.push_back(free);
  view.setScene(scene);
  const auto middle = [&](int wire) { return at(wireCurve(view.geometry().wireShape(wire)).at(0, 0.5f)); };
  const CanvasWire wire = view.geometry().wire(0);
  const QString words = QString("put 77 on the wire from %1 to %2").arg(wire.from.item).arg(wire.to.item);
  drag(of(77), middle(0));
  EXPECT_EQ(asked.log, QStringList{words});
  asked.log.clear();
  // Alt: beside the wire. One that is wired already is only moved.
  drag(of(77), middle(0), Qt::AltModifier);
  EXPECT_FALSE(asked.log.contains(words));
  asked.log.clear();
  // No port fits: no wire takes it.
  view.setConnectQuestion([](CanvasEnd, CanvasEnd) { return ConnectAnswer{false, "no"}; });
  drag(of(77), middle(0));
  ASSERT_EQ(asked.log.size(), 1);
  EXPECT_TRUE(asked.log.front().startsWith("move 77")) << asked.log.front().toStdString();
}

TEST_F(CanvasGesture, AWiredItemIsNotTornIntoAnotherWire) {
  auto scene = std::make_shared<CanvasScene>(*view.scene());
  view.setScene(scene);
  ASSERT_GE(view.geometry().wireCount(), 2);
  const CanvasWire last = view.geometry().wire(view.geometry().wireCount() - 1);
  const CanvasWire firstWire = view.geometry().wire(0);
  if (last.to.item == firstWire.from.item || last.to.item == firstWire.to.item) GTEST_SKIP() << "too short a chain";
  drag(of(last.to.item), at(wireCurve(view.geometry().wireShape(0)).at(0, 0.5f)));
  ASSERT_EQ(asked.log.size(), 1);
  EXPECT_TRUE(asked.log.front().startsWith("move")) << asked.log.front().toStdString();
}

TEST_F(CanvasGesture, EscapeDropsAnItemOffAWireWithoutResidue) {
  auto scene = std::make_shared<CanvasScene>(*view.scene());
  CanvasItem free = scene->items.front();
  free.id = 77;
  free.position = {0, 240};
  free.ports = {{.name = "x", .side = PortSide::In}, {.name = "y", .side = PortSide::Out}};
  scene->items.push_back(free);
  view.setScene(scene);
  const QPoint from = of(77), to = at(wireCurve(view.geometry().wireShape(0)).at(0, 0.5f));
  press(from);
  for (int i = 1; i <= 5; ++i) moveTo(from + (to - from) * i / 5);
  EXPECT_EQ(view.marks().hover.wire, 0) << "the wire that would take it is lit";
  key(Qt::Key_Escape);
  EXPECT_TRUE(asked.log.isEmpty());
  EXPECT_EQ(of(77), from);
  release(to);
  EXPECT_TRUE(asked.log.isEmpty());
}

}  // namespace
}  // namespace fw::ui
