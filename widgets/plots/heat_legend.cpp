// What the colours on the canvas mean.
#include "widgets/plots/heat_legend.h"

#include <QMouseEvent>
#include <QPainter>

#include "widgets/color_map.h"
#include "widgets/theme.h"

namespace fw::ui {
namespace {

constexpr int kBar = 96, kGap = 8;

}  // namespace

HeatLegend::HeatLegend(QWidget* parent) : QWidget(parent) {
  setObjectName("heatLegend");
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Preferred);
  hide();
}

void HeatLegend::show(const QString& title, const QString& least, const QString& most, const QString& note,
                      const QString& explanation) {
  title_ = title, least_ = least, most_ = most, note_ = note;
  QString words = most.isEmpty() ? title : tr("%1, from %2 to %3").arg(title, least, most);
  if (!note.isEmpty()) words += ", " + note;
  setAccessibleName(words);
  setToolTip(explanation);
  setCursor(note.isEmpty() ? Qt::ArrowCursor : Qt::PointingHandCursor);
  setVisible(!title.isEmpty());
  updateGeometry();
  update();
}

QSize HeatLegend::sizeHint() const {
  const QFontMetrics metrics(ui::font(TextRole::Secondary));
  int width = most_.isEmpty() ? kGap : kBar + 3 * kGap;
  for (const QString& words : {title_, least_, most_}) width += metrics.horizontalAdvance(words);
  if (!note_.isEmpty()) width += metrics.horizontalAdvance(note_) + 3 * kGap;
  return {width + 2, metrics.height() + 4};
}

void HeatLegend::mouseReleaseEvent(QMouseEvent* event) {
  if (!note_.isEmpty() && event->button() == Qt::LeftButton) emit noteClicked();
}

void HeatLegend::paintEvent(QPaintEvent*) {
  const Theme& theme = Theme::of(this);
  QPainter painter(this);
  painter.setFont(ui::font(TextRole::Secondary));
  int x = 0;
  const auto write = [&](const QString& words, const QColor& ink) {
    painter.setPen(ink);
    const int width = painter.fontMetrics().horizontalAdvance(words);
    painter.drawText(QRect(x, 0, width + 1, height()), Qt::AlignVCenter | Qt::AlignLeft, words);
    x += width + kGap;
  };
  write(title_, theme.text);
  if (!note_.isEmpty()) {
    const QRect tag(x, 1, painter.fontMetrics().horizontalAdvance(note_) + 2 * kGap, height() - 2);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.selection);
    painter.drawRoundedRect(tag, 5, 5);
    painter.setPen(theme.text);
    painter.drawText(tag, Qt::AlignCenter, note_);
    painter.setRenderHint(QPainter::Antialiasing, false);
    x += tag.width() + kGap;
  }
  if (most_.isEmpty()) return;
  write(least_, theme.secondary);
  for (int i = 0; i < kBar; ++i)
    painter.fillRect(x + i, height() / 2 - 4, 1, 8, colorAt(ColorMap::Viridis, double(i) / (kBar - 1)));
  x += kBar + kGap;
  write(most_, theme.secondary);
}

}  // namespace fw::ui
