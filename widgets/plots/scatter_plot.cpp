// Points over two axes, linear or logarithmic, with lines between.
#include "widgets/plots/scatter_plot.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

#include "widgets/number_format.h"

namespace fw::ui {
namespace {

constexpr double kReach = 9, kRadius = 4;

QFont smallFont() {
  QFont small = ui::font(TextRole::Section);
  small.setCapitalization(QFont::MixedCase);
  small.setWeight(QFont::Normal);
  return small;
}

/// One axis: from values to 0..1.
struct Axis {
  double low = 0, high = 1;
  bool isLog = false;

  double share(double value) const {
    return isLog ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  }
  std::vector<double> ticks() const {
    std::vector<double> ticks;
    if (isLog) {
      const double decades = std::log10(high / low);
      const std::vector<double> steps = decades > 2.2 ? std::vector<double>{1} : std::vector<double>{1, 2, 5};
      const int every = std::max(1, int(std::ceil(decades / 6)));
      for (int power = int(std::floor(std::log10(low))); power <= int(std::ceil(std::log10(high))); power += every)
        for (const double step : steps) {
          const double tick = step * std::pow(10.0, power);
          if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push_back(tick);
        }
      return ticks;
    }
    const double raw = (high - low) / 4, scale = std::pow(10.0, std::floor(std::log10(raw))), lead = raw / scale;
    const double step = scale * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
    for (double tick = std::ceil(low / step) * step; tick <= high * (1 + 1e-9); tick += step)
      ticks.push_back(std::fabs(tick) < step * 1e-9 ? 0 : tick);
    return ticks;
  }
};

Axis axisOver(const std::vector<double>& values, bool isLog) {
  Axis axis{.low = INFINITY, .high = -INFINITY, .isLog = isLog};
  for (const double value : values) {
    if (!std::isfinite(value) || (isLog && value <= 0)) continue;
    axis.low = std::min(axis.low, value);
    axis.high = std::max(axis.high, value);
  }
  if (axis.low > axis.high) axis.low = isLog ? 1 : 0, axis.high = isLog ? 10 : 1;
  if (isLog) {
    const double margin = std::max(1.15, std::pow(axis.high / axis.low, 0.06));
    axis.low /= margin;
    axis.high *= margin;
  } else {
    const double margin =
        axis.high > axis.low ? 0.07 * (axis.high - axis.low) : std::max(0.05, 0.1 * std::fabs(axis.low));
    axis.low -= margin;
    axis.high += margin;
  }
  return axis;
}

void drawStar(QPainter& painter, const QPointF& center, double radius) {
  QPainterPath star;
  for (int i = 0; i < 10; ++i) {
    const double angle = M_PI * i / 5 - M_PI / 2, r = i % 2 ? radius * 0.45 : radius;
    const QPointF corner = center + QPointF(std::cos(angle) * r, std::sin(angle) * r);
    i == 0 ? star.moveTo(corner) : star.lineTo(corner);
  }
  star.closeSubpath();
  painter.drawPath(star);
}

}  // namespace

struct ScatterPlot::Frame {
  QRectF area;
  Axis x, y;
  double headHeight = 0;
  QPointF at(double px, double py) const {
    return {area.left() + x.share(px) * area.width(), area.bottom() - y.share(py) * area.height()};
  }
};

ScatterPlot::ScatterPlot(QWidget* parent) : Plot(parent) {
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Points"));
}

void ScatterPlot::setData(ScatterData data) {
  data_ = std::move(data);
  if (hovered_ >= int(data_.points.size())) hovered_ = -1;
  setAccessibleDescription(data_.title);
  update();
}

bool ScatterPlot::isShown(const ScatterPoint& point) const {
  return std::isfinite(point.x) && std::isfinite(point.y) && (!data_.isLogX || point.x > 0) &&
         (!data_.isLogY || point.y > 0);
}

ScatterPlot::Frame ScatterPlot::frameIn(const QRectF& rect) const {
  std::vector<double> xs, ys;
  for (const ScatterPoint& point : data_.points) {
    if (!isShown(point)) continue;
    xs.push_back(point.x);
    ys.push_back(point.y);
  }
  for (const ScatterLine& line : data_.lines) {
    xs.insert(xs.end(), line.x.begin(), line.x.end());
    ys.insert(ys.end(), line.y.begin(), line.y.end());
  }
  Frame frame{.area = {}, .x = axisOver(xs, data_.isLogX), .y = axisOver(ys, data_.isLogY)};
  const QFontMetricsF metrics(smallFont());
  double labels = 0;
  for (const double tick : frame.y.ticks()) labels = std::max(labels, metrics.horizontalAdvance(formatValue(tick)));
  frame.headHeight = QFontMetricsF(ui::font(TextRole::Secondary)).height() + 6;
  frame.area = rect.adjusted(labels + 10, frame.headHeight + metrics.height() + 2, -14, -2 * metrics.height() - 8);
  return frame;
}

QPointF ScatterPlot::positionOf(int index) const {
  const ScatterPoint& point = data_.points[size_t(index)];
  return frameIn(rect()).at(point.x, point.y);
}

int ScatterPlot::pointAt(const QPointF& position) const {
  const Frame frame = frameIn(rect());
  int nearest = -1;
  double least = kReach;
  for (size_t i = 0; i < data_.points.size(); ++i) {
    if (!isShown(data_.points[i])) continue;
    const QPointF gap = frame.at(data_.points[i].x, data_.points[i].y) - position;
    const double distance = std::hypot(gap.x(), gap.y());
    if (distance < least) least = distance, nearest = int(i);
  }
  return nearest;
}

void ScatterPlot::paintPlot(QPainter& painter, const QRectF& rect, const Theme& theme) const {
  const Frame frame = frameIn(rect);
  if (frame.area.width() < 40 || frame.area.height() < 30) return;
  painter.setRenderHint(QPainter::Antialiasing);
  const QFont head = ui::font(TextRole::Secondary), small = smallFont();
  const QFontMetricsF headMetrics(head), metrics(small);
  painter.setFont(head);
  painter.setPen(theme.secondary);
  painter.drawText(QRectF(rect.x(), rect.y(), rect.width(), frame.headHeight - 6), Qt::AlignLeft | Qt::AlignVCenter,
                   headMetrics.elidedText(data_.title, Qt::ElideRight, rect.width()));
  painter.setFont(small);
  painter.setPen(theme.dim);
  painter.drawText(QRectF(rect.x(), rect.y() + frame.headHeight, rect.width(), metrics.height()), Qt::AlignLeft,
                   data_.yTitle);
  painter.drawText(
      QRectF(frame.area.left(), rect.bottom() - metrics.height() - 1, frame.area.width(), metrics.height()),
      Qt::AlignRight, data_.xTitle);
  const QPen grid(theme.hairline, 1);
  double lastRight = -1e9;
  for (const double tick : frame.x.ticks()) {
    const double x = frame.area.left() + frame.x.share(tick) * frame.area.width();
    painter.setPen(grid);
    painter.drawLine(QPointF(x, frame.area.top()), QPointF(x, frame.area.bottom()));
    const QString label = formatValue(tick);
    const double width = metrics.horizontalAdvance(label);
    if (x - width / 2 < lastRight + 6) continue;
    lastRight = x + width / 2;
    painter.setPen(theme.dim);
    painter.drawText(QRectF(x - width / 2 - 1, frame.area.bottom() + 4, width + 2, metrics.height()), Qt::AlignCenter,
                     label);
  }
  for (const double tick : frame.y.ticks()) {
    const double y = frame.area.bottom() - frame.y.share(tick) * frame.area.height();
    painter.setPen(grid);
    painter.drawLine(QPointF(frame.area.left(), y), QPointF(frame.area.right(), y));
    painter.setPen(theme.dim);
    painter.drawText(QRectF(rect.x(), y - metrics.height() / 2, frame.area.left() - rect.x() - 6, metrics.height()),
                     Qt::AlignRight | Qt::AlignVCenter, formatValue(tick));
  }
  painter.save();
  painter.setClipRect(frame.area.adjusted(-kReach, -kReach, kReach, kReach));
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(theme.secondary, 1.6));
  for (const ScatterLine& line : data_.lines) {
    QPolygonF corners;
    for (size_t i = 0; i < line.x.size(); ++i) corners << frame.at(line.x[i], line.y[i]);
    painter.drawPolyline(corners);
  }
  for (const bool isFaint : {true, false})  // what counts lies on top
    for (const ScatterPoint& point : data_.points) {
      if (point.isFaint != isFaint || !isShown(point)) continue;
      const QColor color = theme.series(point.color);
      painter.setPen(QPen(theme.panel, 1));
      painter.setBrush(isFaint ? mix(theme.panel, theme.dim, 0.6) : color);
      const QPointF at = frame.at(point.x, point.y);
      point.isStar ? drawStar(painter, at, kRadius * 2.2) : painter.drawEllipse(at, kRadius, kRadius);
    }
  painter.restore();
}

void ScatterPlot::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Theme& theme = Theme::of(this);
  paintPlot(painter, rect(), theme);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setBrush(Qt::NoBrush);
  if (hovered_ >= 0 && isShown(data_.points[size_t(hovered_)])) {
    painter.setPen(QPen(theme.accent, 2));
    painter.drawEllipse(positionOf(hovered_), kRadius + 3.5, kRadius + 3.5);
  }
  if (!showsFocus(this)) return;
  painter.setPen(QPen(theme.accent, 1.5));
  painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 5, 5);
}

void ScatterPlot::hover(int index) {
  if (index == hovered_) return;
  hovered_ = index;
  setCursor(index >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
  update();
  emit pointHovered(index);
}

void ScatterPlot::mouseMoveEvent(QMouseEvent* event) { hover(pointAt(event->position())); }

void ScatterPlot::leaveEvent(QEvent*) { hover(-1); }

void ScatterPlot::mousePressEvent(QMouseEvent* event) {
  const int index = pointAt(event->position());
  if (event->button() != Qt::LeftButton || index < 0) return Plot::mousePressEvent(event);
  hover(index);
  emit pointClicked(index);
}

void ScatterPlot::keyPressEvent(QKeyEvent* event) {
  const int count = int(data_.points.size());
  if (count == 0) return Plot::keyPressEvent(event);
  switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Up:
      return hover((std::max(hovered_, 0) + count - 1) % count);
    case Qt::Key_Right:
    case Qt::Key_Down:
      return hover((hovered_ + 1) % count);
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
      if (hovered_ >= 0) emit pointClicked(hovered_);
      return;
    default:
      Plot::keyPressEvent(event);
  }
}

void ScatterPlot::focusInEvent(QFocusEvent* event) {
  Plot::focusInEvent(event);
  update();
}

void ScatterPlot::focusOutEvent(QFocusEvent* event) {
  Plot::focusOutEvent(event);
  update();
}

}  // namespace fw::ui
