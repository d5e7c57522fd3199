// Parallel coordinates.
#include "widgets/plots/parallel_plot.h"

#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "widgets/number_format.h"

namespace fw::ui {
namespace {

constexpr double kReach = 8;

QFont smallFont() {
  QFont small = ui::font(TextRole::Section);
  small.setCapitalization(QFont::MixedCase);
  small.setWeight(QFont::Normal);
  return small;
}

double distanceToSegment(const QPointF& p, const QPointF& a, const QPointF& b) {
  const QPointF along = b - a;
  const double length = QPointF::dotProduct(along, along);
  const double share = length > 0 ? std::clamp(QPointF::dotProduct(p - a, along) / length, 0.0, 1.0) : 0;
  const QPointF gap = p - (a + share * along);
  return std::hypot(gap.x(), gap.y());
}

}  // namespace

ParallelPlot::ParallelPlot(QWidget* parent) : Plot(parent) {
  setMouseTracking(true);
  setAccessibleName(tr("Parallel coordinates"));
}

void ParallelPlot::setData(ParallelData data) {
  data_ = std::move(data);
  hovered_ = -1;
  ranges_.assign(size_t(data_.axes.size()), {INFINITY, -INFINITY});
  for (std::vector<double>& row : data_.rows) {
    row.resize(ranges_.size(), NAN);
    for (size_t a = 0; a < ranges_.size(); ++a)
      if (std::isfinite(row[a])) ranges_[a] = {std::min(ranges_[a].first, row[a]), std::max(ranges_[a].second, row[a])};
  }
  for (auto& [low, high] : ranges_)
    if (low > high) low = 0, high = 1;
  setAccessibleDescription(data_.title);
  update();
}

QRectF ParallelPlot::areaIn(const QRectF& rect) const {
  const double head = QFontMetricsF(ui::font(TextRole::Secondary)).height() + 8,
               line = QFontMetricsF(smallFont()).height();
  return rect.adjusted(40, head + 2 * line + 6, -64, -line - 8);
}

QPointF ParallelPlot::positionIn(const QRectF& rect, int line, int axis) const {
  const QRectF area = areaIn(rect);
  const auto& [low, high] = ranges_[size_t(axis)];
  const double value = data_.rows[size_t(line)][size_t(axis)], share = high > low ? (value - low) / (high - low) : 0.5;
  const double x = data_.axes.size() > 1 ? area.width() * axis / double(data_.axes.size() - 1) : area.width() / 2;
  return {area.left() + x, area.bottom() - share * area.height()};
}

void ParallelPlot::paintLine(QPainter& painter, const QRectF& rect, int line, const QPen& pen) const {
  painter.setPen(pen);
  for (int a = 1; a < int(data_.axes.size()); ++a) {
    const std::vector<double>& row = data_.rows[size_t(line)];
    if (std::isfinite(row[size_t(a - 1)]) && std::isfinite(row[size_t(a)]))
      painter.drawLine(positionIn(rect, line, a - 1), positionIn(rect, line, a));
  }
}

void ParallelPlot::paintPlot(QPainter& painter, const QRectF& rect, const Theme& theme) const {
  const QRectF area = areaIn(rect);
  if (area.width() < 60 || area.height() < 30 || ranges_.empty()) return;
  painter.setRenderHint(QPainter::Antialiasing);
  const QFontMetricsF head(ui::font(TextRole::Secondary)), metrics(smallFont());
  painter.setFont(ui::font(TextRole::Secondary));
  painter.setPen(theme.secondary);
  painter.drawText(QRectF(rect.x(), rect.y(), rect.width(), head.height()), Qt::AlignLeft | Qt::AlignVCenter,
                   head.elidedText(data_.title, Qt::ElideRight, rect.width()));
  painter.setFont(smallFont());
  const double room = area.width() / double(std::max<qsizetype>(1, data_.axes.size() - 1));
  for (int a = 0; a < int(data_.axes.size()); ++a) {
    const double x = data_.axes.size() > 1 ? area.left() + room * a : area.center().x();
    painter.setPen(QPen(theme.hairline, 1.5));
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
    const auto write = [&](double y, const QString& text, const QColor& color) {
      painter.setPen(color);
      painter.drawText(
          QRectF(std::max(rect.x(), x - room / 2), y, std::min(room, rect.right() - x + room / 2), metrics.height()),
          a == 0 ? Qt::AlignLeft : Qt::AlignHCenter, metrics.elidedText(text, Qt::ElideRight, room - 6));
    };
    write(area.top() - 2 * metrics.height() - 6, data_.axes[a], theme.secondary);
    write(area.top() - metrics.height() - 4, formatValue(ranges_[size_t(a)].second), theme.dim);
    write(area.bottom() + 4, formatValue(ranges_[size_t(a)].first), theme.dim);
  }
  for (int line = 0; line < int(data_.rows.size()); ++line) {
    QColor color = theme.series(line);
    color.setAlphaF(hovered_ < 0 || hovered_ == line ? 0.9f : 0.25f);
    paintLine(painter, rect, line, QPen(color, hovered_ == line ? 2.6 : 1.6));
  }
}

void ParallelPlot::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  paintPlot(painter, rect(), Theme::of(this));
}

int ParallelPlot::lineAt(const QPointF& position) const {
  int nearest = -1;
  double least = kReach;
  for (int line = 0; line < int(data_.rows.size()); ++line)
    for (int a = 1; a < int(data_.axes.size()); ++a) {
      const std::vector<double>& row = data_.rows[size_t(line)];
      if (!std::isfinite(row[size_t(a - 1)]) || !std::isfinite(row[size_t(a)])) continue;
      const double distance = distanceToSegment(position, positionOf(line, a - 1), positionOf(line, a));
      if (distance < least) least = distance, nearest = line;
    }
  return nearest;
}

void ParallelPlot::hover(int index) {
  if (index == hovered_) return;
  hovered_ = index;
  setCursor(index >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
  update();
  emit lineHovered(index);
}

void ParallelPlot::mouseMoveEvent(QMouseEvent* event) { hover(lineAt(event->position())); }

void ParallelPlot::leaveEvent(QEvent*) { hover(-1); }

void ParallelPlot::mousePressEvent(QMouseEvent* event) {
  const int index = lineAt(event->position());
  if (event->button() == Qt::LeftButton && index >= 0) emit lineClicked(index);
}

}  // namespace fw::ui
