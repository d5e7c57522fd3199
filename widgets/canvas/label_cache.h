// Laid-out texts, kept so that drawing one is no more than placing its glyphs.
#pragma once

#include <QHash>
#include <QStaticText>

#include "widgets/canvas/text_metrics.h"

class QPainter;

namespace fw::ui {

class LabelCache {
 public:
  explicit LabelCache(const FontMetrics& metrics) : metrics_(&metrics) {}

  /// Draws `text` with its upper left corner at (x, y), shortened by an ellipsis to `room`. Uses the painter's pen and
  /// leaves the role's font set.
  void draw(QPainter& painter, float x, float y, const QString& text, CanvasText role, float room);
  void clear() { labels_.clear(); }

 private:
  struct Key {
    QString text;
    CanvasText role;
    int room;  // -1: all of it fits
    bool operator==(const Key&) const = default;
  };
  friend size_t qHash(const Key& key, size_t seed) { return qHashMulti(seed, key.text, int(key.role), key.room); }

  const FontMetrics* metrics_;
  QHash<Key, QStaticText> labels_;
};

}  // namespace fw::ui
