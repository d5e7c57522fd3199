// Widths and heights of the canvas' texts at 100 % zoom, in scene units.
#pragma once

#include <QFont>
#include <QString>
#include <array>
#include <memory>

class QFontMetricsF;

namespace fw::ui {

enum class CanvasText : uint8_t { Title, Subtitle, Stats, Pattern, Cell, Label };
inline constexpr int canvasTextCount = 6;

/// What the geometry needs to know of fonts; a test brings its own numbers.
class TextMetrics {
 public:
  virtual ~TextMetrics() = default;
  virtual float width(const QString& text, CanvasText role) const = 0;
  virtual float height(CanvasText role) const = 0;  // of a line
};

/// The type scale of the theme. Latin texts are measured from a table of advances: fast enough for 100,000 labels.
class FontMetrics : public TextMetrics {
 public:
  FontMetrics();
  ~FontMetrics() override;
  float width(const QString& text, CanvasText role) const override;
  float height(CanvasText role) const override { return heights_[size_t(role)]; }
  float ascent(CanvasText role) const { return ascents_[size_t(role)]; }
  const QFont& font(CanvasText role) const { return fonts_[size_t(role)]; }
  /// Whether the fonts are still those of the application.
  bool isCurrent() const;

 private:
  std::array<QFont, canvasTextCount> fonts_;
  std::array<std::unique_ptr<QFontMetricsF>, canvasTextCount> metrics_;
  std::array<std::array<float, 256>, canvasTextCount> advances_{};  // of Latin-1
  std::array<float, canvasTextCount> heights_{}, ascents_{};
};

}  // namespace fw::ui
