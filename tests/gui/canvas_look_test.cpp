// What the canvas looks like: pictures for the eye where FORMWRIGHT_SHOTS names a folder, and pixels for the machine.
#include <gtest/gtest.h>

#include <QApplication>
#include <QDir>
#include <QTest>

#include "canvas_scenes.h"
#include "widgets/canvas/canvas_view.h"
#include "widgets/canvas/scene_painter.h"
#include "widgets/theme.h"

namespace fw::ui {
namespace {

class CanvasLook : public testing::TestWithParam<bool> {
 protected:
  CanvasLook() { applyTheme(*qApp, GetParam() ? Theme::dark() : Theme::light()); }
  ~CanvasLook() override { applyTheme(*qApp, Theme::dark()); }

  void show(CanvasScenePtr scene, QSize size = {1400, 800}) {
    view.resize(size);
    view.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&view));
    view.setScene(std::move(scene));
    shot("");
  }

  QImage shot(const QString& name) {
    const QImage image = view.grab().toImage();
    const QString folder = qEnvironmentVariable("FORMWRIGHT_SHOTS");
    if (!folder.isEmpty() && !name.isEmpty())
      image.save(QDir(folder).filePath(name + (GetParam() ? "-dark.png" : "-light.png")));
    return image;
  }

  CanvasView view;
};

TEST_P(CanvasLook, HybridRecall) {
  show(hybridRecall());
  view.setSelection({12});
  view.setCamera(Camera::framing(view.geometry().bounds(), 1400, 800, 40, 1));
  shot("hybrid");
  view.setCamera({2, Vec(700, 400)});
  shot("hybrid-2x");
  for (const float zoom : {0.5f, 0.3f, 0.15f, 0.05f}) {
    view.setCamera({zoom, Vec(700, 400)});
    shot(QString("hybrid-%1").arg(double(zoom)));
  }
}

TEST_P(CanvasLook, Showcase) {
  show(showcase());
  view.setSelection({22, 5});
  shot("showcase");
  view.setCamera({1, Vec(360, 250)});
  shot("showcase-left");
  view.setCamera({1, Vec(-300, 300)});
  shot("showcase-right");
}

TEST_P(CanvasLook, Empty) {
  show(std::make_shared<CanvasScene>());
  shot("empty");
}

TEST_P(CanvasLook, Thousand) {
  show(lattice(1000));
  view.setCamera(Camera::framing(view.geometry().bounds(), 1400, 800, 40, 1));
  shot("thousand");
  for (const float zoom : {0.15f, 0.25f, 0.4f, 1.0f}) {
    view.setCamera({zoom, Vec(0, 0)});
    shot(QString("thousand-%1").arg(double(zoom)));
  }
}

TEST_P(CanvasLook, Search) {
  show(hybridRecall(), {900, 600});
  view.setBlocks({{"attention.multi_head",
                   "Multi-head attention",
                   "attention",
                   "Every token looks at every other one through several heads.",
                   {}},
                  {"attention.grouped_query",
                   "Grouped-query attention",
                   "attention",
                   "Groups of query heads share keys and values.",
                   {}},
                  {"ssm.mamba", "Mamba", "state space", "A selective state space.", {}},
                  {"mlp.swiglu", "SwiGLU MLP", "mlp", "A gated MLP.", {}}});
  view.openPalette({300, 200});
  QWidget* palette = view.findChild<SearchPalette*>();
  ASSERT_TRUE(palette);
  const QString folder = qEnvironmentVariable("FORMWRIGHT_SHOTS");
  if (!folder.isEmpty())
    palette->grab().save(QDir(folder).filePath(QString("search-") + (GetParam() ? "dark.png" : "light.png")));
  palette->close();
}

// The selected border, the error border, the accent of a frame: each is found where it should be, in its colour.
TEST_P(CanvasLook, StatesHaveTheirColours) {
  auto scene = std::make_shared<CanvasScene>();
  CanvasItem wrong = node(2, {300, 0}, "B", "mlp"), hot = node(3, {600, 0}, "C", "mlp");
  wrong.state = ItemState::Error;
  hot.heat = QColor("#ff0000");
  scene->items = {node(1, {0, 0}, "A", "mlp"), wrong, hot,
                  node(4, {30000, 0}, "far away, so that one can zoom out", "mlp")};
  show(scene);
  const Theme& theme = view.theme();
  view.setSelection({1});
  for (const float zoom : {1.0f, 0.3f, 0.15f, 0.05f}) {
    view.setCamera({zoom, Vec(300, 300)});
    const QImage image = view.grab().toImage();
    // How close a colour comes near the left border, at half height (beside the port), or in the middle.
    const auto nearest = [&](Vec at, const QColor& wanted) {
      int best = 1000;
      for (int i = 0; i < 25; ++i) {
        const QColor color = image.pixelColor(int(at.x) + i % 5 - 2, int(at.y) + i / 5 - 2);
        best = std::min(best, std::abs(color.red() - wanted.red()) + std::abs(color.green() - wanted.green()) +
                                  std::abs(color.blue() - wanted.blue()));
      }
      return best;
    };
    const auto edge = [&](int slot) {
      const Box box = view.camera().toView(view.geometry().box(slot));
      return Vec(box.left, box.center().y + 14 * zoom);
    };
    EXPECT_FLOAT_EQ(float(view.zoom()), zoom);
    EXPECT_LT(nearest(edge(0), theme.accent), 120) << zoom;
    EXPECT_LT(nearest(edge(1), theme.error), 120) << zoom;
    EXPECT_GT(nearest(edge(1), theme.accent), 150) << zoom;
    const float strength = zoom < 0.1f ? 1.0f : zoom < 0.2f ? 0.6f : 0.45f;
    EXPECT_LT(nearest(view.camera().toView(Vec(640, 0)), QColor(mixInk(ink(theme.panel), 0xffff0000u, strength))),
              zoom < 0.1f ? 120 : 60)
        << zoom;  // two pixels high, not on whole ones
  }
}

TEST_P(CanvasLook, WordsOfAHiddenCardDoNotShowThrough) {
  auto scene = std::make_shared<CanvasScene>();
  scene->items = {node(1, {0, 0}, "Hidden words", "mlp", "that nobody sees"), node(2, {0, 0}, "", "mlp")};
  scene->items[1].ports.clear();
  scene->items[0].ports.clear();
  show(scene);
  view.setCamera({1, Vec(300, 300)});
  const QImage covered = view.grab().toImage();
  auto alone = std::make_shared<CanvasScene>();
  alone->items = {scene->items[1]};
  view.setScene(alone);
  view.setCamera({1, Vec(300, 300)});
  const Box box = view.camera().toView(view.geometry().box(0)).grown(-12);
  EXPECT_EQ(covered.copy(box.toRect().toRect()), view.grab().toImage().copy(box.toRect().toRect()));
}

TEST_P(CanvasLook, ADragShowsLinesAndGrowingFrames) {
  show(hybridRecall());
  view.setCamera({1, Vec(700, 400)});
  const auto at = [&](ItemId id) {
    return view.camera().toView(view.geometry().box(view.geometry().slotOf(id)).center()).toPoint().toPoint();
  };
  QTest::mousePress(&view, Qt::LeftButton, {}, at(12));
  for (const QPoint by : {QPoint(-30, 0), QPoint(-120, 60), QPoint(-240, 205)}) {
    QMouseEvent event(QEvent::MouseMove, QPointF(700, 340) + by, QPointF(700, 340) + by, Qt::NoButton, Qt::LeftButton,
                      {});
    QApplication::sendEvent(&view, &event);
  }
  shot("drag");
  QTest::keyClick(&view, Qt::Key_Escape);
  QTest::mouseRelease(&view, Qt::LeftButton, {}, at(12));
  view.setConnectQuestion([](CanvasEnd, CanvasEnd to) { return ConnectAnswer{to.item != 3, "Sizes differ."}; });
  const Vec port = view.camera().toView(view.geometry().port(view.geometry().slotOf(1), 1));
  QTest::mousePress(&view, Qt::LeftButton, {}, port.toPoint().toPoint());
  for (const QPoint by : {QPoint(30, 0), QPoint(80, 60), QPoint(120, 105)}) {
    QMouseEvent event(QEvent::MouseMove, port.toPoint() + by, port.toPoint() + by, Qt::NoButton, Qt::LeftButton, {});
    QApplication::sendEvent(&view, &event);
  }
  shot("wiring");
  QTest::keyClick(&view, Qt::Key_Escape);
  QTest::mouseRelease(&view, Qt::LeftButton, {}, port.toPoint().toPoint());
}

TEST_P(CanvasLook, AChangeOfThemeIsFollowedAtOnce) {
  show(hybridRecall());
  view.setSelection({12});
  const Camera camera = view.camera();
  applyTheme(*qApp, GetParam() ? Theme::light() : Theme::dark());
  QCoreApplication::processEvents();
  EXPECT_EQ(view.grab().toImage().pixelColor(30, 30), (GetParam() ? Theme::light() : Theme::dark()).canvas);
  EXPECT_EQ(view.selection(), std::vector<ItemId>{12});
  EXPECT_EQ(view.camera(), camera);
}

// Larger text makes larger cards; nothing is cut off.
TEST_P(CanvasLook, CardsGrowWithTheFont) {
  show(hybridRecall());
  const int slot = view.geometry().slotOf(12);
  const Box before = view.geometry().box(slot);
  applyTheme(*qApp, GetParam() ? Theme::dark() : Theme::light(), 1.5);
  QCoreApplication::processEvents();
  const Box after = view.geometry().box(slot);
  EXPECT_GT(after.height(), before.height() * 1.25f);
  EXPECT_GT(after.width(), before.width());
  EXPECT_EQ(after.center(), before.center());
  shot("large-text");
  applyTheme(*qApp, GetParam() ? Theme::dark() : Theme::light());
}

TEST_P(CanvasLook, HighResolution) {
  show(hybridRecall());
  view.setCamera({1, Vec(700, 400)});
  // As on a screen of twice the density.
  const FontMetrics metrics;
  ScenePainter painter(view.theme(), metrics);
  QImage image(2800, 1600, QImage::Format_RGB32);
  CanvasMarks marks;
  marks.isSelected.assign(size_t(view.geometry().count()), false);
  painter.paint(image, image.rect(), view.camera().scaled(2), 2, view.geometry(), marks);
  const QString folder = qEnvironmentVariable("FORMWRIGHT_SHOTS");
  if (!folder.isEmpty()) image.save(QDir(folder).filePath(QString("dense-") + (GetParam() ? "dark.png" : "light.png")));
  EXPECT_EQ(image.pixelColor(20, 20), view.theme().canvas);
}

INSTANTIATE_TEST_SUITE_P(Themes, CanvasLook, testing::Bool(),
                         [](const auto& info) { return info.param ? "Dark" : "Light"; });

}  // namespace
}  // namespace fw::ui
