// A ranked bar chart: one horizontal bar a row with its value at the end; bars can be picked for an action.
#include "widgets/plots/bar_chart.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "widgets/number_format.h"

namespace fw::ui {
namespace {

QFont labelFont() {
  QFont label = ui::font(TextRole::Section);
  label.setCapitalization(QFont::MixedCase);
  label.setWeight(QFont::Normal);
  return label;
}

QString valueText(const Bar& bar) {
  if (std::isnan(bar.value)) return BarChart::tr("no value");
  return std::isnan(bar.mark) ? formatValue(bar.value) : formatValue(bar.value) + " | " + formatValue(bar.mark);
}

}  // namespace

BarChart::BarChart(QWidget* parent) : Plot(parent) {
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Bar chart"));
}

void BarChart::setData(BarChartData data) {
  data_ = std::move(data);
  const int count = int(data_.bars.size());
  current_ = std::clamp(current_, 0, std::max(0, count - 1));
  if (hovered_ >= count) hovered_ = -1;
  setAccessibleDescription(data_.title);
  updateGeometry();
  update();
}

double BarChart::headHeight() const {
  return data_.title.isEmpty() ? 0 : QFontMetricsF(ui::font(TextRole::Secondary)).height() + 8;
}

int BarChart::rowsHeight(int row) const { return int(headHeight()) + row * int(data_.bars.size()) + 2; }

double BarChart::rowHeight(double height) const {
  const double room = height - headHeight();
  return data_.bars.empty() ? 0 : std::min(23.0, std::floor(room / double(data_.bars.size())));
}

QRectF BarChart::rowRect(int index) const {
  const double row = rowHeight(height());
  return QRectF(0, headHeight() + index * row, width(), row);
}

int BarChart::barAt(double y) const {
  const double row = rowHeight(height());
  if (row <= 0 || y < headHeight()) return -1;
  const int index = int((y - headHeight()) / row);
  return index < int(data_.bars.size()) ? index : -1;
}

void BarChart::paintPlot(QPainter& painter, const QRectF& rect, const Theme& theme) const {
  const QFont small = labelFont();
  const QFontMetricsF metrics(small);
  painter.setFont(ui::font(TextRole::Secondary));
  painter.setPen(theme.secondary);
  painter.drawText(QRectF(rect.x(), rect.y(), rect.width(), headHeight() - 8), Qt::AlignLeft | Qt::AlignVCenter,
                   QFontMetricsF(painter.font()).elidedText(data_.title, Qt::ElideRight, rect.width()));
  const double row = rowHeight(rect.height());
  if (row <= 0) return;

  double labelWidth = 0, valueWidth = 0, largest = 0;
  for (const Bar& bar : data_.bars) {
    labelWidth = std::max(labelWidth, metrics.horizontalAdvance(bar.label));
    valueWidth = std::max(valueWidth, metrics.horizontalAdvance(valueText(bar)));
    if (std::isfinite(bar.value)) largest = std::max(largest, std::fabs(bar.value));
    if (std::isfinite(bar.mark)) largest = std::max(largest, std::fabs(bar.mark));
  }
  labelWidth = std::min(labelWidth, rect.width() / 3);
  const double left = rect.x() + labelWidth + 8;
  const double room = std::max(0.0, rect.right() - left - valueWidth - 8);
  const double thickness = std::clamp(row - 8, std::min(row, 3.0), 12.0);
  const bool hasText = row >= metrics.height() * 0.75;
  painter.setFont(small);
  painter.setRenderHint(QPainter::Antialiasing);
  for (size_t i = 0; i < data_.bars.size(); ++i) {
    const Bar& bar = data_.bars[i];
    const double top = rect.y() + headHeight() + double(i) * row;
    const double length =
        largest > 0 && std::isfinite(bar.value) ? std::max(1.5, room * std::fabs(bar.value) / largest) : 0;
    const QRectF box(left, top + (row - thickness) / 2, length, thickness);
    painter.setPen(Qt::NoPen);
    painter.setBrush(bar.isPicked   ? theme.error
                     : theme.isDark ? mix(theme.panel, theme.accent, 0.82)
                                    : mix(theme.panel, theme.accentFill, 0.8));
    painter.drawRoundedRect(box, std::min(2.0, length / 2), 2);
    const double markAt = largest > 0 && std::isfinite(bar.mark) ? left + room * std::fabs(bar.mark) / largest : left;
    if (std::isfinite(bar.mark)) {
      painter.setPen(QPen(theme.text, 2));
      painter.drawLine(QPointF(markAt, box.top() - 2), QPointF(markAt, box.bottom() + 2));
    }
    if (bar.isOutlined) {
      painter.setPen(QPen(theme.text, 1.5));
      painter.setBrush(Qt::NoBrush);
      painter.drawRoundedRect(box.adjusted(-2.5, -2.5, 2.5, 2.5), 3, 3);
    }
    if (!hasText) continue;
    painter.setPen(bar.isPicked ? theme.error : theme.dim);
    painter.drawText(QRectF(rect.x(), top, labelWidth, row), Qt::AlignRight | Qt::AlignVCenter,
                     metrics.elidedText(bar.label, Qt::ElideRight, labelWidth));
    painter.setPen(bar.isPicked ? theme.error : theme.secondary);
    painter.drawText(QRectF(std::max(box.right(), markAt) + 7, top, valueWidth + 4, row),
                     Qt::AlignLeft | Qt::AlignVCenter, valueText(bar));
  }
}

void BarChart::paintEvent(QPaintEvent*) {
  const Theme& theme = Theme::of(this);
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const auto shade = [&](int index, const QColor& fill, const QColor& border) {
    if (index < 0 || index >= int(data_.bars.size())) return;
    painter.setPen(border.isValid() ? QPen(border, 1.5) : QPen(Qt::NoPen));
    painter.setBrush(fill.isValid() ? QBrush(fill) : QBrush(Qt::NoBrush));
    painter.drawRoundedRect(rowRect(index).adjusted(1, 0.5, -1, -0.5), 4, 4);
  };
  shade(hovered_, theme.hover, QColor());
  paintPlot(painter, rect(), theme);
  if (showsFocus(this)) shade(current_, QColor(), theme.accent);
}

void BarChart::mousePressEvent(QMouseEvent* event) {
  const int index = barAt(event->position().y());
  if (event->button() != Qt::LeftButton || index < 0) return QWidget::mousePressEvent(event);
  current_ = index;
  update();
  emit barClicked(index);
}

void BarChart::mouseMoveEvent(QMouseEvent* event) {
  const int index = barAt(event->position().y());
  if (index == hovered_) return;
  hovered_ = index;
  setCursor(index >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
  update();
  emit barHovered(index);
}

void BarChart::leaveEvent(QEvent*) {
  if (hovered_ < 0) return;
  hovered_ = -1;
  update();
  emit barHovered(-1);
}

void BarChart::keyPressEvent(QKeyEvent* event) {
  const int last = int(data_.bars.size()) - 1;
  if (last < 0) return QWidget::keyPressEvent(event);
  switch (event->key()) {
    case Qt::Key_Up:
      current_ = std::max(0, current_ - 1);
      break;
    case Qt::Key_Down:
      current_ = std::min(last, current_ + 1);
      break;
    case Qt::Key_Home:
      current_ = 0;
      break;
    case Qt::Key_End:
      current_ = last;
      break;
    case Qt::Key_Space:
    case Qt::Key_Return:
    case Qt::Key_Enter:
      emit barClicked(current_);
      break;
    default:
      return QWidget::keyPressEvent(event);
  }
  update();
}

void BarChart::focusInEvent(QFocusEvent* event) {
  Plot::focusInEvent(event);
  update();
}

void BarChart::focusOutEvent(QFocusEvent* event) {
  Plot::focusOutEvent(event);
  update();
}

}  // namespace fw::ui
