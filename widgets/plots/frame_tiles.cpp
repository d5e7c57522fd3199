// Several maps of the same kind as small pictures in a grid.
#include "widgets/plots/frame_tiles.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "widgets/theme.h"

namespace fw::ui {
namespace {

constexpr int kSide = 72, kGap = 8, kColumns = 2;

int labelHeight() { return int(std::ceil(QFontMetricsF(ui::font(TextRole::Section)).height())) + 2; }

QImage imageOf(const HeatMapData& data) {
  QImage image(data.columns, data.rows, QImage::Format_ARGB32_Premultiplied);
  const double span = data.maximum > data.minimum ? data.maximum - data.minimum : 1;
  for (int row = 0; row < data.rows; ++row)
    for (int column = 0; column < data.columns; ++column)
      image.setPixelColor(column, row, colorAt(data.map, (double(data.at(row, column)) - data.minimum) / span));
  return image;
}

}  // namespace

FrameTiles::FrameTiles(QWidget* parent) : QWidget(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Pictures to choose from"));
}

void FrameTiles::setFrames(const std::vector<HeatMapData>& frames, const QStringList& labels) {
  images_.clear();
  for (const HeatMapData& frame : frames) images_.push_back(imageOf(frame));
  labels_ = labels;
  current_ = std::clamp(current_, 0, std::max(0, int(images_.size()) - 1));
  updateGeometry();
  update();
}

void FrameTiles::setCurrent(int index) {
  if (index < 0 || index >= int(images_.size()) || index == current_) return;
  current_ = index;
  update();
}

QRect FrameTiles::tileRect(int index) const {
  return {kGap / 2 + index % kColumns * (kSide + kGap), kGap / 2 + index / kColumns * (kSide + labelHeight() + kGap),
          kSide, kSide};
}

QSize FrameTiles::sizeHint() const {
  const int rows = (int(images_.size()) + kColumns - 1) / kColumns;
  return {kColumns * (kSide + kGap), rows * (kSide + labelHeight() + kGap)};
}

void FrameTiles::paintEvent(QPaintEvent*) {
  const Theme& theme = Theme::of(this);
  QPainter painter(this);
  QFont small = ui::font(TextRole::Section);
  small.setCapitalization(QFont::MixedCase);
  small.setWeight(QFont::Normal);
  painter.setFont(small);
  for (int i = 0; i < int(images_.size()); ++i) {
    const QRect tile = tileRect(i);
    painter.setRenderHint(QPainter::SmoothPixmapTransform, images_[size_t(i)].width() > kSide);
    painter.drawImage(tile, images_[size_t(i)]);
    painter.setPen(i == current_ ? theme.text : theme.dim);
    painter.drawText(QRect(tile.x(), tile.bottom() + 2, tile.width(), labelHeight()), Qt::AlignCenter,
                     i < labels_.size() ? labels_[i] : QString::number(i));
    if (i != current_) continue;
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme.accent, 2));
    painter.drawRect(tile.adjusted(-1, -1, 1, 1));
  }
}

void FrameTiles::mousePressEvent(QMouseEvent* event) {
  for (int i = 0; i < int(images_.size()); ++i)
    if (tileRect(i).contains(event->pos())) return choose(i);
}

void FrameTiles::keyPressEvent(QKeyEvent* event) {
  const int step = event->key() == Qt::Key_Right  ? 1
                   : event->key() == Qt::Key_Left ? -1
                   : event->key() == Qt::Key_Down ? kColumns
                   : event->key() == Qt::Key_Up   ? -kColumns
                                                  : 0;
  if (step == 0) return QWidget::keyPressEvent(event);
  choose(std::clamp(current_ + step, 0, std::max(0, int(images_.size()) - 1)));
}

void FrameTiles::choose(int index) {
  if (index == current_) return;
  setCurrent(index);
  emit chosen(index);
}

}  // namespace fw::ui
