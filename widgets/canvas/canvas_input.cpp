// The node canvas: mouse, wheel, touch, drag and drop. The keys are in canvas_keys.cpp.
#include <QApplication>
#include <QContextMenuEvent>
#include <QGestureEvent>
#include <QHelpEvent>
#include <QMimeData>
#include <QNativeGestureEvent>
#include <QToolTip>
#include <QWheelEvent>

#include "widgets/canvas/canvas_view.h"
#include "widgets/canvas/navigation.h"
#include "widgets/canvas/tools.h"

namespace fw::ui {
namespace {

constexpr float wireReach = 6;     // view units around a wire that count as on it
constexpr float borderReach = 28;  // from the edge, where a drag pans

}  // namespace

Hit CanvasView::hitAt(Vec view, float portReach) const {
  const float zoom = camera_.zoom;
  const bool hasPorts = detailAt(zoom) >= Detail::Ports;
  // On the screen a port stays easy to meet, but it never takes more of a card than its corner.
  const float ports = hasPorts ? std::clamp(portReach / zoom, portRadius + 1, portReach > 12 ? 40.0f : 14.0f) : 0.0f;
  return geometry_->hit(camera_.toScene(view), ports, wireReach / zoom);
}

QPointF CanvasView::snapped(QPointF position, bool invert) const {
  if (isSnapping_ == invert) return {std::round(position.x()), std::round(position.y())};
  const double step = double(gridStep);
  return {std::round(position.x() / step) * step, std::round(position.y() / step) * step};
}

CanvasPlace CanvasView::placeAtCursor() const {
  const bool isInside = rect().contains(cursor_.toPoint().toPoint());
  const Vec at = isInside ? cursor_ : Vec(float(width()) / 2, float(height()) / 2);
  CanvasPlace place = geometry_->placeAt(camera_.toScene(at));
  place.position = snapped(place.position);
  return place;
}

// --- mouse ---

void CanvasView::begin(std::unique_ptr<CanvasTool> tool) {
  tool_ = std::move(tool);
  if (tool_->pansAtBorder()) autoPan_.start();
  updateCursor();
}

void CanvasView::finishTool(bool isCancelled) {
  autoPan_.stop();
  const std::unique_ptr<CanvasTool> tool = std::move(tool_);
  const CanvasScenePtr before = scene_;
  if (isCancelled)
    tool->cancel();
  else
    tool->release(cursor_, QApplication::keyboardModifiers());
  if (waiting_ && scene_ == before) setScene(std::move(waiting_));
  updateCursor();
  update();
}

void CanvasView::mousePressEvent(QMouseEvent* event) {
  cursor_ = Vec(event->position());
  hasFocusRing_ = false;
  ++nudges_;
  animation_.stop();
  if (tool_) {
    if (event->button() == Qt::RightButton) finishTool(true);
    return;
  }
  if (event->button() == Qt::MiddleButton || (event->button() == Qt::LeftButton && isSpaceHeld_))
    return begin(std::make_unique<PanTool>(*this, cursor_));
  if (event->button() == Qt::BackButton || event->button() == Qt::ForwardButton) return event->ignore();
  if (event->button() != Qt::LeftButton) return;
  if (isCutHeld_) return begin(std::make_unique<CutTool>(*this, cursor_));
  if (geometry_->count() == 0 && emptyButton_.contains(event->position())) return;  // on release
  const Hit hit = hitAt(cursor_);
  if (hit.kind == HitKind::Port && event->modifiers() == Qt::AltModifier) return cutPort(hit);
  if ((event->modifiers() & Qt::AltModifier) && (event->modifiers() & (Qt::ShiftModifier | Qt::ControlModifier)) &&
      hit.isItem())
    return selectAlongWires(hit.slot, event->modifiers() & Qt::ShiftModifier);
  begin(std::make_unique<PressTool>(*this, cursor_, hit, event->modifiers()));
}

// Takes every wire off a port.
void CanvasView::cutPort(const Hit& port) {
  std::vector<CanvasWire> wires;
  for (const int w : geometry_->wiresAt(port.slot)) {
    const bool isStart = geometry_->wireFrom(w) == port.slot && geometry_->wire(w).from.port == port.index;
    const bool isEnd = geometry_->wireTo(w) == port.slot && geometry_->wire(w).to.port == port.index;
    if (isStart || isEnd) wires.push_back(geometry_->wire(w));
  }
  if (intents_ && !wires.empty()) intents_->disconnectWires(wires);
}

// The pieces of a wire between its dots.
std::vector<int> CanvasView::piecesOf(int wire) const {
  std::vector<int> pieces = {wire};
  for (size_t i = 0; i < pieces.size(); ++i)
    for (const int slot : {geometry_->wireFrom(pieces[i]), geometry_->wireTo(pieces[i])}) {
      if (geometry_->shape(slot) != ItemShape::Dot) continue;
      for (const int other : geometry_->wiresAt(slot))
        if (std::find(pieces.begin(), pieces.end(), other) == pieces.end()) pieces.push_back(other);
    }
  return pieces;
}

void CanvasView::selectAlongWires(int slot, bool isUpstream) {
  pick(alongWires(*geometry_, slot, isUpstream), Pick::Replace);
}

void CanvasView::mouseMoveEvent(QMouseEvent* event) {
  cursor_ = Vec(event->position());
  if (!tool_) {
    if (geometry_->count() == 0) update(emptyButton_.toAlignedRect().adjusted(-2, -2, 2, 2));
    return setHover(hitAt(cursor_));
  }
  tool_->move(cursor_, event->modifiers());
  if (auto next = tool_->takeNext()) begin(std::move(next));
}

void CanvasView::mouseReleaseEvent(QMouseEvent* event) {
  cursor_ = Vec(event->position());
  if (!tool_) {
    if (event->button() == Qt::LeftButton && geometry_->count() == 0 && emptyButton_.contains(event->position()))
      openPalette(event->position().toPoint());
    return;
  }
  if (event->buttons() & (Qt::LeftButton | Qt::MiddleButton)) return;
  finishTool(false);
  setHover(hitAt(cursor_));
}

void CanvasView::mouseDoubleClickEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return mousePressEvent(event);
  const Hit hit = hitAt(Vec(event->position()));
  if (hit.kind == HitKind::Void || hit.kind == HitKind::Lane) return openPalette(event->position().toPoint());
  if (hit.kind == HitKind::Note && event->modifiers() == Qt::NoModifier) {
    if (intents_) intents_->openNote(geometry_->note(hit.index).id);
    return;
  }
  if (hit.kind == HitKind::Wire && event->modifiers() == Qt::NoModifier) {
    if (!intents_) return;
    const CanvasWire wire = geometry_->wire(hit.wire);
    const int slot = geometry_->parent(geometry_->wireFrom(hit.wire));
    const int lane = geometry_->lane(geometry_->wireFrom(hit.wire));
    const Vec at = camera_.toScene(Vec(event->position())) - geometry_->origin(slot, lane);
    intents_->addDot(wire, {slot < 0 ? 0 : geometry_->item(slot).id, lane, snapped(at.toPoint())});
    return;
  }
  if (hit.isItem() && event->modifiers() == Qt::NoModifier) {
    if (intents_) intents_->openItem(geometry_->item(hit.slot).id);
    return;
  }
  mousePressEvent(event);
}

void CanvasView::leaveEvent(QEvent* event) {
  QWidget::leaveEvent(event);
  if (!tool_) setHover({});
}

void CanvasView::setHover(const Hit& hit) {
  if (hit == marks_.hover) return;
  const Hit before = marks_.hover;
  marks_.hover = hit;
  if (before.kind == HitKind::Chip || hit.kind == HitKind::Chip) invalidateAll();  // members of a group lie anywhere
  for (const Hit& each : {before, hit}) {
    if ((each.kind == HitKind::Note || each.kind == HitKind::NoteCorner) && each.index < geometry_->noteCount())
      invalidate(geometry_->noteBox(each.index).grown(3));
    if (each.slot >= 0 && each.kind != HitKind::Lane) {
      if (geometry_->shape(each.slot) == ItemShape::Frame) {  // its inside looks the same
        const Box& box = geometry_->box(each.slot);
        for (const Box& edge :
             {Box(box.left, box.top, box.right, box.top + geometry_->frame(each.slot)->header),
              Box(box.left, box.top, box.left, box.bottom), Box(box.right, box.top, box.right, box.bottom),
              Box(box.left, box.bottom, box.right, box.bottom)})
          invalidate(edge.grown(2 * portRadius));
      } else {
        invalidateItem(each.slot);
      }
    }
    if (each.wire >= 0 && each.wire < geometry_->wireCount())
      for (const int piece : piecesOf(each.wire)) invalidateWire(piece);
  }
  marks_.path = hit.wire >= 0 ? piecesOf(hit.wire) : std::vector<int>();
  updateCursor();
}

void CanvasView::updateCursor() {
  Qt::CursorShape shape = Qt::ArrowCursor;
  if (tool_)
    shape = tool_->cursor();
  else if (isSpaceHeld_)
    shape = Qt::OpenHandCursor;
  else if (isCutHeld_)
    shape = Qt::CrossCursor;
  else if (marks_.hover.kind == HitKind::Port)
    shape = Qt::CrossCursor;
  else if (marks_.hover.kind == HitKind::NoteCorner)
    shape = Qt::SizeFDiagCursor;
  else if (marks_.hover.kind == HitKind::Cell || marks_.hover.kind == HitKind::Chevron)
    shape = Qt::PointingHandCursor;
  if (cursor().shape() != shape) setCursor(shape);
}

// Near the border a drag moves the view, the faster the farther out.
void CanvasView::autoPan() {
  if (!tool_) return autoPan_.stop();
  const auto speed = [](float at, float size) {
    if (at < borderReach) return std::min(borderReach - at, 60.0f) * 0.35f;
    if (at > size - borderReach) return -std::min(at - (size - borderReach), 60.0f) * 0.35f;
    return 0.0f;
  };
  const Vec by(speed(cursor_.x, float(width())), speed(cursor_.y, float(height())));
  if (by == Vec()) return;
  Camera camera = camera_;
  camera.offset += by;
  setCamera(camera);
  tool_->move(cursor_, QApplication::keyboardModifiers());
}

void CanvasView::wheelEvent(QWheelEvent* event) {
  event->accept();
  const QPoint pixels = event->pixelDelta(), angle = event->angleDelta();
  const bool isTrackpad = !pixels.isNull() || event->phase() != Qt::NoScrollPhase ||
                          (event->device() && event->device()->type() == QInputDevice::DeviceType::TouchPad);
  const bool pans =
      (isTrackpad && !(event->modifiers() & Qt::ControlModifier)) || (event->modifiers() & Qt::ShiftModifier);
  if (pans) {
    QPointF by = !pixels.isNull() ? QPointF(pixels) : QPointF(angle) * 0.5;
    if (!isTrackpad) by = QPointF(by.y() + by.x(), 0);  // Shift and the wheel of a mouse
    Camera camera = camera_;
    camera.offset += Vec(by);
    setCamera(camera);
  } else {
    const double steps = !pixels.isNull() ? pixels.y() / 60.0 : (angle.y() != 0 ? angle.y() : angle.x()) / 120.0;
    zoomBy(std::pow(1.18, std::clamp(steps, -4.0, 4.0)), event->position());
  }
  cursor_ = Vec(event->position());
  if (tool_)
    tool_->move(cursor_, event->modifiers());
  else
    setHover(hitAt(cursor_));
}

bool CanvasView::event(QEvent* event) {
  switch (event->type()) {
    case QEvent::ToolTip: {
      const auto* help = static_cast<QHelpEvent*>(event);
      return showTip(help->pos(), help->globalPos());
    }
    case QEvent::NativeGesture: {
      const auto* gesture = static_cast<QNativeGestureEvent*>(event);
      if (gesture->gestureType() != Qt::ZoomNativeGesture) break;
      zoomBy(1 + gesture->value(), gesture->position());
      return true;
    }
    case QEvent::Gesture: {
      auto* gesture = static_cast<QGestureEvent*>(event);
      auto* pinch = static_cast<QPinchGesture*>(gesture->gesture(Qt::PinchGesture));
      if (!pinch) break;
      zoomBy(pinch->scaleFactor(), QPointF(mapFromGlobal(pinch->centerPoint().toPoint())));
      gesture->accept(pinch);
      return true;
    }
    default:
      break;
  }
  return QWidget::event(event);
}

bool CanvasView::showTip(const QPoint& at, const QPoint& global) {
  const QString words = tool_ ? QString() : tipFor(hitAt(Vec(QPointF(at))));
  if (words.isEmpty())
    QToolTip::hideText();
  else
    QToolTip::showText(global, words, this);
  return true;
}

QString CanvasView::tipFor(const Hit& hit) const {
  if (hit.kind == HitKind::Wire) return geometry_->wire(hit.wire).label;
  if (hit.kind == HitKind::Note) return geometry_->note(hit.index).text;
  if (hit.slot < 0) return {};
  const CanvasItem& item = geometry_->item(hit.slot);
  switch (hit.kind) {
    case HitKind::Port: {
      const CanvasPort& port = item.ports[size_t(hit.index)];
      QString words = port.label.isEmpty() ? port.name : tr("%1: %2").arg(port.name, port.label);
      if (port.isOptional) words += tr(" (optional)");
      return words;
    }
    case HitKind::Chip:
      return item.chips[size_t(hit.index)].tooltip;
    case HitKind::Cell:
      return item.frame->cells[size_t(hit.index)].tooltip;
    case HitKind::Chevron:
      return item.frame->isCollapsed ? tr("Show the inside") : tr("Fold");
    case HitKind::Node:
    case HitKind::Header: {
      if (!item.message.isEmpty()) return item.message;
      QStringList lines = {item.title, item.subtitle, item.details.isEmpty() ? item.stats : item.details};
      lines.removeAll(QString());
      return lines.join('\n');
    }
    case HitKind::Void:
    case HitKind::Lane:
    case HitKind::Wire:
    case HitKind::Note:
    case HitKind::NoteCorner:
      break;
  }
  return {};
}

void CanvasView::contextMenuEvent(QContextMenuEvent* event) {
  if (tool_) return;
  Vec at = Vec(QPointF(event->pos()));
  ContextRequest request;
  request.globalPosition = event->globalPos();
  const std::vector<int> selected = selectedSlots();
  if (event->reason() == QContextMenuEvent::Keyboard && !selected.empty()) {
    at = camera_.toView(geometry_->box(selected.front()).center());
    request.globalPosition = mapToGlobal(at.toPoint().toPoint());
  }
  const Hit hit = hitAt(at);
  if (hit.slot >= 0) {
    if (hit.kind != HitKind::Lane && !isSelected(hit.slot)) pick({hit.slot}, Pick::Replace);
    request.item = geometry_->item(hit.slot).id;
    if (hit.kind == HitKind::Cell) request.cell = hit.index;
  } else if (hit.kind == HitKind::Note || hit.kind == HitKind::NoteCorner) {
    request.item = geometry_->note(hit.index).id;
    pickNote(request.item);
  } else if (hit.wire >= 0) {
    pickWires({hit.wire}, Pick::Replace);
    request.wire = geometry_->wire(hit.wire);
  }
  request.place = geometry_->placeAt(camera_.toScene(at));
  request.place.position = snapped(request.place.position);
  if (intents_) intents_->showContextMenu(request);
}

// --- drag and drop ---

void CanvasView::dragEnterEvent(QDragEnterEvent* event) {
  if (!event->mimeData()->hasFormat(blockMimeType)) return;
  dragged_ = QString::fromUtf8(event->mimeData()->data(blockMimeType));
  dragTo(event);
  event->accept();  // of the drag as a whole; where it may be dropped is asked at each move
}

void CanvasView::dragMoveEvent(QDragMoveEvent* event) {
  if (!dragged_.isEmpty()) dragTo(event);
}

void CanvasView::dragTo(QDropEvent* event) {
  cursor_ = Vec(event->position());
  drop_ = {dragged_, placeAtCursor(), {}, {}};
  markDrop(drop_.place.container, drop_.place.lane);
  Hit hit = hitAt(cursor_);
  if (dragged_.startsWith(policyPrefix)) {  // the item below takes it
    int slot = hit.slot;
    if (slot >= 0 && (geometry_->shape(slot) == ItemShape::Dot || geometry_->shape(slot) == ItemShape::Join)) slot = -1;
    drop_.onto = slot < 0 ? 0 : geometry_->item(slot).id;
    markDrop(0, 0);
    setHover(slot < 0 ? Hit() : Hit{geometry_->frame(slot) ? HitKind::Header : HitKind::Node, slot, -1, -1});
    if (slot < 0) event->setDropAction(Qt::IgnoreAction);
    event->setAccepted(slot >= 0);
    update();
    return;
  }
  if (hit.kind == HitKind::Wire && !(event->modifiers() & Qt::AltModifier)) {
    const CanvasWire& wire = geometry_->wire(hit.wire);
    if (fits(dragged_, wire.from) && fits(dragged_, wire.to)) drop_.intoWire = wire;
  }
  setHover(drop_.intoWire ? hit : Hit());
  event->setDropAction(Qt::CopyAction);
  event->accept();
  update();
}

void CanvasView::markDrop(ItemId container, int lane) {
  const int slot = geometry_->slotOf(container);
  if (slot == marks_.dropFrame && lane == marks_.dropLane) return;
  for (const int each : {slot, marks_.dropFrame})
    if (each >= 0) invalidateItem(each);
  marks_.dropFrame = slot, marks_.dropLane = lane;
}

void CanvasView::endDrag() {
  dragged_.clear();
  markDrop(0, 0);
  setHover({});
  update();
}

void CanvasView::dragLeaveEvent(QDragLeaveEvent*) { endDrag(); }

void CanvasView::dropEvent(QDropEvent* event) {
  if (dragged_.isEmpty()) return;
  dragTo(event);
  const BlockRequest request = drop_;
  endDrag();
  setFocus(Qt::MouseFocusReason);
  pending_ = request;
  addBlock(request.block);
}

void CanvasView::addBlock(const QString& block) {
  BlockRequest request = pending_;
  request.block = block;
  recent_.removeAll(block);
  recent_.prepend(block);
  if (intents_) intents_->addBlock(request);
}

void CanvasView::openPalette(QPoint at) { openPaletteFor(at, {}); }

void CanvasView::openPaletteFor(QPoint at, std::optional<CanvasEnd> wireTo) {
  if (palette_) palette_->close();
  pending_ = {};
  Vec point = camera_.toScene(Vec(QPointF(at)));
  pending_.place = geometry_->placeAt(point);
  if (wireTo) {  // the new block's port comes to lie where the wire ends
    const int slot = geometry_->slotOf(wireTo->item);
    if (slot >= 0) pending_.place.position += (geometry_->portOut(slot, wireTo->port) * 40).toPoint();
  }
  pending_.place.position = snapped(pending_.place.position);
  pending_.wireTo = wireTo;
  std::vector<PaletteBlock> offered;
  for (const PaletteBlock& block : blocks_)
    if (!wireTo || fits(block.id, *wireTo)) offered.push_back(block);
  palette_ = new SearchPalette(std::move(offered), recent_, this);
  connect(palette_, &SearchPalette::chosen, this, &CanvasView::addBlock);
  connect(palette_, &SearchPalette::closed, this, [this] {
    pendingWire_.reset();
    update();
  });
  palette_->popUp(mapToGlobal(at));
}

// --- the widget itself ---

void CanvasView::focusInEvent(QFocusEvent* event) {
  hasFocusRing_ = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
  QWidget::focusInEvent(event);
  update();
}

void CanvasView::focusOutEvent(QFocusEvent* event) {
  isSpaceHeld_ = isCutHeld_ = false;
  QWidget::focusOutEvent(event);
  update();
}

void CanvasView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  if ((!hasFramed_ || isFitted_) && geometry_->count() > 0) {
    hasFramed_ = true;
    setCamera(Camera::framing(geometry_->bounds(), float(width()), float(height()), 40, 1));
    isFitted_ = true;
  } else if (event->oldSize().isValid()) {
    Camera camera = camera_;  // what was in the middle stays there
    camera.offset +=
        Vec(float(width() - event->oldSize().width()) / 2, float(height() - event->oldSize().height()) / 2);
    setCamera(camera);
  }
  placeMinimap();
  invalidateAll();
}

void CanvasView::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange ||
      event->type() == QEvent::StyleChange) {
    if (tool_) finishTool(true);
    renew();
  }
}

}  // namespace fw::ui
