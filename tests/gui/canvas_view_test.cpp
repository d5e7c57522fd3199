// Looking around on the canvas: panning, zooming, framing, tips, the overview.
#include <QApplication>
#include <QToolTip>

#include "canvas_gesture.h"

namespace fw::ui {
namespace {

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

TEST_F(CanvasGesture, ArrowsBringWhatTheyReachIntoView) {
  view.setCamera({1, Vec(150, -1500)});
  key(Qt::Key_Right);
  QTest::qWait(300);
  EXPECT_TRUE(view.rect().contains(of(1)));
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
