// Widths and heights of the canvas' texts at 100 % zoom, in scene units.
#include "widgets/canvas/text_metrics.h"

#include <QFontMetricsF>

#include "widgets/theme.h"

namespace fw::ui {
namespace {

QFont fontOf(CanvasText role) {
  QFont font;
  switch (role) {
    case CanvasText::Title:
      font = ui::font(TextRole::Title);
      break;
    case CanvasText::Subtitle:
      font = ui::font(TextRole::Body);
      break;
    case CanvasText::Stats:
      font = ui::font(TextRole::Secondary);
      break;
    case CanvasText::Pattern:
      font = ui::font(TextRole::Mono);
      break;
    case CanvasText::Cell:
      font = ui::font(TextRole::Secondary);
      font.setWeight(QFont::Bold);
      break;
    case CanvasText::Label:
      font = ui::font(TextRole::Secondary);
      break;
  }
  font.setHintingPreference(QFont::PreferNoHinting);  // so that a text is as wide, relatively, at every zoom
  return font;
}

}  // namespace

FontMetrics::FontMetrics() {
  for (size_t role = 0; role < canvasTextCount; ++role) {
    fonts_[role] = fontOf(CanvasText(role));
    metrics_[role] = std::make_unique<QFontMetricsF>(fonts_[role]);
    heights_[role] = float(metrics_[role]->height());
    ascents_[role] = float(metrics_[role]->ascent());
    for (int c = 0; c < 256; ++c) advances_[role][size_t(c)] = float(metrics_[role]->horizontalAdvance(QChar(c)));
  }
}

FontMetrics::~FontMetrics() = default;

float FontMetrics::width(const QString& text, CanvasText role) const {
  const auto& table = advances_[size_t(role)];
  float sum = 0;
  for (const QChar c : text) {
    if (c.isSurrogate() || c.isMark()) return float(metrics_[size_t(role)]->horizontalAdvance(text));
    sum += c.unicode() < 256 ? table[c.unicode()] : float(metrics_[size_t(role)]->horizontalAdvance(c));
  }
  return sum;
}

bool FontMetrics::isCurrent() const {
  for (size_t role = 0; role < canvasTextCount; ++role)
    if (fonts_[role] != fontOf(CanvasText(role))) return false;
  return true;
}

}  // namespace fw::ui
