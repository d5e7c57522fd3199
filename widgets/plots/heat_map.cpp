// A matrix as coloured cells with a colour bar: hover shows the value, a click or drag selects cells.
#include "widgets/plots/heat_map.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPaintEngine>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "widgets/number_format.h"

namespace fw::ui {
namespace {

// Below this size cells are drawn as one image, without lines between them.
constexpr double kSmallestCell = 5;

QString labelOf(const QStringList& labels, int index) {
  return index < labels.size() ? labels[index] : QString::number(index + 1);
}

double share(const HeatMapData& data, float value) {
  if (std::isnan(value)) return std::nan("");
  return data.maximum > data.minimum ? (double(value) - data.minimum) / (data.maximum - data.minimum) : 0.5;
}

// Every n-th label, so that labels of `size` pixels do not touch.
int labelStride(double cell, double size) {
  static const int steps[] = {1, 2, 4, 5, 10, 20, 50, 100, 200, 500, 1000};
  for (const int step : steps)
    if (step * cell >= size) return step;
  return 2000;
}

}  // namespace

// Where things are: the cells start at `cells`, which is aligned with the pixels of the device.
struct HeatMap::Layout {
  QRectF cells, bar;
  double cell = 0;  // side in logical pixels, a whole number of device pixels where that is possible
  double gap = 0;   // line between cells
  double textHeight = 0;
  bool hasColumnLabels = false;
};

HeatMap::HeatMap(QWidget* parent) : Plot(parent) {
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Heat map"));
}

void HeatMap::setData(HeatMapData data) {
  data_ = std::move(data);
  if (data_.values.size() != size_t(std::max(0, data_.rows)) * size_t(std::max(0, data_.columns))) data_ = {};
  const QRect all(0, 0, data_.columns, data_.rows);
  selection_ = selection_.intersected(all);
  if (!all.contains(current_)) current_ = anchor_ = QPoint(-1, -1);
  if (!all.contains(hovered_)) hovered_ = QPoint(-1, -1);
  setAccessibleDescription(data_.title);
  makeImage();
  update();
}

void HeatMap::makeImage() {
  image_ = QImage(data_.columns, data_.rows, QImage::Format_ARGB32_Premultiplied);
  for (int row = 0; row < data_.rows; ++row) {
    auto* line = reinterpret_cast<QRgb*>(image_.scanLine(row));
    for (int column = 0; column < data_.columns; ++column)
      line[column] = qPremultiply(colorAt(data_.map, share(data_, data_.at(row, column))).rgba());
  }
}

void HeatMap::setColorMap(ColorMap map) {
  data_.map = map;
  makeImage();
  update();
}

void HeatMap::setSelection(const QRect& cells) {
  selection_ = cells.intersected(QRect(0, 0, data_.columns, data_.rows));
  update();
}

HeatMap::Layout HeatMap::layoutIn(const QRectF& rect, double pixelRatio) const {
  const QFontMetricsF small(ui::font(TextRole::Section));
  QFont labelFont = ui::font(TextRole::Section);
  labelFont.setCapitalization(QFont::MixedCase);
  const QFontMetricsF metrics(labelFont);
  Layout layout;
  layout.textHeight = metrics.height();
  double labelWidth = 0;
  for (int i = 0; i < data_.rows; ++i) {
    labelWidth = std::max(labelWidth, metrics.horizontalAdvance(labelOf(data_.rowLabels, i)));
    if (data_.rowLabels.isEmpty() && i + 2 < data_.rows) i = data_.rows - 2;  // the last number is the widest
  }
  labelWidth = std::min(labelWidth, rect.width() / 3);
  layout.hasColumnLabels = !data_.columnTitle.isEmpty() || !data_.columnLabels.isEmpty();
  const double left = labelWidth + 8 + (data_.rowTitle.isEmpty() ? 0 : layout.textHeight + 4);
  const double top = QFontMetricsF(ui::font(TextRole::Secondary)).height() + 8;
  const double barWidth = 12 + 10 + 6 +
                          std::max(metrics.horizontalAdvance(formatValue(data_.minimum)),
                                   metrics.horizontalAdvance(formatValue(data_.maximum)));
  const double bottom =
      (layout.hasColumnLabels ? layout.textHeight + 4 : 0) + (data_.columnTitle.isEmpty() ? 0 : layout.textHeight + 2);
  const QSizeF room(rect.width() - left - barWidth, rect.height() - top - bottom - 2);
  if (data_.isEmpty() || room.width() < 4 || room.height() < 4) return layout;

  double cell = std::min(room.width() / data_.columns, room.height() / data_.rows);
  if (cell * pixelRatio >= 1) cell = std::floor(cell * pixelRatio) / pixelRatio;
  layout.cell = cell;
  layout.gap = cell >= kSmallestCell ? 1.0 / std::max(1.0, std::floor(pixelRatio)) : 0;
  const auto align = [&](double x) { return std::round(x * pixelRatio) / pixelRatio; };
  layout.cells = QRectF(align(rect.x() + left), align(rect.y() + top), cell * data_.columns, cell * data_.rows);
  layout.bar = QRectF(layout.cells.right() + 12, layout.cells.top(), 10, layout.cells.height());
  return layout;
}

void HeatMap::paintPlot(QPainter& painter, const QRectF& rect, const Theme& theme) const {
  const double pixelRatio = painter.device()->devicePixelRatioF();
  const Layout layout = layoutIn(rect, pixelRatio);
  if (layout.cells.isEmpty()) return;
  const QRectF cells = layout.cells;

  const QFont titleFont = ui::font(TextRole::Secondary);
  QFont labelFont = ui::font(TextRole::Section);
  labelFont.setCapitalization(QFont::MixedCase);
  labelFont.setWeight(QFont::Normal);
  const double headTop = rect.y(), headHeight = cells.top() - 8 - rect.y();
  const double right = layout.bar.right() + 40;
  const QRectF head(cells.x(), headTop, std::min(rect.right(), std::max(cells.right(), right)) - cells.x(), headHeight);
  const QFontMetricsF titleMetrics(titleFont), labelMetrics(labelFont);
  const double titleWidth = titleMetrics.horizontalAdvance(data_.title);
  const double recipeWidth = labelMetrics.horizontalAdvance(data_.recipe);
  painter.setFont(titleFont);
  painter.setPen(theme.secondary);
  painter.drawText(head, Qt::AlignLeft | Qt::AlignVCenter,
                   titleMetrics.elidedText(data_.title, Qt::ElideRight, head.width()));
  painter.setFont(labelFont);
  painter.setPen(theme.dim);
  const double recipeRoom =
      (titleWidth + recipeWidth + 12 <= cells.width() ? cells.width() : head.width()) - titleWidth - 12;
  if (recipeRoom > 40)
    painter.drawText(QRectF(cells.x() + titleWidth + 12, headTop, recipeRoom, headHeight),
                     Qt::AlignRight | Qt::AlignVCenter,
                     labelMetrics.elidedText(data_.recipe, Qt::ElideRight, recipeRoom));

  painter.setRenderHint(QPainter::Antialiasing, false);
  painter.setPen(Qt::NoPen);
  if (layout.gap > 0) {
    for (int row = 0; row < data_.rows; ++row)
      for (int column = 0; column < data_.columns; ++column) {
        const float value = data_.at(row, column);
        if (std::isnan(value)) continue;
        painter.fillRect(QRectF(cells.x() + column * layout.cell, cells.y() + row * layout.cell,
                                layout.cell - layout.gap, layout.cell - layout.gap),
                         colorAt(data_.map, share(data_, value)));
      }
  } else {
    painter.setRenderHint(QPainter::SmoothPixmapTransform, layout.cell * pixelRatio < 1);
    painter.drawImage(cells, image_);
  }

  painter.setFont(labelFont);
  if (!data_.cellTexts.isEmpty() && layout.cell >= layout.textHeight)
    for (int i = 0; i < data_.rows * data_.columns && i < data_.cellTexts.size(); ++i) {
      const QRectF cell(cells.x() + i % data_.columns * layout.cell, cells.y() + i / data_.columns * layout.cell,
                        layout.cell, layout.cell);
      const QColor behind = colorAt(data_.map, share(data_, data_.values[size_t(i)]));
      painter.setPen(behind.alpha() > 0 && behind.lightness() > 120 ? QColor(Qt::black) : QColor(Qt::white));
      painter.drawText(cell, Qt::AlignCenter,
                       labelMetrics.elidedText(data_.cellTexts[i], Qt::ElideRight, layout.cell - 2));
    }
  painter.setPen(theme.dim);
  const int rowStride = labelStride(layout.cell, layout.textHeight);
  for (int row = 0; row < data_.rows; row += rowStride)
    painter.drawText(QRectF(rect.x(), cells.y() + (row + 0.5) * layout.cell - layout.textHeight,
                            cells.x() - 8 - rect.x(), 2 * layout.textHeight),
                     Qt::AlignRight | Qt::AlignVCenter, labelOf(data_.rowLabels, row));
  if (layout.hasColumnLabels) {
    double widest = 0;
    for (int column = 0; column < data_.columns; ++column)
      widest = std::max(widest, labelMetrics.horizontalAdvance(labelOf(data_.columnLabels, column)));
    const int stride = labelStride(layout.cell, widest + 6);
    for (int column = 0; column < data_.columns; column += stride)
      painter.drawText(
          QRectF(cells.x() + (column + 0.5) * layout.cell - 60, cells.bottom() + 4, 120, layout.textHeight),
          Qt::AlignHCenter | Qt::AlignTop, labelOf(data_.columnLabels, column));
    painter.drawText(QRectF(cells.x(), cells.bottom() + 6 + layout.textHeight, cells.width(), layout.textHeight),
                     Qt::AlignHCenter | Qt::AlignTop, data_.columnTitle);
  }
  if (!data_.rowTitle.isEmpty()) {
    painter.save();
    painter.translate(rect.x(), cells.center().y());
    painter.rotate(-90);
    painter.drawText(QRectF(-cells.height() / 2, 0, cells.height(), layout.textHeight), Qt::AlignCenter,
                     data_.rowTitle);
    painter.restore();
  }

  // The colour bar, one line of the table for each device pixel or so.
  const int lines = int(std::clamp(layout.bar.height(), 2.0, 256.0));
  for (int i = 0; i < lines; ++i) {
    const double top = layout.bar.top() + layout.bar.height() * i / lines;
    painter.fillRect(
        QRectF(layout.bar.x(), top, layout.bar.width(), layout.bar.height() / lines + (i + 1 < lines ? 0.5 : 0)),
        colorAt(data_.map, 1.0 - (i + 0.5) / lines));
  }
  painter.setPen(theme.dim);
  const QRectF barText(layout.bar.right() + 6, layout.bar.top(), 80, layout.bar.height());
  painter.drawText(barText, Qt::AlignLeft | Qt::AlignTop, formatValue(data_.maximum));
  painter.drawText(barText, Qt::AlignLeft | Qt::AlignBottom, formatValue(data_.minimum));

  painter.setRenderHint(QPainter::Antialiasing);
  painter.setBrush(Qt::NoBrush);
  const auto outline = [&](const QRect& which, const QColor& color, double width) {
    const QRectF box(cells.x() + which.x() * layout.cell, cells.y() + which.y() * layout.cell,
                     which.width() * layout.cell - layout.gap, which.height() * layout.cell - layout.gap);
    painter.setPen(QPen(color, width, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
    painter.drawRect(box);
  };
  if (!selection_.isEmpty()) {
    // White on a dark line is seen on every colour of the maps.
    outline(selection_, QColor(0, 0, 0, 150), 4);
    outline(selection_, Qt::white, 2);
  }
}

void HeatMap::paintEvent(QPaintEvent*) {
  const Theme& theme = Theme::of(this);
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  paintPlot(painter, rect(), theme);
  const Layout layout = layoutIn(rect(), devicePixelRatioF());
  if (layout.cells.isEmpty()) return;
  painter.setBrush(Qt::NoBrush);
  const auto mark = [&](const QPoint& cell, const QColor& color, double width) {
    if (cell.x() < 0) return;
    painter.setPen(QPen(color, width, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
    painter.drawRect(cellRect(cell.y(), cell.x()));
  };
  if (hovered_ != current_ || selection_.isEmpty()) mark(hovered_, QColor(255, 255, 255, 190), 1.5);
  if (showsFocus(this) && selection_.isEmpty()) mark(current_.x() < 0 ? QPoint(0, 0) : current_, theme.accent, 2);
}

QPoint HeatMap::cellAt(const QPointF& point) const {
  const Layout layout = layoutIn(rect(), devicePixelRatioF());
  if (layout.cell <= 0 || !layout.cells.contains(point)) return {-1, -1};
  return {std::clamp(int((point.x() - layout.cells.x()) / layout.cell), 0, data_.columns - 1),
          std::clamp(int((point.y() - layout.cells.y()) / layout.cell), 0, data_.rows - 1)};
}

QRectF HeatMap::cellRect(int row, int column) const {
  const Layout layout = layoutIn(rect(), devicePixelRatioF());
  return QRectF(layout.cells.x() + column * layout.cell, layout.cells.y() + row * layout.cell, layout.cell - layout.gap,
                layout.cell - layout.gap);
}

QString HeatMap::cellText(int row, int column) const {
  const float value = data_.at(row, column);
  const int index = row * data_.columns + column;
  const QString said = index < data_.cellTexts.size() ? " \u201c" + data_.cellTexts[index] + "\u201d" : QString();
  const QString where = labelOf(data_.rowLabels, row) + ", " + labelOf(data_.columnLabels, column) + said;
  return std::isnan(value) ? where + ": " + tr("no value") : where + ": " + formatValue(double(value));
}

void HeatMap::select(const QPoint& anchor, const QPoint& cell) {
  anchor_ = anchor;
  current_ = cell;
  const QRect cells(QPoint(std::min(anchor.x(), cell.x()), std::min(anchor.y(), cell.y())),
                    QPoint(std::max(anchor.x(), cell.x()), std::max(anchor.y(), cell.y())));
  if (cells == selection_) return;
  selection_ = cells;
  update();
  emit selectionChanged(selection_);
}

void HeatMap::hover(const QPoint& cell) {
  if (cell == hovered_) return;
  hovered_ = cell;
  update();
  emit hovered(cell.y(), cell.x());
}

void HeatMap::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return QWidget::mousePressEvent(event);
  const QPoint cell = cellAt(event->position());
  if (cell.x() < 0) {
    if (selection_.isEmpty()) return;
    selection_ = QRect();
    update();
    emit selectionChanged(selection_);
    return;
  }
  isDragging_ = true;
  select(event->modifiers() & Qt::ShiftModifier && anchor_.x() >= 0 ? anchor_ : cell, cell);
}

void HeatMap::mouseMoveEvent(QMouseEvent* event) {
  const QPoint cell = cellAt(event->position());
  if (cell != hovered_ && cell.x() >= 0)
    QToolTip::showText(event->globalPosition().toPoint(), cellText(cell.y(), cell.x()), this);
  hover(cell);
  if (isDragging_ && cell.x() >= 0) select(anchor_, cell);
}

void HeatMap::mouseReleaseEvent(QMouseEvent*) { isDragging_ = false; }

void HeatMap::leaveEvent(QEvent*) { hover({-1, -1}); }

void HeatMap::keyPressEvent(QKeyEvent* event) {
  if (data_.isEmpty()) return QWidget::keyPressEvent(event);
  QPoint step;
  switch (event->key()) {
    case Qt::Key_Left:
      step = {-1, 0};
      break;
    case Qt::Key_Right:
      step = {1, 0};
      break;
    case Qt::Key_Up:
      step = {0, -1};
      break;
    case Qt::Key_Down:
      step = {0, 1};
      break;
    case Qt::Key_Escape:
      if (selection_.isEmpty()) return QWidget::keyPressEvent(event);
      selection_ = QRect();
      update();
      emit selectionChanged(selection_);
      return;
    default:
      return QWidget::keyPressEvent(event);
  }
  const QPoint from = current_.x() < 0 ? QPoint(0, 0) - step : current_;
  const QPoint to(std::clamp(from.x() + step.x(), 0, data_.columns - 1),
                  std::clamp(from.y() + step.y(), 0, data_.rows - 1));
  select(event->modifiers() & Qt::ShiftModifier && anchor_.x() >= 0 ? anchor_ : to, to);
  hover(to);
  QToolTip::showText(mapToGlobal(cellRect(to.y(), to.x()).bottomRight().toPoint()), cellText(to.y(), to.x()), this);
}

void HeatMap::focusInEvent(QFocusEvent* event) {
  Plot::focusInEvent(event);
  update();
}

void HeatMap::focusOutEvent(QFocusEvent* event) {
  Plot::focusOutEvent(event);
  update();
}

bool HeatMap::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    auto* help = static_cast<QHelpEvent*>(event);
    const QPoint cell = cellAt(help->pos());
    if (cell.x() >= 0)
      QToolTip::showText(help->globalPos(), cellText(cell.y(), cell.x()), this,
                         cellRect(cell.y(), cell.x()).toAlignedRect());
    else
      QToolTip::hideText();
    return true;
  }
  return Plot::event(event);
}

}  // namespace fw::ui
