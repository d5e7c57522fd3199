// Parallel coordinates: an axis for each objective, a line for each model. (Inselberg, The plane with parallel
// coordinates, 1985.)
#pragma once

#include <QStringList>

#include "widgets/plots/plot.h"

namespace fw::ui {

struct ParallelData {
  QString title;
  QStringList axes;                       // from left to right
  QStringList names;                      // of the lines
  std::vector<std::vector<double>> rows;  // [line][axis]; NaN: no value, the line has a gap
};

class ParallelPlot : public Plot {
  Q_OBJECT
 public:
  explicit ParallelPlot(QWidget* parent = nullptr);

  void setData(ParallelData data);
  const ParallelData& data() const { return data_; }
  /// Where a line crosses an axis in the widget.
  QPointF positionOf(int line, int axis) const { return positionIn(rect(), line, axis); }

  void paintPlot(QPainter& painter, const QRectF& rect, const Theme& theme) const override;
  QSize pictureSize() const override { return QSize(640, 360); }
  QSize sizeHint() const override { return QSize(360, 260); }
  QSize minimumSizeHint() const override { return QSize(200, 140); }

 signals:
  void lineHovered(int index);  // -1: none
  void lineClicked(int index);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;

 private:
  QRectF areaIn(const QRectF& rect) const;
  QPointF positionIn(const QRectF& rect, int line, int axis) const;
  int lineAt(const QPointF& position) const;
  void hover(int index);
  void paintLine(QPainter& painter, const QRectF& rect, int line, const QPen& pen) const;

  ParallelData data_;
  std::vector<std::pair<double, double>> ranges_;  // of each axis
  int hovered_ = -1;
};

}  // namespace fw::ui
