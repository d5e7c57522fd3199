// The whole scene in the corner of the canvas, with the part that is seen; dragging there moves the view.
#pragma once

#include <QImage>
#include <QWidget>

#include "widgets/canvas/camera.h"

namespace fw::ui {

class CanvasView;

class Minimap : public QWidget {
  Q_OBJECT

 public:
  explicit Minimap(CanvasView& view);
  /// Draws the scene anew when it is next shown.
  void sceneChanged();
  QSize sizeHint() const override { return {208, 104}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;

 private:
  void drawScene();
  void look(QPointF at);

  CanvasView& view_;
  Camera camera_;  // scene to this widget
  QImage image_;
};

}  // namespace fw::ui
