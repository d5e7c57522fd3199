// Draws a template's diagram: small boxes with the colour of their category, a frame round what repeats.
#include "widgets/start/diagram.h"

#include <QPainter>
#include <QPainterPath>
#include <algorithm>

#include "widgets/start/start_page.h"
#include "widgets/theme.h"

namespace fw::ui {
namespace {

constexpr double kBoxWidth = 17, kBoxHeight = 26, kGap = 9, kPadding = 9, kLaneGap = 8;

double runWidth(qsizetype count) { return count == 0 ? 0 : double(count) * kBoxWidth + double(count - 1) * kGap; }

}  // namespace

void paintDiagram(QPainter& painter, const TemplateDiagram& diagram, const QRectF& rect, const Theme& theme) {
  qsizetype longest = 0;
  for (const QStringList& lane : diagram.lanes) longest = std::max(longest, lane.size());
  const double lanes = double(std::max<size_t>(1, diagram.lanes.size()));
  const bool hasFrame = !diagram.lanes.empty();
  const double frameWidth = hasFrame ? runWidth(longest) + 2 * kPadding : 0;
  const double frameHeight = lanes * kBoxHeight + (lanes - 1) * kLaneGap + 2 * kPadding;
  const double before = diagram.before.isEmpty() ? 0 : runWidth(diagram.before.size()) + kGap + 3;
  const double after = diagram.after.isEmpty() ? 0 : runWidth(diagram.after.size()) + kGap + 3;
  const double total = before + frameWidth + after;
  if (total <= 0) return;

  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  const double scale = std::min({1.0, (rect.width() - 16) / total, (rect.height() - 24) / frameHeight});
  painter.translate(rect.center());
  painter.scale(scale, scale);
  painter.translate(-total / 2, 0);
  const QColor wire = mix(theme.canvas, theme.accent, theme.isDark ? 0.6 : 0.55);

  const auto line = [&](double x0, double y0, double x1, double y1) {
    painter.setPen(QPen(wire, 1.4));
    painter.setBrush(Qt::NoBrush);
    QPainterPath path(QPointF(x0, y0));
    const double middle = (x0 + x1) / 2;
    path.cubicTo(middle, y0, middle, y1, x1, y1);
    painter.drawPath(path);
  };
  const auto box = [&](double x, double y, const QString& category) {
    const QRectF body(x, y - kBoxHeight / 2, kBoxWidth, kBoxHeight);
    painter.setPen(QPen(theme.nodeBorder, 1));
    painter.setBrush(theme.isDark ? theme.raised : theme.panel);
    painter.drawRoundedRect(body, 4, 4);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.category(category));
    painter.drawRoundedRect(QRectF(x + 3, y - kBoxHeight / 2 + 4, 4, kBoxHeight - 8), 1.5, 1.5);
  };
  const auto run = [&](const QStringList& categories, double x, double y) {
    for (qsizetype i = 0; i < categories.size(); ++i) {
      if (i > 0) line(x - kGap, y, x, y);
      box(x, y, categories[i]);
      x += kBoxWidth + kGap;
    }
    return x - kGap;
  };

  double x = 0;
  if (!diagram.before.isEmpty()) {
    const double end = run(diagram.before, 0, 0);
    x = before;
    line(end, 0, x, 0);
  }
  if (hasFrame) {
    const QRectF frame(x, -frameHeight / 2, frameWidth, frameHeight);
    painter.setPen(QPen(diagram.repeat > 1 ? theme.accent : theme.hairline, 1.2));
    painter.setBrush(mix(theme.canvas, theme.accent, theme.isDark ? 0.05 : 0.04));
    painter.drawRoundedRect(frame, 6, 6);
    for (size_t lane = 0; lane < diagram.lanes.size(); ++lane) {
      const double y = frame.top() + kPadding + kBoxHeight / 2 + double(lane) * (kBoxHeight + kLaneGap);
      const double start = x + kPadding + (runWidth(longest) - runWidth(diagram.lanes[lane].size())) / 2;
      line(x, 0, start, y);
      const double end = run(diagram.lanes[lane], start, y);
      line(end, y, x + frameWidth, 0);
    }
    if (diagram.repeat > 1) {
      painter.setFont(ui::font(TextRole::Section));
      painter.setPen(theme.secondary);
      painter.drawText(QRectF(frame.left(), frame.top() - 18, frame.width(), 16), Qt::AlignRight | Qt::AlignBottom,
                       QString(QChar(0xd7)) + QString::number(diagram.repeat));
    }
    x += frameWidth;
  }
  if (!diagram.after.isEmpty()) {
    line(x, 0, x + kGap + 3, 0);
    run(diagram.after, x + kGap + 3, 0);
  }
  painter.restore();
}

}  // namespace fw::ui
