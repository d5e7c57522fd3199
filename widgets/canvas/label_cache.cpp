// Laid-out texts, kept so that drawing one is no more than placing its glyphs.
#include "widgets/canvas/label_cache.h"

#include <QFontMetricsF>
#include <QPainter>

namespace fw::ui {
namespace {

constexpr int mostLabels = 20000;  // some 10 MB; a view shows a few thousand at most

}  // namespace

void LabelCache::draw(QPainter& painter, float x, float y, const QString& text, CanvasText role, float room) {
  if (text.isEmpty() || room <= 0) return;
  const QFont& font = metrics_->font(role);
  const Key key{text, role, metrics_->width(text, role) <= room ? -1 : int(room)};
  auto found = labels_.find(key);
  if (found == labels_.end()) {
    if (labels_.size() >= mostLabels) labels_.clear();
    QStaticText label(key.room < 0 ? text : QFontMetricsF(font).elidedText(text, Qt::ElideRight, room));
    label.setTextFormat(Qt::PlainText);
    label.setPerformanceHint(QStaticText::AggressiveCaching);
    label.prepare(QTransform(), font);
    found = labels_.insert(key, label);
  }
  painter.setFont(font);
  painter.drawStaticText(QPointF(double(x), double(y)), *found);
}

}  // namespace fw::ui
