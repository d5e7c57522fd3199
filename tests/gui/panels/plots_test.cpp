// Plots: what is painted where, what is clicked, and pictures on disk.
#include <gtest/gtest.h>

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QImageReader>
#include <QPainter>
#include <QSignalSpy>
#include <QSvgRenderer>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>

#include "engine/base/error.h"
#include "samples.h"
#include "widgets/plots/bar_chart.h"
#include "widgets/plots/curve_plot.h"
#include "widgets/plots/heat_map.h"

namespace fw::ui {
namespace {

HeatMapData gradient(int rows, int columns) {
  HeatMapData data;
  data.rows = rows;
  data.columns = columns;
  for (int i = 0; i < rows * columns; ++i) data.values.push_back(float(i) / float(rows * columns - 1));
  return data;
}

class HeatMapTest : public testing::Test {
 protected:
  void show(const HeatMapData& data) {
    map_.setData(data);
    map_.resize(420, 380);
    map_.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&map_));
  }
  QPoint center(int row, int column) { return map_.cellRect(row, column).center().toPoint(); }
  HeatMap map_;
};

TEST_F(HeatMapTest, EachCellHasTheColourOfItsValue) {
  const HeatMapData data = gradient(7, 9);
  show(data);
  const QImage shot = map_.grab().toImage();
  const double ratio = map_.devicePixelRatioF();
  for (int row = 0; row < 7; ++row)
    for (int column = 0; column < 9; ++column) {
      const QPoint at = (QPointF(center(row, column)) * ratio).toPoint();
      const QColor expected = colorAt(ColorMap::Viridis, double(row * 9 + column) / 62);
      const QColor found = shot.pixelColor(at);
      EXPECT_LE(std::abs(found.red() - expected.red()) + std::abs(found.green() - expected.green()) +
                    std::abs(found.blue() - expected.blue()),
                3)
          << row << " " << column;
    }
}

TEST_F(HeatMapTest, MissingValuesStayEmpty) {
  HeatMapData data = gradient(3, 3);
  data.values[4] = std::nanf("");
  show(data);
  const QImage shot = map_.grab().toImage();
  EXPECT_EQ(shot.pixelColor((QPointF(center(1, 1)) * map_.devicePixelRatioF()).toPoint()), Theme::dark().panel);
  EXPECT_EQ(map_.cellText(1, 1), "2, 2: no value");
}

TEST_F(HeatMapTest, CellsAndPointsAgree) {
  for (const auto& [rows, columns] : {std::pair(1, 1), std::pair(3, 7), std::pair(12, 12), std::pair(63, 33)}) {
    show(gradient(rows, columns));
    for (int row = 0; row < rows; row += std::max(1, rows / 5))
      for (int column = 0; column < columns; column += std::max(1, columns / 5))
        EXPECT_EQ(map_.cellAt(map_.cellRect(row, column).center()), QPoint(column, row)) << rows << "x" << columns;
  }
  EXPECT_EQ(map_.cellAt(QPointF(1, 1)), QPoint(-1, -1));
}

TEST_F(HeatMapTest, ClickShiftClickAndDragSelect) {
  show(gradient(12, 12));
  QSignalSpy spy(&map_, &HeatMap::selectionChanged);
  QTest::mouseClick(&map_, Qt::LeftButton, {}, center(8, 9));
  ASSERT_EQ(spy.count(), 1);
  EXPECT_EQ(map_.selection(), QRect(9, 8, 1, 1));
  QTest::mouseClick(&map_, Qt::LeftButton, Qt::ShiftModifier, center(8, 10));
  EXPECT_EQ(map_.selection(), QRect(9, 8, 2, 1));
  QTest::mousePress(&map_, Qt::LeftButton, {}, center(5, 5));
  QTest::mouseMove(&map_, center(3, 6));
  QTest::mouseRelease(&map_, Qt::LeftButton, {}, center(3, 6));
  EXPECT_EQ(map_.selection(), QRect(5, 3, 2, 3));
  QTest::mouseClick(&map_, Qt::LeftButton, {}, QPoint(2, 2));  // outside: nothing
  EXPECT_TRUE(map_.selection().isEmpty());
}

TEST_F(HeatMapTest, KeysMoveAndExtend) {
  show(gradient(4, 4));
  map_.setFocus();
  QTest::keyClick(&map_, Qt::Key_Right);
  EXPECT_EQ(map_.selection(), QRect(0, 0, 1, 1));
  QTest::keyClick(&map_, Qt::Key_Right);
  QTest::keyClick(&map_, Qt::Key_Down, Qt::ShiftModifier);
  EXPECT_EQ(map_.selection(), QRect(1, 0, 1, 2));
  for (int i = 0; i < 9; ++i) QTest::keyClick(&map_, Qt::Key_Right);
  EXPECT_EQ(map_.selection(), QRect(3, 1, 1, 1));
  QTest::keyClick(&map_, Qt::Key_Escape);
  EXPECT_TRUE(map_.selection().isEmpty());
}

TEST_F(HeatMapTest, HoverReportsTheCell) {
  show(gradient(12, 12));
  QSignalSpy spy(&map_, &HeatMap::hovered);
  // The pointer of an X server moves later than a test goes on; the event itself is what is tested.
  const auto moveTo = [&](const QPoint& at) {
    QMouseEvent event(QEvent::MouseMove, at, map_.mapToGlobal(at), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
    QApplication::sendEvent(&map_, &event);
  };
  moveTo(center(2, 3));
  ASSERT_GE(spy.count(), 1);
  EXPECT_EQ(spy.last()[0].toInt(), 2);
  EXPECT_EQ(spy.last()[1].toInt(), 3);
  moveTo(QPoint(1, 1));
  EXPECT_EQ(spy.last()[0].toInt(), -1);
}

TEST_F(HeatMapTest, EmptyAndBrokenDataPaintNothing) {
  show({});
  EXPECT_EQ(map_.cellAt(QPointF(200, 200)), QPoint(-1, -1));
  HeatMapData broken = gradient(3, 3);
  broken.values.pop_back();
  map_.setData(broken);
  EXPECT_TRUE(map_.data().isEmpty());
  map_.grab();
}

TEST(BarChartTest, LongerBarsForLargerValuesAndClicks) {
  BarChart chart;
  chart.setData({"Influence", {{"1", 0.4}, {"2", 0.2}, {"3", 0.1, true}, {"4", std::nan("")}}});
  chart.resize(300, 160);
  chart.show();
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&chart));
  const QImage shot = chart.grab().toImage();
  const auto inkIn = [&](int index, const QColor& color) {
    int count = 0;
    const QRect row = chart.rowRect(index).toRect();
    for (int y = row.top(); y <= row.bottom(); ++y)
      for (int x = 0; x < row.right(); ++x)
        count += shot.pixel((QPointF(x, y) * shot.devicePixelRatio()).toPoint()) == color.rgb();
    return count;
  };
  const QColor plain = mix(Theme::dark().panel, Theme::dark().accent, 0.82);
  EXPECT_NEAR(double(inkIn(0, plain)) / inkIn(1, plain), 2.0, 0.12);
  EXPECT_EQ(inkIn(2, plain), 0);
  EXPECT_GT(inkIn(2, Theme::dark().error), 50);
  EXPECT_EQ(inkIn(3, plain), 0);
  QSignalSpy spy(&chart, &BarChart::barClicked);
  QTest::mouseClick(&chart, Qt::LeftButton, {}, chart.rowRect(1).center().toPoint());
  ASSERT_EQ(spy.count(), 1);
  EXPECT_EQ(spy[0][0].toInt(), 1);
  QTest::keyClick(&chart, Qt::Key_Down);
  QTest::keyClick(&chart, Qt::Key_Space);
  EXPECT_EQ(spy.last()[0].toInt(), 2);
}

TEST(CurvePlotTest, DecimationKeepsEndsAndPeaks) {
  Curve curve;
  for (int i = 0; i < 100000; ++i) {
    curve.x.push_back(i);
    curve.y.push_back(std::sin(i * 0.001));
  }
  curve.y[43210] = 9;
  curve.y[76543] = -7;
  const Curve small = decimated(curve, 1000);
  EXPECT_LE(small.x.size(), 1002u);
  EXPECT_GE(small.x.size(), 500u);
  EXPECT_EQ(*std::max_element(small.y.begin(), small.y.end()), 9);
  EXPECT_EQ(*std::min_element(small.y.begin(), small.y.end()), -7);
  EXPECT_EQ(small.x.back(), 99999);
  EXPECT_TRUE(std::is_sorted(small.x.begin(), small.x.end()));
  const Curve same = decimated(small, 5000);
  EXPECT_EQ(same.x, small.x);
}

TEST(CurvePlotTest, LegendShowsTheLastValuesOrThoseUnderTheMouse) {
  CurvePlot plot;
  CurvePlotData data;
  data.xMaximum = 100;
  data.curves.push_back({"accuracy", {}, {0, 10, 20, 30}, {0.1, std::nan(""), 0.5, 0.978}, CurveAxis::Left, 0, true});
  data.curves.push_back({"loss", "41 K tokens/s", {0, 10, 20, 30}, {4, 3, 2, 0.081}, CurveAxis::Right, 1, false});
  plot.setData(data);
  plot.resize(400, 300);
  plot.show();
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&plot));
  plot.grab();
  EXPECT_EQ(plot.legendTexts(), (QStringList{QString::fromUtf8("accuracy 97.8\u00a0%"),
                                             QString::fromUtf8("loss 0.081 \u00b7 41 K tokens/s")}));
  plot.setCursorAt(15);
  EXPECT_EQ(plot.legendTexts(), (QStringList{QString::fromUtf8("accuracy 10\u00a0%"), "loss 3", "step 15"}));
  QTest::mouseMove(&plot, QPoint(60, 100));
  EXPECT_FALSE(std::isnan(plot.cursorAt()));
  EXPECT_LT(plot.cursorAt(), 30);
  plot.setFocus();
  QTest::keyClick(&plot, Qt::Key_End);
  EXPECT_EQ(plot.cursorAt(), 30);
  QTest::keyClick(&plot, Qt::Key_Escape);
  EXPECT_TRUE(std::isnan(plot.cursorAt()));
}

TEST(CurvePlotTest, ManyPointsAreQuick) {
  TrainingPanel panel;
  TrainingState state = sampleTraining();
  state.steps.clear();
  state.loss.clear();
  state.accuracy.clear();
  for (int i = 0; i < 200000; ++i) {
    state.steps.push_back(i);
    state.loss.push_back(1.0 / (1 + i * 0.001));
    state.accuracy.push_back(i / 200000.0);
  }
  panel.resize(400, 320);
  panel.show();
  QElapsedTimer timer;
  timer.start();
  panel.setState(state);
  panel.grab();
  EXPECT_LT(timer.elapsed(), 250) << "the window would stutter";
}

TEST(CurvePlotTest, PaintsWithNoDataAndWithInfiniteValues) {
  CurvePlot plot;
  plot.resize(300, 200);
  plot.grab();
  CurvePlotData data;
  data.curves.push_back({"loss", {}, {0, 1, 2}, {INFINITY, std::nan(""), 1}, CurveAxis::Left, 1, false});
  plot.setData(data);
  plot.grab();
  EXPECT_EQ(plot.legendTexts(), QStringList{"loss 1"});
}

class Pictures : public testing::Test {
 protected:
  Pictures() {
    map_.setData(sampleSimilarity().measures[0].map);
    curves_.setData(TrainingPanel::plotData(sampleTraining()));
    bars_.setData({"Influence", {{"1", 0.4}, {"2", 0.2, true}}});
  }
  QString path(const char* name) const { return folder_.filePath(name); }
  QTemporaryDir folder_;
  HeatMap map_;
  CurvePlot curves_;
  BarChart bars_;
};

TEST_F(Pictures, PngIsLightAndTwiceAsLarge) {
  savePlots({&map_, &bars_}, path("similarity.png"));
  const QImage image(path("similarity.png"));
  ASSERT_FALSE(image.isNull());
  EXPECT_EQ(image.width(), 2 * (16 + map_.pictureSize().width() + 16 + bars_.pictureSize().width() + 16));
  EXPECT_EQ(image.pixelColor(2, 2), Theme::light().panel);
}

TEST_F(Pictures, SvgHoldsVectorsAndText) {
  for (const Plot* plot : {static_cast<const Plot*>(&map_), static_cast<const Plot*>(&curves_)}) {
    savePlot(*plot, path("plot.svg"));
    QFile file(path("plot.svg"));
    ASSERT_TRUE(file.open(QIODevice::ReadOnly));
    const QByteArray bytes = file.readAll();
    EXPECT_TRUE(bytes.contains("<svg"));
    EXPECT_TRUE(bytes.contains("<text"));
    EXPECT_FALSE(bytes.contains("<image"));
    QSvgRenderer renderer(bytes);
    ASSERT_TRUE(renderer.isValid());
    QImage image(renderer.defaultSize(), QImage::Format_RGB32);
    image.fill(Qt::magenta);
    QPainter painter(&image);
    renderer.render(&painter);
    painter.end();
    int ink = 0;
    for (int y = 0; y < image.height(); y += 3)
      for (int x = 0; x < image.width(); x += 3) ink += image.pixelColor(x, y) != Theme::light().panel;
    EXPECT_GT(ink, 100);
  }
}

TEST_F(Pictures, PdfIsOnePageOfThatSize) {
  savePlots({&curves_, &bars_}, path("plot.pdf"));
  QFile file(path("plot.pdf"));
  ASSERT_TRUE(file.open(QIODevice::ReadOnly));
  const QByteArray bytes = file.readAll();
  EXPECT_TRUE(bytes.startsWith("%PDF"));
  EXPECT_EQ(bytes.count("/Type /Page\n"), 1);
}

TEST_F(Pictures, WrongPathsSayWhy) {
  const auto sentence = [&](const QString& to) {
    try {
      savePlot(map_, to);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::File);
      return QString(error.what());
    }
    return QString();
  };
  EXPECT_EQ(sentence(path("plot.bmpx")), "[picture] cannot write '" + path("plot.bmpx") +
                                             "': 'bmpx' is no kind of picture; expected .png, .svg or .pdf.");
  EXPECT_FALSE(QFile::exists(path("plot.bmpx")));
  EXPECT_TRUE(sentence("/no/such/folder/plot.png").startsWith("[picture] cannot write '/no/such/folder/plot.png': "));
}

}  // namespace
}  // namespace fw::ui
