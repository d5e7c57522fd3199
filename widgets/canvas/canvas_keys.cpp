// The node canvas: keys, and the edits that menus ask for too.
#include <QKeyEvent>

#include "widgets/canvas/canvas_view.h"
#include "widgets/canvas/navigation.h"
#include "widgets/canvas/tools.h"

namespace fw::ui {

bool CanvasView::focusNextPrevChild(bool next) {
  return next ? false : QWidget::focusNextPrevChild(next);  // Tab opens the palette, Shift+Tab leaves
}

bool CanvasView::isShortcut(QKeyEvent* event) {
  const auto is = [&](QKeySequence::StandardKey key) { return event->matches(key); };
  const bool isControl = event->modifiers() == Qt::ControlModifier;
  const bool isControlShift = event->modifiers() == (Qt::ControlModifier | Qt::ShiftModifier);
  if (is(QKeySequence::SelectAll)) return selectAll(), true;
  if (is(QKeySequence::Copy)) return copySelection(), true;
  if (is(QKeySequence::Cut)) return cutSelection(), true;
  if (is(QKeySequence::Paste)) return paste(), true;
  if (isControlShift && event->key() == Qt::Key_V) return paste(true), true;
  if ((isControl || isControlShift) && event->key() == Qt::Key_D) return duplicateSelection(isControlShift), true;
  if (event->key() == Qt::Key_Delete) return deleteSelection(isControl), true;
  if (is(QKeySequence::ZoomIn)) return zoomIn(), true;
  if (is(QKeySequence::ZoomOut)) return zoomOut(), true;
  if (isControl && event->key() == Qt::Key_1) return zoomToActualSize(), true;
  return false;
}

/// The key that a key acts as; Key_unknown where it acts no longer.
QKeyCombination CanvasView::meantBy(const QKeyEvent* event) const {
  const QKeyCombination pressed(event->modifiers() & ~Qt::KeypadModifier, Qt::Key(event->key()));
  const QKeySequence keys(pressed);
  for (const auto& [meant, now] : keyChanges_)
    if (now == keys) return meant[0];
  for (const auto& [meant, now] : keyChanges_)
    if (meant == keys) return QKeyCombination(Qt::Key_unknown);
  return pressed;
}

void CanvasView::keyPressEvent(QKeyEvent* event) {
  if (!keyChanges_.empty()) {
    const QKeyCombination meant = meantBy(event);
    if (meant.key() != event->key() || meant.keyboardModifiers() != (event->modifiers() & ~Qt::KeypadModifier)) {
      if (meant.key() == Qt::Key_unknown) return event->ignore();
      QKeyEvent other(event->type(), meant.key(), meant.keyboardModifiers(), {}, event->isAutoRepeat());
      pressKey(&other);
      event->setAccepted(other.isAccepted());
      return;
    }
  }
  pressKey(event);
}

void CanvasView::pressKey(QKeyEvent* event) {
  const Qt::KeyboardModifiers modifiers = event->modifiers() & ~Qt::KeypadModifier;
  if (event->key() == Qt::Key_Escape) {
    if (tool_)
      finishTool(true);
    else if (!selectedSlots().empty() || !selectedWires_.empty() || marks_.note != 0)
      clearSelection();
    else
      event->ignore();
    return;
  }
  if (tool_) return;
  switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Right:
    case Qt::Key_Up:
    case Qt::Key_Down:
      return modifiers & Qt::ControlModifier ? nudge(event->key()) : navigate(event->key(), modifiers);
    case Qt::Key_Control:
    case Qt::Key_Shift:
      break;
    default:
      ++nudges_;
  }
  if (isShortcut(event)) return;
  if (modifiers == Qt::ShiftModifier && selectedTops().size() > 1) {
    switch (event->key()) {
      case Qt::Key_W:
        return alignSelection(Qt::AlignTop);
      case Qt::Key_A:
        return alignSelection(Qt::AlignLeft);
      case Qt::Key_S:
        return alignSelection(Qt::AlignBottom);
      case Qt::Key_D:
        return alignSelection(Qt::AlignRight);
      default:
        break;
    }
  }
  if (event->key() == Qt::Key_A && modifiers == Qt::ShiftModifier) return openPalette(mapFromGlobal(QCursor::pos()));
  if (modifiers != Qt::NoModifier) return QWidget::keyPressEvent(event);
  switch (event->key()) {
    case Qt::Key_Space:
      if (!event->isAutoRepeat()) isSpaceHeld_ = true, updateCursor();
      return;
    case Qt::Key_Tab: {
      const QPoint at = cursor_.toPoint().toPoint();
      return openPalette(underMouse() && rect().contains(at) ? at : rect().center());
    }
    case Qt::Key_X:
      if (!event->isAutoRepeat()) isCutHeld_ = true, updateCursor();
      return;
    case Qt::Key_E:
      return pullOutSelection();
    case Qt::Key_F:
      return frameSelection();
    case Qt::Key_Home:
      return frameAll();
    case Qt::Key_M:
      return toggleMuted();
    case Qt::Key_P:
      return togglePinned();
    case Qt::Key_G:
      return setSnapping(!isSnapping_);
    case Qt::Key_Backspace:
      if (intents_) intents_->leaveContainer();
      return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (const auto selected = selection(); intents_ && !selected.empty()) intents_->openItem(selected.front());
      return;
    default:
      QWidget::keyPressEvent(event);
  }
}

void CanvasView::keyReleaseEvent(QKeyEvent* event) {
  const bool isHeld = event->key() == Qt::Key_Space || event->key() == Qt::Key_X;
  if (!isHeld || event->isAutoRepeat()) return QWidget::keyReleaseEvent(event);
  (event->key() == Qt::Key_X ? isCutHeld_ : isSpaceHeld_) = false;
  updateCursor();
}

void CanvasView::navigate(int key, Qt::KeyboardModifiers modifiers) {
  const Heading heading = key == Qt::Key_Left    ? Heading::Left
                          : key == Qt::Key_Right ? Heading::Right
                          : key == Qt::Key_Up    ? Heading::Up
                                                 : Heading::Down;
  const std::vector<int> selected = selectedSlots();
  const int next = neighbour(*geometry_, selected.empty() ? -1 : selected.back(), heading);
  if (next < 0) return;
  pick({next}, modifiers & Qt::ShiftModifier ? Pick::Add : Pick::Replace);
  const Box box = camera_.toView(geometry_->box(next));
  const Box seen = Box(QRectF(rect())).grown(-20);
  if (seen.contains(box)) return;
  Camera camera = camera_;  // just far enough
  if (box.width() < seen.width())
    camera.offset.x += std::max(0.0f, seen.left - box.left) - std::max(0.0f, box.right - seen.right);
  if (box.height() < seen.height())
    camera.offset.y += std::max(0.0f, seen.top - box.top) - std::max(0.0f, box.bottom - seen.bottom);
  glideTo(camera);
}

void CanvasView::nudge(int key) {
  const QPointF by = key == Qt::Key_Left    ? QPointF(-1, 0)
                     : key == Qt::Key_Right ? QPointF(1, 0)
                     : key == Qt::Key_Up    ? QPointF(0, -1)
                                            : QPointF(0, 1);
  std::vector<ItemMove> moves;
  for (const int slot : selectedTops())
    moves.push_back({geometry_->item(slot).id, geometry_->position(slot) + by * double(gridStep)});
  if (intents_ && !moves.empty()) intents_->moveItems(moves, QStringLiteral("nudge %1").arg(nudges_));
}

void CanvasView::deleteSelection(bool heal) {
  const std::vector<ItemId> items = selection();
  const std::vector<CanvasWire> wires = selectedWires_;
  if (!intents_) return;
  if (items.empty() && !wires.empty())
    intents_->disconnectWires(wires);
  else if (!items.empty())
    intents_->deleteItems(items, wires, heal);
  else if (marks_.note != 0)
    intents_->deleteItems({marks_.note}, {}, false);
}

void CanvasView::copySelection() {
  if (const auto items = selection(); intents_ && !items.empty()) intents_->copyItems(items);
}

void CanvasView::cutSelection() {
  if (const auto items = selection(); intents_ && !items.empty()) intents_->cutItems(items);
}

void CanvasView::paste(bool keepWires) {
  if (intents_) intents_->pasteItems(placeAtCursor(), keepWires);
}

void CanvasView::duplicateSelection(bool keepWires) {
  if (const auto items = selection(); intents_ && !items.empty()) intents_->duplicateItems(items, keepWires);
}

void CanvasView::pullOutSelection() {
  std::vector<ItemMove> moves;
  for (const int slot : selectedTops()) {
    const Box& box = geometry_->box(slot);
    const QPointF aside = geometry_->flow(slot) == Flow::Down ? QPointF(double(box.width()) + 2 * double(gridStep), 0)
                                                              : QPointF(0, double(box.height()) + 2 * double(gridStep));
    moves.push_back({geometry_->item(slot).id, snapped(geometry_->position(slot) + aside)});
  }
  if (intents_ && !moves.empty()) intents_->pullOutItems(moves);
}

void CanvasView::alignSelection(Qt::Alignment edge) {
  const std::vector<int> tops = selectedTops();
  Box all;
  for (const int slot : tops) all.include(geometry_->box(slot));
  std::vector<ItemMove> moves;
  for (const int slot : tops) {
    const Box& box = geometry_->box(slot);
    Vec by;
    if (edge & Qt::AlignLeft) by.x = all.left - box.left;
    if (edge & Qt::AlignRight) by.x = all.right - box.right;
    if (edge & Qt::AlignHCenter) by.x = all.center().x - box.center().x;
    if (edge & Qt::AlignTop) by.y = all.top - box.top;
    if (edge & Qt::AlignBottom) by.y = all.bottom - box.bottom;
    if (edge & Qt::AlignVCenter) by.y = all.center().y - box.center().y;
    if (!(by == Vec())) moves.push_back({geometry_->item(slot).id, geometry_->position(slot) + by.toPoint()});
  }
  if (intents_ && tops.size() > 1 && !moves.empty())
    intents_->moveItems(moves, QStringLiteral("align %1").arg(++nudges_));
}

void CanvasView::distributeSelection(Qt::Orientation along) {
  std::vector<int> tops = selectedTops();
  if (tops.size() < 3 || !intents_) return;
  const bool isAcross = along == Qt::Horizontal;
  const auto low = [&](int slot) { return isAcross ? geometry_->box(slot).left : geometry_->box(slot).top; };
  const auto size = [&](int slot) { return isAcross ? geometry_->box(slot).width() : geometry_->box(slot).height(); };
  std::stable_sort(tops.begin(), tops.end(), [&](int a, int b) { return low(a) < low(b); });
  float room = low(tops.back()) + size(tops.back()) - low(tops.front());
  for (const int slot : tops) room -= size(slot);
  const float gap = room / float(tops.size() - 1);
  float at = low(tops.front());
  std::vector<ItemMove> moves;
  for (const int slot : tops) {
    const float by = at - low(slot);
    at += size(slot) + gap;
    if (std::abs(by) > 0.01f)
      moves.push_back({geometry_->item(slot).id,
                       geometry_->position(slot) + (isAcross ? QPointF(double(by), 0) : QPointF(0, double(by)))});
  }
  if (!moves.empty()) intents_->moveItems(moves, QStringLiteral("distribute %1").arg(++nudges_));
}

void CanvasView::toggleMuted() {
  const std::vector<int> picked = selectedSlots();
  const bool isAnyOn =
      std::any_of(picked.begin(), picked.end(), [this](int slot) { return !geometry_->item(slot).isMuted; });
  if (intents_ && !picked.empty()) intents_->setMuted(selection(), isAnyOn);
}

void CanvasView::togglePinned() {
  const std::vector<int> picked = selectedTops();
  const bool isAnyFree =
      std::any_of(picked.begin(), picked.end(), [this](int slot) { return !geometry_->item(slot).isPinned; });
  std::vector<ItemId> items;
  for (const int slot : picked) items.push_back(geometry_->item(slot).id);
  if (intents_ && !items.empty()) intents_->setPinned(items, isAnyFree);
}

}  // namespace fw::ui
