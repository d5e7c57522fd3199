// Points over two axes, linear or logarithmic, with lines between: steps under a roof, runs and their front.
#pragma once

#include <QStringList>

#include "widgets/plots/plot.h"

namespace fw::ui {

struct ScatterPoint {
  QString label;
  double x = 0, y = 0;   // what is not finite, or not positive on a logarithmic axis, is not drawn
  int color = 0;         // of Theme::series
  bool isFaint = false;  // beaten by others
  bool isStar = false;   // the one to look at
};

struct ScatterLine {
  QString name;
  std::vector<double> x, y;
};

struct ScatterData {
  QString title, recipe;
  QString xTitle, yTitle;
  bool isLogX = false, isLogY = false;
  std::vector<ScatterPoint> points;
  std::vector<ScatterLine> lines;
};

class ScatterPlot : public Plot {
  Q_OBJECT
 public:
  explicit ScatterPlot(QWidget* parent = nullptr);

  void setData(ScatterData data);
  const ScatterData& data() const { return data_; }
  /// Where a point lies in the widget.
  QPointF positionOf(int index) const;
  /// The nearest point within reach of the mouse, or -1.
  int pointAt(const QPointF& position) const;

  void paintPlot(QPainter& painter, const QRectF& rect, const Theme& theme) const override;
  QSize pictureSize() const override { return QSize(520, 380); }
  QSize sizeHint() const override { return QSize(360, 260); }
  QSize minimumSizeHint() const override { return QSize(200, 140); }

 signals:
  void pointHovered(int index);  // -1: none
  void pointClicked(int index);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  struct Frame;
  Frame frameIn(const QRectF& rect) const;
  bool isShown(const ScatterPoint& point) const;
  void hover(int index);

  ScatterData data_;
  int hovered_ = -1;
};

}  // namespace fw::ui
