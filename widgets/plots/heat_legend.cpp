// What the colours on the canvas mean.
#include "widgets/plots/heat_legend.h"

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

void HeatLegend::show(const QString& title, const QString& least, const QString& most) {
  title_ = title, least_ = least, most_ = most;
  setAccessibleName(tr("%1, from %2 to %3").arg(title, least, most));
  setVisible(!title.isEmpty());
  updateGeometry();
  update();
}

QSize HeatLegend::sizeHint() const {
  const QFontMetrics metrics(ui::font(TextRole::Secondary));
  int width = kBar + 3 * kGap;
  for (const QString& words : {title_, least_, most_}) width += metrics.horizontalAdvance(words);
  return {width + 2, metrics.height() + 4};
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
  write(least_, theme.secondary);
  for (int i = 0; i < kBar; ++i)
    painter.fillRect(x + i, height() / 2 - 4, 1, 8, colorAt(ColorMap::Viridis, double(i) / (kBar - 1)));
  x += kBar + kGap;
  write(most_, theme.secondary);
}

}  // namespace fw::ui
