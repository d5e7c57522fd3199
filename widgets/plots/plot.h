// The base of pictures of numbers: one paint function serves the screen, a pixmap, SVG and PDF.
#pragma once

#include <QPixmap>
#include <QWidget>
#include <vector>

#include "widgets/theme.h"

namespace fw::ui {

class Plot : public QWidget {
  Q_OBJECT
 public:
  explicit Plot(QWidget* parent = nullptr) : QWidget(parent) {}

  /// Paints the whole picture into `rect` in the colours of `theme`, without the background.
  virtual void paintPlot(QPainter& painter, const QRectF& rect, const Theme& theme) const = 0;
  /// Size of a saved picture, in pixels at 96 dots an inch.
  virtual QSize pictureSize() const { return QSize(640, 400); }
};

/// Saves plots side by side as PNG (twice the resolution), SVG or PDF, by the ending of `path`, in the light theme
/// unless told otherwise. Throws fw::Error(Code::File) with the path in the sentence.
void savePlots(const std::vector<const Plot*>& plots, const QString& path, const Theme& theme = Theme::light());
void savePlot(const Plot& plot, const QString& path, const Theme& theme = Theme::light());

/// The same picture in memory, for the clipboard.
QPixmap plotPixmap(const std::vector<const Plot*>& plots, const Theme& theme, double scale = 2.0);

}  // namespace fw::ui
