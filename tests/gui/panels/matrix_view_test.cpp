// Large matrices: levels, cameras, gestures; and Vulkan's pixels against the painter's where there is a driver.
#include "widgets/plots/matrix_view.h"

#include <gtest/gtest.h>

#include <QGuiApplication>
#include <QSignalSpy>
#include <QTest>
#include <QWindow>
#include <cmath>
#include <limits>

#ifdef FORMWRIGHT_VULKAN
#include <QVulkanWindow>
#endif

#include "engine/base/tensor.h"
#include "widgets/panels/measures_panel.h"

namespace fw::ui {
namespace {

std::vector<uint16_t> cellsOf(int rows, int columns, float (*value)(int, int)) {
  std::vector<uint16_t> cells;
  cells.reserve(size_t(rows) * size_t(columns));
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) cells.push_back(floatToHalf(value(r, c)));
  return cells;
}

/// With stripes, an outlier and cells without a value.
float wavy(int r, int c) {
  if (r % 17 == 3 && c % 5 == 1) return std::numeric_limits<float>::quiet_NaN();
  return r == 7 && c == 9 ? 900.f : float(std::sin(0.37 * r + 0.05 * c * c) + 0.3 * std::cos(0.9 * c));
}

MatrixPyramidPtr wavyMatrix(int rows, int columns, ColorMap map = ColorMap::Viridis) {
  return makePyramid(rows, columns, cellsOf(rows, columns, wavy), -1.3, 1.3, map);
}

/// A view with a driver, or null: then there is a reason to skip.
std::unique_ptr<MatrixView> vulkanView(const QSize& size, const MatrixPyramidPtr& matrix) {
  auto view = std::make_unique<MatrixView>();
  view->resize(size);
  view->setMatrix(matrix);
  view->show();
  if (!view->drawsWithVulkan()) return nullptr;
  if (!QTest::qWaitFor([&] { return view->framesDrawn() > 0 || !view->drawsWithVulkan(); }, 20000)) return nullptr;
  return view->drawsWithVulkan() ? std::move(view) : nullptr;
}

TEST(MatrixPyramid, LevelsAreMeansOfWhatHasAValue) {
  const float none = std::numeric_limits<float>::quiet_NaN();
  std::vector<uint16_t> cells;
  for (const float value : {1.f, 3.f, none, none, 8.f,  //
                            5.f, none, none, none, 8.f, 9.f, 9.f, 9.f, 9.f, 9.f})
    cells.push_back(floatToHalf(value));
  const MatrixPyramidPtr matrix = makePyramid(3, 5, cells, 0, 10, ColorMap::Viridis);
  ASSERT_EQ(matrix->levels.size(), 3u);
  EXPECT_EQ(matrix->levels[1].rows, 1);
  EXPECT_EQ(matrix->levels[1].columns, 2);
  EXPECT_EQ(halfToFloat(matrix->levels[1].cells[0]), 3);
  EXPECT_TRUE(std::isnan(halfToFloat(matrix->levels[1].cells[1])));
  EXPECT_EQ(halfToFloat(matrix->levels[2].cells[0]), 3);
  EXPECT_EQ(MatrixPyramid::bytes(3, 5), 2 * (15 + 2 + 1));
  // 16,384^2 f16 and a third more for the levels.
  EXPECT_NEAR(double(MatrixPyramid::bytes(16384, 16384)), 4.0 / 3 * 2 * 16384 * 16384, 16);
}

/// Pixel by pixel against the definition, in double.
TEST(MatrixPyramid, ThePainterShowsTheCellUnderEachPixel) {
  const MatrixPyramidPtr matrix = wavyMatrix(63, 33);
  const QColor background(1, 2, 3);
  for (const float scale : {0.25f, 1.f, 3.f}) {
    const MatrixCamera camera{.left = -2.5f, .top = 1.25f, .scale = scale};
    const QImage image = paintMatrix(*matrix, camera, {}, {41, 37}, background);
    const int level = scale < 2 ? 0 : 1;
    const MatrixPyramid::Level& cells = matrix->levels[size_t(level)];
    for (int y = 0; y < 37; ++y)
      for (int x = 0; x < 41; ++x) {
        const double column = -2.5 + (x + 0.5) * double(scale), row = 1.25 + (y + 0.5) * double(scale);
        QColor expected = background;
        if (column >= 0 && row >= 0 && column < 33 && row < 63) {
          const int r = std::min(int(row) >> level, cells.rows - 1),
                    c = std::min(int(column) >> level, cells.columns - 1);
          const float value = halfToFloat(cells.cells[size_t(r * cells.columns + c)]);
          if (!std::isnan(value)) expected = colorAt(ColorMap::Viridis, (double(value) + 1.3) / 2.6);
        }
        const QColor shown = image.pixelColor(x, y);
        EXPECT_LE(std::abs(shown.red() - expected.red()) + std::abs(shown.green() - expected.green()) +
                      std::abs(shown.blue() - expected.blue()),
                  6)
            << x << ", " << y << " at " << scale;
      }
  }
}

TEST(MatrixView, GesturesMoveAndSelect) {
  MatrixView view;
  view.usePainter("Without Vulkan.");
  view.resize(200, 200);
  view.setMatrix(wavyMatrix(100, 100));
  EXPECT_FLOAT_EQ(view.camera().scale, 0.5f);
  EXPECT_EQ(view.cellAt({101, 51}), QPoint(50, 25));
  EXPECT_EQ(view.cellAt({-1, 5}), QPoint(-1, -1));
  QSignalSpy selected(&view, &MatrixView::selectionChanged), hovered(&view, &MatrixView::hovered);
  QTest::mouseClick(&view, Qt::LeftButton, {}, {101, 51});
  EXPECT_EQ(view.selection(), QRect(50, 25, 1, 1));
  QTest::mousePress(&view, Qt::LeftButton, Qt::ShiftModifier, {20, 40});
  QMouseEvent drag(QEvent::MouseMove, QPointF(60, 100), view.mapToGlobal(QPointF(60, 100)), Qt::NoButton,
                   Qt::LeftButton, Qt::ShiftModifier);
  QCoreApplication::sendEvent(&view, &drag);
  EXPECT_EQ(view.selection(), QRect(QPoint(10, 20), QPoint(30, 50)));
  EXPECT_EQ(hovered.last(), (QVariantList{50, 30}));
  EXPECT_GE(selected.size(), 2);
  // The cell under the mouse stays there while the wheel zooms.
  const QPointF at(101, 61);
  const QPoint before = view.cellAt(at);
  QWheelEvent wheel(at, view.mapToGlobal(at), {}, {0, 120}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
  QCoreApplication::sendEvent(&view, &wheel);
  EXPECT_LT(view.camera().scale, 0.5f);
  EXPECT_EQ(view.cellAt(at), before);
  QTest::keyClick(&view, Qt::Key_0);
  EXPECT_FLOAT_EQ(view.camera().scale, 0.5f);
  EXPECT_EQ(view.cellText(7, 9), "8, 10: 900");
}

TEST(MatrixView, WithoutADriverThePainterDrawsAndSaysWhy) {
  // The loader looks for drivers where these say.
  const QByteArray names[] = {"VK_ICD_FILENAMES", "VK_DRIVER_FILES"};
  QByteArrayList before;
  for (const QByteArray& name : names) {
    before << qgetenv(name);
    qputenv(name, "/nonexistent.json");
  }
  MatrixView view;
  view.resize(50, 40);
  view.setMatrix(wavyMatrix(20, 20));
  view.show();
  for (int i = 0; i < 2; ++i) before[i].isEmpty() ? qunsetenv(names[i]) : qputenv(names[i], before[i]);
  EXPECT_FALSE(view.drawsWithVulkan());
  EXPECT_TRUE(view.sentence().endsWith("the picture is painted.")) << view.sentence().toStdString();
  EXPECT_EQ(view.grab().toImage().convertToFormat(QImage::Format_RGB32),
            paintMatrix(*view.matrix(), view.camera(), {}, {160, 160}, view.background()));
}

TEST(MatrixView, VulkanDrawsThePaintersPixels) {
  const auto view = vulkanView({301, 203}, wavyMatrix(500, 700));
  if (!view) GTEST_SKIP() << "There is no Vulkan driver here.";
  const MatrixCamera cameras[] = {view->camera(),
                                  {.left = 3.3f, .top = -10, .scale = 0.125f},
                                  {.left = 40, .top = 60.5f, .scale = 1.7f},
                                  {.left = -100, .top = 0, .scale = 5.5f}};
  for (const ColorMap map : {ColorMap::Viridis, ColorMap::BlueWhiteRed}) {
    view->setMatrix(wavyMatrix(500, 700, map));
    for (const MatrixCamera& camera : cameras)
      for (const QRect& selection : {QRect(), QRect(5, 2, 20, 9)}) {
        view->setCamera(camera);
        view->setSelection(selection);
        const QImage drawn = view->grabVulkan().convertToFormat(QImage::Format_RGB32);
        ASSERT_FALSE(drawn.isNull());
        const QImage painted = paintMatrix(*view->matrix(), camera, selection, drawn.size(), view->background());
        int64_t others = 0;
        for (int y = 0; y < drawn.height(); ++y)
          for (int x = 0; x < drawn.width(); ++x) {
            const QRgb a = drawn.pixel(x, y), b = painted.pixel(x, y);
            others += std::abs(qRed(a) - qRed(b)) > 2 || std::abs(qGreen(a) - qGreen(b)) > 2 ||
                      std::abs(qBlue(a) - qBlue(b)) > 2;
          }
        // Where a pixel's middle falls on the border of two cells rounding chooses one.
        EXPECT_LE(double(others), 0.001 * double(drawn.width()) * double(drawn.height()))
            << "scale " << camera.scale << ", in the corner " << std::hex << drawn.pixel(0, 0) << " for "
            << painted.pixel(0, 0) << ", in the middle " << drawn.pixel(150, 100) << " for " << painted.pixel(150, 100);
      }
  }
}

TEST(MatrixView, MemoryIsWhatWasComputed) {
  const auto view = vulkanView({200, 200}, wavyMatrix(1024, 2048));
  if (!view) GTEST_SKIP() << "There is no Vulkan driver here.";
  const double computed = double(MatrixPyramid::bytes(1024, 2048));
  EXPECT_GE(double(view->deviceBytes()), computed);
  EXPECT_LE(double(view->deviceBytes()), 1.05 * computed) << "what drivers align";
}

#ifdef FORMWRIGHT_VULKAN
TEST(MatrixView, ALostDeviceIsSurvived) {
  const auto view = vulkanView({120, 110}, wavyMatrix(40, 40));
  if (!view) GTEST_SKIP() << "There is no Vulkan driver here.";
  QVulkanWindow* window = nullptr;
  for (QWindow* each : QGuiApplication::allWindows())
    if (auto* found = dynamic_cast<QVulkanWindow*>(each)) window = found;
  ASSERT_TRUE(window);
  const std::unique_ptr<QVulkanWindowRenderer> renderer(window->createRenderer());
  renderer->logicalDeviceLost();
  ASSERT_TRUE(QTest::qWaitFor([&] { return !view->drawsWithVulkan(); }, 5000));
  EXPECT_EQ(view->sentence(), "The graphics device was lost; the picture is painted.");
  EXPECT_EQ(view->grab().toImage().convertToFormat(QImage::Format_RGB32),
            paintMatrix(*view->matrix(), view->camera(), {}, {160, 160}, view->background()));
}
#endif

/// More cells than a heat map shows go to the view that can zoom.
TEST(MatrixView, TakesLargeResultsOfMeasures) {
  MeasuresPanel panel;
  panel.resize(900, 600);
  panel.matrixView()->usePainter("Without Vulkan.");
  MeasuresState state;
  state.panel = {PanelPhase::Ready, {}, {}, -1};
  HeatMapData map;
  map.rows = 600, map.columns = 700;
  for (int r = 0; r < map.rows; ++r)
    for (int c = 0; c < map.columns; ++c) map.values.push_back(float(r) - float(c));
  map.minimum = -700, map.maximum = 600;
  state.results.push_back({.id = "large", .title = "Large", .map = map});
  panel.setState(state);
  EXPECT_EQ(panel.plot(), panel.matrixView());
  EXPECT_EQ(panel.matrixView()->matrix()->rows(), 600);
  EXPECT_EQ(panel.matrixView()->cellText(300, 100), "301, 101: 200");
  map.rows = 6, map.columns = 7;
  map.values.resize(42);
  state.results = {{.id = "small", .title = "Small", .map = map}};
  panel.setState(state);
  EXPECT_EQ(panel.plot(), panel.heatMap());
}

}  // namespace
}  // namespace fw::ui
