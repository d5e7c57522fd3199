// A matrix as coloured cells with a colour bar: hover shows the value, a click or drag selects cells.
#pragma once

#include <QImage>
#include <QStringList>

#include "widgets/color_map.h"
#include "widgets/plots/plot.h"

namespace fw::ui {

struct HeatMapData {
  int rows = 0, columns = 0;
  std::vector<float> values;            // [rows, columns], row by row; NaN: no value, the cell stays empty
  QStringList rowLabels, columnLabels;  // empty: 1, 2, 3...
  QStringList cellTexts;                // one a cell: in the cells where there is room, and on hover; empty: none
  QString rowTitle, columnTitle;        // "span", "first layer"; shown along the axes where given
  QString title, recipe;                // "Linear CKA, unbiased"; "2 048 tokens, seed 7"
  double minimum = 0, maximum = 1;      // the ends of the colour bar
  ColorMap map = ColorMap::Viridis;

  float at(int row, int column) const { return values[size_t(row) * size_t(columns) + size_t(column)]; }
  bool isEmpty() const { return rows <= 0 || columns <= 0; }
};

class HeatMap : public Plot {
  Q_OBJECT
 public:
  explicit HeatMap(QWidget* parent = nullptr);

  void setData(HeatMapData data);
  const HeatMapData& data() const { return data_; }
  void setColorMap(ColorMap map);
  /// Selected cells: x and width count columns, y and height rows. Empty: none.
  void setSelection(const QRect& cells);
  QRect selection() const { return selection_; }

  /// The cell under a point of the widget, or (-1, -1); x is the column.
  QPoint cellAt(const QPointF& point) const;
  /// The rectangle of a cell in the widget.
  QRectF cellRect(int row, int column) const;
  /// "9, 10: 0.81"
  QString cellText(int row, int column) const;

  void paintPlot(QPainter& painter, const QRectF& rect, const Theme& theme) const override;
  QSize pictureSize() const override { return QSize(400, 380); }
  QSize sizeHint() const override { return QSize(300, 300); }
  QSize minimumSizeHint() const override { return QSize(160, 160); }

 signals:
  /// (-1, -1) where the mouse left the cells.
  void hovered(int row, int column);
  /// By click, drag, shift-click or keys; empty where the selection was cleared.
  void selectionChanged(const QRect& cells);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  bool event(QEvent* event) override;

 private:
  struct Layout;
  Layout layoutIn(const QRectF& rect, double pixelRatio) const;
  void select(const QPoint& anchor, const QPoint& cell);
  void hover(const QPoint& cell);
  void makeImage();

  HeatMapData data_;
  QImage image_;  // one pixel a cell
  QRect selection_;
  QPoint anchor_{-1, -1}, current_{-1, -1}, hovered_{-1, -1};
  bool isDragging_ = false;
};

}  // namespace fw::ui
