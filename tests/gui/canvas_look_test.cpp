// What the canvas looks like: pictures for the eye where FORMWRIGHT_SHOTS names a folder, and pixels for the machine.
#include <gtest/gtest.h>

#include <QApplication>
#include <QDir>
#include <QTest>

#include "canvas_scenes.h"
#include "widgets/canvas/canvas_view.h"
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

INSTANTIATE_TEST_SUITE_P(Themes, CanvasLook, testing::Bool(),
                         [](const auto& info) { return info.param ? "Dark" : "Light"; });

}  // namespace
}  // namespace fw::ui
