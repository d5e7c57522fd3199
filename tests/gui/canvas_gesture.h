// A canvas in a window, driven by real mouse and keyboard events, whose requests are recorded.
#pragma once

#include <gtest/gtest.h>

#include <QApplication>
#include <QTest>
#include <QWheelEvent>

#include "canvas_scenes.h"
#include "widgets/canvas/canvas_view.h"

namespace fw::ui {

inline std::shared_ptr<CanvasScene> chain() {
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

}  // namespace fw::ui
