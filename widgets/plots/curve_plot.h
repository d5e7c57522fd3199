// Curves over steps on two axes, drawn by QCustomPlot in the theme: live, decimated, with a cursor line and a legend.
#pragma once

#include <QStringList>

#include "widgets/plots/plot.h"

class QCustomPlot;

namespace fw::ui {

enum class CurveAxis { Left, Right };

struct Curve {
  QString name;              // "accuracy"
  QString note;              // after the value in the legend: "41 k tokens/s"
  std::vector<double> x, y;  // equal lengths, x ascending; NaN in y leaves a gap
  CurveAxis axis = CurveAxis::Left;
  int color = 0;           // of Theme::series
  bool isPercent = false;  // y is a fraction, shown as per cent
};

struct CurvePlotData {
  std::vector<Curve> curves;
  QString xTitle;         // "steps"
  QString xName;          // of one x in the legend: "depth"; empty: "step"
  QStringList xLabels;    // of x = 0, 1, ...; empty: the number
  double xMaximum = 0;    // the planned end; 0: where the curves end
  QString title, recipe;  // over the plot; may be empty
};

/// At most about `limit` points: of each run of points the smallest and the largest y stay, so that no peak is lost.
Curve decimated(const Curve& curve, size_t limit);

class CurvePlot : public Plot {
  Q_OBJECT
 public:
  explicit CurvePlot(QWidget* parent = nullptr);

  void setData(CurvePlotData data);
  const CurvePlotData& data() const { return data_; }
  /// The legend as shown: values under the cursor, or the last ones.
  QStringList legendTexts() const;
  /// Puts the cursor line at x; NaN takes it away (it then stands at the last point).
  void setCursorAt(double x);
  double cursorAt() const { return cursor_; }

  void paintPlot(QPainter& painter, const QRectF& rect, const Theme& theme) const override;
  QSize pictureSize() const override { return QSize(440, 340); }
  QSize sizeHint() const override { return QSize(320, 260); }
  QSize minimumSizeHint() const override { return QSize(200, 140); }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  double lastX() const;
  QString labelOfX(double x) const;
  QRectF paintAll(QPainter& painter, const QRectF& rect, const Theme& theme) const;
  QRectF paintCurves(QPainter& painter, const QRectF& rect, const Theme& theme) const;
  void paintLegend(QPainter& painter, const QRectF& rect, const Theme& theme) const;

  CurvePlotData data_;
  std::vector<Curve> shown_;  // decimated
  double cursor_;             // NaN: at the last point
  QRectF area_;               // of the curves, in the widget, when it was last painted
  QCustomPlot* plot_;         // stays hidden: it paints into this widget, a pixmap or a file alike
};

}  // namespace fw::ui
