// A ranked bar chart: one horizontal bar a row with its value at the end; bars can be picked for an action.
#pragma once

#include <QStringList>
#include <limits>

#include "widgets/plots/plot.h"

namespace fw::ui {

struct Bar {
  QString label;
  double value = 0;         // NaN: no value
  bool isPicked = false;    // drawn in the colour of errors: what the action would take away
  bool isOutlined = false;  // belongs to what is selected elsewhere
  double mark = std::numeric_limits<double>::quiet_NaN();  // another value, as a line across the bar; NaN: none
};

struct BarChartData {
  QString title;
  std::vector<Bar> bars;
};

class BarChart : public Plot {
  Q_OBJECT
 public:
  explicit BarChart(QWidget* parent = nullptr);

  void setData(BarChartData data);
  const BarChartData& data() const { return data_; }
  /// The bar at a height of the widget, or -1.
  int barAt(double y) const;
  QRectF rowRect(int index) const;

  void paintPlot(QPainter& painter, const QRectF& rect, const Theme& theme) const override;
  QSize pictureSize() const override { return QSize(340, std::max(380, rowsHeight(16))); }
  QSize sizeHint() const override { return QSize(260, rowsHeight(22)); }
  QSize minimumSizeHint() const override { return QSize(150, rowsHeight(14)); }

 signals:
  void barClicked(int index);
  void barHovered(int index);  // -1: none

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  int rowsHeight(int row) const;
  double headHeight() const;
  double rowHeight(double height) const;

  BarChartData data_;
  int hovered_ = -1, current_ = 0;
};

}  // namespace fw::ui
