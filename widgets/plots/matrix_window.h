// The window in which Vulkan draws a matrix.
#pragma once

#include <QImage>
#include <QRect>
#include <QString>

#include "widgets/plots/matrix_pyramid.h"

class QWindow;

namespace fw::ui {

class MatrixView;

class MatrixWindow {
 public:
  virtual ~MatrixWindow() = default;
  /// Null where there is no Vulkan, and the reason. What goes wrong later becomes view->usePainter(). Who deletes
  /// window() deletes this.
  static MatrixWindow* make(MatrixView* view, QString& reason);

  virtual QWindow* window() = 0;
  virtual void setMatrix(MatrixPyramidPtr matrix) = 0;
  virtual void show(const MatrixCamera& camera, const QRect& selection, const QColor& background) = 0;
  virtual QImage grab() = 0;
  virtual int64_t deviceBytes() const = 0;
  virtual int64_t framesDrawn() const = 0;
};

}  // namespace fw::ui
