// The whole scene in the corner of the canvas, with the part that is seen; dragging there moves the view.
#include "widgets/canvas/minimap.h"

#include <QMouseEvent>
#include <QPainter>

#include "widgets/canvas/canvas_view.h"

namespace fw::ui {

Minimap::Minimap(CanvasView& view) : QWidget(&view), view_(view) {
  setCursor(Qt::PointingHandCursor);
  setAccessibleName(tr("Overview"));
  setAccessibleDescription(tr("The whole model; drag to move the view."));
  setToolTip(tr("Overview: drag to move the view"));
}

void Minimap::sceneChanged() {
  image_ = QImage();
  update();
}

void Minimap::drawScene() {
  const float ratio = float(devicePixelRatioF());
  image_ = QImage(size() * devicePixelRatioF(), QImage::Format_RGB32);
  const Inks inks(view_.theme());
  const CanvasGeometry& geometry = view_.geometry();
  camera_ = Camera::framing(geometry.bounds(), float(width()), float(height()), 10, 0.25f);
  const Camera camera = camera_.scaled(ratio);
  Raster raster(image_, image_.rect());
  const Ink ground = mixInk(inks.canvas, inks.card, 0.5f);
  raster.clear(ground);
  for (int n = 0; n < geometry.noteCount(); ++n) {
    const int series = geometry.note(n).series;
    const Ink color = series < 0 ? inks.secondary : ink(inks.theme->series(series));
    raster.card(camera.toView(geometry.noteBox(n)), 3 * ratio, mixInk(ground, color, 0.12f),
                mixInk(ground, color, 0.4f), ratio);
  }
  for (int slot = 0; slot < geometry.count(); ++slot) {
    Box box = camera.toView(geometry.box(slot));
    box = Box::around(box.center(), std::max(box.width(), 1.0f), std::max(box.height(), 1.0f));
    const SlotLook& look = geometry.look(slot);
    switch (geometry.shape(slot)) {
      case ItemShape::Frame:
        raster.card(box, 3 * ratio, ground, mixInk(inks.border, inks.accent, 0.6f), ratio);
        break;
      case ItemShape::Node: {
        const Ink color = look.state == ItemState::Error ? inks.error
                          : look.heat                    ? look.heat
                                      : ink(inks.theme->category(geometry.categories()[look.category]));
        raster.fillRound(box, 1.5f * ratio, look.isMuted ? mixInk(ground, color, 0.4f) : color);
        break;
      }
      case ItemShape::Join:
      case ItemShape::Entry:
      case ItemShape::Exit:
      case ItemShape::Dot:
        break;
    }
  }
}

void Minimap::paintEvent(QPaintEvent*) {
  if (image_.size() != size() * devicePixelRatioF()) drawScene();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const Theme& theme = view_.theme();
  const QRectF edge = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
  QBrush picture(image_);  // of device pixels, whatever the ratio
  picture.setTransform(QTransform::fromScale(1 / devicePixelRatioF(), 1 / devicePixelRatioF()));
  painter.setPen(theme.nodeBorder);
  painter.setBrush(picture);
  painter.drawRoundedRect(edge, 6, 6);
  const QRectF seen = camera_.toView(view_.camera().toScene(Box(QRectF(view_.rect())))).toRect();
  QColor fill = theme.text;
  fill.setAlphaF(0.06f);
  painter.setBrush(fill);
  painter.setPen(QPen(theme.secondary, 1.25));
  if (!seen.contains(camera_.toView(view_.geometry().bounds()).toRect()))
    painter.drawRoundedRect(seen.intersected(edge.adjusted(3, 3, -3, -3)), 3, 3);
}

void Minimap::look(QPointF at) {
  Camera camera = view_.camera();
  const Vec scene = camera_.toScene(Vec(at));
  camera.offset = Vec(float(view_.width()) / 2, float(view_.height()) / 2) - scene * camera.zoom;
  view_.setCamera(camera);
}

void Minimap::mousePressEvent(QMouseEvent* event) {
  if (event->button() == Qt::LeftButton) look(event->position());
}

void Minimap::mouseMoveEvent(QMouseEvent* event) {
  if (event->buttons() & Qt::LeftButton) look(event->position());
}

}  // namespace fw::ui
