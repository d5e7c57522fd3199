// Gestures under way: panning, clicking, drawing a frame around items, moving them.
#include "widgets/canvas/tools.h"

#include <QApplication>
#include <QPainter>
#include <QUuid>
#include <limits>

#include "widgets/canvas/canvas_view.h"
#include "widgets/theme.h"

namespace fw::ui {
namespace {

constexpr float wireReach = 10;   // view units around a wire that takes an item
constexpr float leaveReach = 40;  // view units from a frame at which what is dragged leaves it

}  // namespace

void PanTool::move(Vec at, Qt::KeyboardModifiers) {
  Camera camera = view_.camera();
  camera.offset += at - last_;
  last_ = at;
  view_.setCamera(camera);
}

PressTool::PressTool(CanvasView& view, Vec at, const Hit& hit, Qt::KeyboardModifiers modifiers)
    : CanvasTool(view), start_(at), hit_(hit) {
  const bool toggles = modifiers & Qt::ControlModifier, adds = modifiers & Qt::ShiftModifier;
  if (hit.isItem()) {
    const bool isSelected = view.isSelected(hit.slot);
    if (toggles || adds)
      view.pick({hit.slot}, toggles ? CanvasView::Pick::Toggle : CanvasView::Pick::Add);
    else if (!isSelected)
      view.pick({hit.slot}, CanvasView::Pick::Replace);
    else
      picksOnRelease_ = true;  // perhaps all that is selected will be dragged
  } else if (hit.kind == HitKind::Wire) {
    view.pickWires({hit.wire}, toggles ? CanvasView::Pick::Toggle
                               : adds  ? CanvasView::Pick::Add
                                       : CanvasView::Pick::Replace);
  } else if (hit.kind == HitKind::Note || hit.kind == HitKind::NoteCorner) {
    view.pickNote(view.geometry().note(hit.index).id);
  }
}

void PressTool::move(Vec at, Qt::KeyboardModifiers modifiers) {
  if ((at - start_).length() < float(QApplication::startDragDistance()) * 0.5f) return;
  const Vec from = view_.camera().toScene(start_);
  switch (hit_.kind) {
    case HitKind::Port:
      if (modifiers & Qt::ControlModifier)
        next_ = std::make_unique<MoveWiresTool>(view_, hit_.slot, hit_.index, at);
      else
        next_ = std::make_unique<WireTool>(view_, hit_.slot, hit_.index, at);
      break;
    case HitKind::Node:
    case HitKind::Header:
    case HitKind::Chip:
      if ((modifiers & Qt::ControlModifier) && view_.geometry().shape(hit_.slot) == ItemShape::Dot)
        next_ = std::make_unique<WireTool>(view_, hit_.slot, 1, at);  // a branch from here
      else if (view_.isSelected(hit_.slot))
        next_ = std::make_unique<MoveTool>(view_, from, hit_.slot, modifiers);
      break;
    case HitKind::Void:
      next_ = std::make_unique<MarqueeTool>(view_, from, -1, modifiers);
      break;
    case HitKind::Lane:
      next_ = std::make_unique<MarqueeTool>(view_, from, hit_.slot, modifiers);
      break;
    case HitKind::Cell:
      next_ = std::make_unique<PaintTool>(view_, hit_.slot, hit_.index);
      break;
    case HitKind::Note:
    case HitKind::NoteCorner:
      next_ = std::make_unique<NoteTool>(view_, from, hit_.index, hit_.kind == HitKind::NoteCorner);
      break;
    case HitKind::Wire:
    case HitKind::Chevron:
      break;
  }
  if (next_) next_->move(at, modifiers);
}

void PressTool::release(Vec, Qt::KeyboardModifiers modifiers) {
  const bool keeps = modifiers & (Qt::ControlModifier | Qt::ShiftModifier);
  CanvasIntents* intents = view_.intents();
  const CanvasGeometry& geometry = view_.geometry();
  switch (hit_.kind) {
    case HitKind::Void:
      if (!keeps) view_.clearSelection();
      break;
    case HitKind::Port:
    case HitKind::Lane:
      if (hit_.kind == HitKind::Port && geometry.shape(hit_.slot) != ItemShape::Node &&
          geometry.shape(hit_.slot) != ItemShape::Join)
        break;
      view_.pick({hit_.slot}, keeps ? CanvasView::Pick::Toggle : CanvasView::Pick::Replace);
      break;
    case HitKind::Cell:
      if (intents) intents->clickCell(geometry.item(hit_.slot).id, hit_.index, modifiers);
      break;
    case HitKind::Chevron:
      if (intents) intents->setCollapsed(geometry.item(hit_.slot).id, !geometry.item(hit_.slot).frame->isCollapsed);
      break;
    case HitKind::Node:
    case HitKind::Header:
    case HitKind::Chip:
      if (picksOnRelease_) view_.pick({hit_.slot}, CanvasView::Pick::Replace);
      break;
    case HitKind::Wire:
    case HitKind::Note:
    case HitKind::NoteCorner:
      break;
  }
}

MarqueeTool::MarqueeTool(CanvasView& view, Vec start, int container, Qt::KeyboardModifiers modifiers)
    : CanvasTool(view), start_(start), end_(start), container_(container) {
  if (modifiers & (Qt::ControlModifier | Qt::ShiftModifier)) before_ = view.selectedSlots();
}

void MarqueeTool::move(Vec at, Qt::KeyboardModifiers modifiers) {
  end_ = view_.camera().toScene(at);
  std::vector<int> picked = view_.geometry().within(Box::between(start_, end_), container_);
  if (modifiers & Qt::ControlModifier) {  // what was selected and lies inside leaves the selection
    std::vector<int> toggled;
    std::set_symmetric_difference(before_.begin(), before_.end(), picked.begin(), picked.end(),
                                  std::back_inserter(toggled));
    picked = std::move(toggled);
  } else {
    picked.insert(picked.end(), before_.begin(), before_.end());
  }
  view_.pick(picked, CanvasView::Pick::Replace);
  view_.update();
}

void MarqueeTool::release(Vec at, Qt::KeyboardModifiers modifiers) { move(at, modifiers); }

void MarqueeTool::cancel() { view_.pick(before_, CanvasView::Pick::Replace); }

void MarqueeTool::paint(QPainter& painter) {
  const QColor accent = view_.theme().accent;
  QColor fill = accent;
  fill.setAlphaF(0.12f);
  painter.setPen(QPen(accent, 1));
  painter.setBrush(fill);
  const QRectF area = view_.camera().toView(Box::between(start_, end_)).toRect();
  painter.drawRect(area.toAlignedRect().translated(0, 0));
}

MoveTool::MoveTool(CanvasView& view, Vec start, int pressed, Qt::KeyboardModifiers modifiers)
    : CanvasTool(view),
      start_(start),
      pressed_(pressed),
      slots_(view.selectedTops()),
      isPulling_(modifiers & Qt::AltModifier) {
  const CanvasGeometry& geometry = view.geometry();
  isMoving_.assign(size_t(geometry.count()), false);
  bool hasPressed = false;
  for (const int slot : slots_) {
    from_.push_back(geometry.position(slot));
    for (int s = slot; s < geometry.end(slot); ++s) isMoving_[size_t(s)] = true;
    hasPressed = hasPressed || slot == pressed;
  }
  if (!hasPressed && !slots_.empty()) pressed_ = slots_.front();  // what was pressed lies inside of a selected frame
  pressedFrom_ = geometry.position(pressed_);
  if (slots_.size() == 1) {
    const ItemShape shape = geometry.shape(slots_.front());
    isFree_ = (shape == ItemShape::Node || shape == ItemShape::Frame || shape == ItemShape::Join) &&
              geometry.wiresAt(slots_.front()).empty();
  }
  home_ = geometry.parent(pressed_);
  for (int w = 0; isFree_ && w < geometry.wireCount(); ++w) {
    const int from = geometry.wireFrom(w), to = geometry.wireTo(w);
    if (geometry.parent(from) == home_ && !isMoving_[size_t(from)] && !isMoving_[size_t(to)])
      wires_.push_back({w, geometry.wireBox(w), wireCurve(geometry.wireShape(w))});
  }
  if (home_ < 0) return;
  homeBox_ = geometry.box(home_);
  const std::vector<Box>& lanes = geometry.frame(home_)->lanes;
  for (int lane = 0; lane < int(lanes.size()); ++lane)
    if (lane != geometry.lane(pressed_)) lanes_.push_back(lanes[size_t(lane)]);
}

// Well outside of the frame, or in another one of its insides.
bool MoveTool::isOutside(Vec at) const {
  if (home_ < 0 || isPulling_) return false;
  const Vec point = view_.camera().toScene(at);
  return !homeBox_.grown(leaveReach / view_.camera().zoom).contains(point) ||
         std::any_of(lanes_.begin(), lanes_.end(), [&](const Box& lane) { return lane.contains(point); });
}

void MoveTool::move(Vec at, Qt::KeyboardModifiers modifiers) {
  if (isOutside(at) != isLeaving_) {
    isLeaving_ = !isLeaving_;
    moved_ = {};
    view_.layOut();  // the frame has its own size again
    view_.update();
  }
  CanvasGeometry& geometry = view_.geometry();
  const Vec free = view_.camera().toScene(at) - start_;
  const QPointF wanted = pressedFrom_ + free.toPoint();
  Vec to = Vec(view_.snapped(wanted, modifiers & Qt::ShiftModifier) - pressedFrom_);
  for (const auto& [a, b] : guides_) view_.invalidate(Box::between(a, b).grown(3));
  guides_.clear();
  if (view_.isSnapping() != bool(modifiers & Qt::ShiftModifier)) align(free, to);
  if (!(to == moved_)) {
    const Box dirty = geometry.move(slots_, to - moved_, !isLeaving_);
    moved_ = to;
    view_.invalidate(dirty);
  }
  findGuides();
  for (const auto& [a, b] : guides_) view_.invalidate(Box::between(a, b).grown(3));
  findDrop(at);
  findWire(at, modifiers);
}

// A wire takes an item that has none; what is wired already is not torn out of its place. Alt: no wire takes it.
void MoveTool::findWire(Vec at, Qt::KeyboardModifiers modifiers) {
  const CanvasGeometry& geometry = view_.geometry();
  wire_ = -1;
  if (isFree_ && strip_ < 0 && !(modifiers & Qt::AltModifier)) {
    const Vec point = view_.camera().toScene(at);
    const float reach = wireReach / view_.camera().zoom;
    const CanvasItem& item = geometry.item(slots_.front());
    float nearest = reach;
    for (const auto& [w, box, curve] : wires_) {
      if (!box.grown(reach).contains(point)) continue;
      const float away = distance(curve, point);
      if (away >= nearest) continue;
      // Both halves must fit.
      bool takes = false, gives = false;
      for (int p = 0; p < int(item.ports.size()); ++p) {
        const bool isInput = item.ports[size_t(p)].side == PortSide::In;
        if (isInput) takes = takes || view_.mayConnect(geometry.wire(w).from, {item.id, p}).isAllowed;
        if (!isInput) gives = gives || view_.mayConnect({item.id, p}, geometry.wire(w).to).isAllowed;
      }
      if (takes && gives) nearest = away, wire_ = w;
    }
  }
  if (wire_ >= 0) hasDrop_ = false;
  const int before = view_.marks().hover.wire;
  if (before == wire_) return;
  view_.marks().hover = wire_ < 0 ? Hit() : Hit{HitKind::Wire, -1, -1, wire_};
  for (const int w : {before, wire_})
    if (w >= 0) view_.invalidate(geometry.wireBox(w).grown(4));
  view_.update();
}

// A frame may take the items when the mouse is in its inside and none of them is it: one in their own graph at once,
// any other, and the void, when they have left their own.
void MoveTool::findDrop(Vec at) {
  const CanvasGeometry& geometry = view_.geometry();
  drop_ = geometry.placeAt(view_.camera().toScene(at));
  const int slot = geometry.slotOf(drop_.container);
  hasDrop_ = !isPulling_ && (slot < 0 || !isMoving_[size_t(slot)]);
  if (!isLeaving_) hasDrop_ = hasDrop_ && slot >= 0 && slot != home_ && (home_ < 0 || geometry.isInside(slot, home_));
  for (const int each : slots_)
    hasDrop_ = hasDrop_ && geometry.parent(each) == home_ && geometry.lane(each) == geometry.lane(pressed_) &&
               geometry.shape(each) != ItemShape::Entry && geometry.shape(each) != ItemShape::Exit;
  hasDrop_ = hasDrop_ && std::any_of(slots_.begin(), slots_.end(),
                                     [&](int each) { return geometry.shape(each) != ItemShape::Dot; });
  findStrip(at);
  if (!hasDrop_) drop_ = {};
  view_.markDrop(drop_.container, drop_.lane);
}

// The strip of a Repeat in the same graph takes one block as a layer.
void MoveTool::findStrip(Vec at) {
  const CanvasGeometry& geometry = view_.geometry();
  strip_ = -1;
  if (isPulling_ || slots_.size() != 1) return;
  const ItemShape shape = geometry.shape(slots_.front());
  if (shape != ItemShape::Node && shape != ItemShape::Frame) return;
  const Vec point = view_.camera().toScene(at);
  geometry.visitTouching(Box::around(point, 1, 1), [&](int slot) {
    const FrameLayout* layout = geometry.frame(slot);
    if (!layout || isMoving_[size_t(slot)] || geometry.parent(slot) != home_ || layout->cellSide <= 0) return;
    const Box& box = geometry.box(slot);
    if (Box(box.left, box.top, box.right, box.top + layout->header).contains(point)) strip_ = slot;
  });
  if (strip_ < 0) return;
  hasDrop_ = false;
  const FrameLayout& layout = *geometry.frame(strip_);
  const int cells = int(geometry.item(strip_).frame->cells.size());
  float nearest = std::numeric_limits<float>::max();
  for (int cell = 0; cell < cells; ++cell)
    for (const int after : {0, 1}) {
      const Box box = layout.cell(cell);
      const float away = (Vec(after ? box.right : box.left, box.center().y) - point).length();
      if (away < nearest) nearest = away, stripAt_ = cell + after;
    }
}

// Where the upper left corner of the items' positions comes to lie.
CanvasPlace MoveTool::dropPlace() const {
  const CanvasGeometry& geometry = view_.geometry();
  Vec corner(std::numeric_limits<float>::max(), std::numeric_limits<float>::max());
  for (const int slot : slots_) {
    const Vec center = geometry.toScene({geometry.parent(slot) < 0 ? 0 : geometry.item(geometry.parent(slot)).id,
                                         geometry.lane(slot), geometry.position(slot)});
    corner = Vec(std::min(corner.x, center.x), std::min(corner.y, center.y));
  }
  CanvasPlace place = drop_;
  place.position = view_.snapped((corner - geometry.toScene({drop_.container, drop_.lane, {}})).toPoint());
  return place;
}

// Calls `visit(centre, box)` for the cards in view that lie in the same lane and stay.
template <class Visit>
void MoveTool::forNeighbours(Visit visit) const {
  const CanvasGeometry& geometry = view_.geometry();
  geometry.visitTouching(view_.camera().toScene(Box(QRectF(view_.rect()))), [&](int slot) {
    if (isMoving_[size_t(slot)] || geometry.parent(slot) != geometry.parent(pressed_) ||
        geometry.lane(slot) != geometry.lane(pressed_))
      return;
    if (geometry.shape(slot) == ItemShape::Node || geometry.shape(slot) == ItemShape::Join ||
        geometry.shape(slot) == ItemShape::Dot)
      visit(geometry.box(slot).center(), geometry.box(slot));
  });
}

// Takes the line of a neighbour where it is nearly met.
void MoveTool::align(Vec free, Vec& to) {
  const Vec start = view_.geometry().box(pressed_).center() - moved_, center = start + free;
  Vec best(5 / view_.camera().zoom, 5 / view_.camera().zoom);
  forNeighbours([&](Vec other, const Box&) {
    if (const float away = std::abs(other.x - center.x); away < best.x) best.x = away, to.x = other.x - start.x;
    if (const float away = std::abs(other.y - center.y); away < best.y) best.y = away, to.y = other.y - start.y;
  });
}

// The lines that what is dragged shares with its nearest neighbours.
void MoveTool::findGuides() {
  const Box own = view_.geometry().box(pressed_);
  const Vec center = own.center();
  std::optional<Box> alongX, alongY;
  const auto isNearer = [&](const Box& box, const std::optional<Box>& than) {
    return !than || (box.center() - center).length() < (than->center() - center).length();
  };
  forNeighbours([&](Vec other, const Box& box) {
    if (std::abs(other.x - center.x) < 0.25f && isNearer(box, alongX)) alongX = box;
    if (std::abs(other.y - center.y) < 0.25f && isNearer(box, alongY)) alongY = box;
  });
  // Only from card to card, so that no line crosses words.
  if (alongX && alongX->top > own.bottom) guides_.push_back({Vec(center.x, own.bottom), Vec(center.x, alongX->top)});
  if (alongX && alongX->bottom < own.top) guides_.push_back({Vec(center.x, alongX->bottom), Vec(center.x, own.top)});
  if (alongY && alongY->left > own.right) guides_.push_back({Vec(own.right, center.y), Vec(alongY->left, center.y)});
  if (alongY && alongY->right < own.left) guides_.push_back({Vec(alongY->right, center.y), Vec(own.left, center.y)});
}

void MoveTool::release(Vec at, Qt::KeyboardModifiers modifiers) {
  move(at, modifiers);
  guides_.clear();
  const CanvasScenePtr before = view_.scene();
  std::vector<ItemMove> moves;
  for (size_t i = 0; i < slots_.size(); ++i)
    moves.push_back({view_.geometry().item(slots_[i]).id, from_[i] + moved_.toPoint()});
  view_.markDrop(0, 0);
  CanvasIntents* intents = moved_ == Vec() ? nullptr : view_.intents();
  const bool isAway = !view_.rect().contains(at.toPoint().toPoint());
  std::vector<ItemId> items;
  for (const ItemMove& move : moves) items.push_back(move.item);
  if (intents && isAway && intents->dropOutside(items, view_.mapToGlobal(at.toPoint().toPoint()))) {
    view_.layOut();
    return;
  }
  view_.marks().hover = {};
  if (intents && wire_ >= 0) {
    intents->insertOnWire(moves.front(), view_.geometry().wire(wire_));
  } else if (intents && strip_ >= 0) {
    intents->putInCell(view_.geometry().item(strip_).id, stripAt_, moves.front().item);
  } else if (intents && isPulling_) {
    intents->pullOutItems(moves);
  } else if (intents && hasDrop_) {
    intents->moveItemsInto(items, dropPlace());
  } else if (intents) {
    intents->moveItems(moves, "move " + QUuid::createUuid().toString(QUuid::WithoutBraces));
  }
  if (view_.scene() == before) view_.layOut();  // nobody followed: everything falls back
}

void MoveTool::cancel() {
  view_.marks().hover = {};
  view_.markDrop(0, 0);
  view_.layOut();
}

void MoveTool::paint(QPainter& painter) {
  if (hasDrop_ && drop_.container == 0) {  // the void takes them
    painter.setPen(QPen(view_.theme().accent, 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(QRectF(view_.rect()).adjusted(1, 1, -1, -1));
  }
  if (strip_ >= 0) {  // the place between two layers
    const FrameLayout& layout = *view_.geometry().frame(strip_);
    const int cells = int(view_.geometry().item(strip_).frame->cells.size());
    const Box cell = layout.cell(std::min(stripAt_, cells - 1));
    const float x = stripAt_ < cells ? cell.left - 1 : cell.right + 1;
    painter.setPen(QPen(view_.theme().accent, 3, Qt::SolidLine, Qt::RoundCap));
    painter.drawLine(view_.camera().toView(Vec(x, cell.top - 4)).toPoint(),
                     view_.camera().toView(Vec(x, cell.bottom + 4)).toPoint());
  }
  painter.setPen(QPen(view_.theme().accent, 1, Qt::DashLine));
  for (const auto& [a, b] : guides_)
    painter.drawLine(view_.camera().toView(a).toPoint(), view_.camera().toView(b).toPoint());
}

std::vector<int> PaintTool::cells() const {
  std::vector<int> painted;
  for (int cell = std::min(source_, last_); cell <= std::max(source_, last_); ++cell) painted.push_back(cell);
  return painted;
}

// Well away from the strip: the layer leaves it.
bool PaintTool::isOut(Vec at) const {
  const CanvasGeometry& geometry = view_.geometry();
  const Box& box = geometry.box(slot_);
  const Box header(box.left, box.top, box.right, box.top + geometry.frame(slot_)->header);
  return !header.grown(leaveReach / view_.camera().zoom).contains(view_.camera().toScene(at));
}

void PaintTool::move(Vec at, Qt::KeyboardModifiers) {
  const CanvasGeometry& geometry = view_.geometry();
  at_ = at;
  const Vec point = view_.camera().toScene(at);
  float nearest = std::numeric_limits<float>::max();
  for (int cell = 0; cell < int(geometry.item(slot_).frame->cells.size()); ++cell) {
    const float away = (geometry.frame(slot_)->cell(cell).center() - point).length();
    if (away < nearest) nearest = away, last_ = cell;
  }
  view_.update();
}

void PaintTool::release(Vec at, Qt::KeyboardModifiers modifiers) {
  move(at, modifiers);
  const CanvasItem& frame = view_.geometry().item(slot_);
  if (!view_.intents()) return;
  if (isOut(at)) {
    CanvasPlace place = view_.geometry().placeAt(view_.camera().toScene(at));
    place.position = view_.snapped(place.position);
    view_.intents()->takeOutCell(frame.id, source_, place);
  } else if (last_ != source_ && !frame.frame->cells[size_t(source_)].letter.isEmpty())
    view_.intents()->paintCells(view_.geometry().item(slot_).id, source_, cells());
}

void PaintTool::paint(QPainter& painter) {
  const LayerCell& source = view_.geometry().item(slot_).frame->cells[size_t(source_)];
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setFont(font(TextRole::Section));
  const bool leaves = isOut(at_);
  if (!leaves && source.letter.isEmpty()) return;
  for (const int cell : leaves ? std::vector<int>{source_} : cells()) {
    QRectF box = view_.camera().toView(view_.geometry().frame(slot_)->cell(cell)).toRect();
    if (leaves) box.moveCenter(at_.toPoint());
    painter.setPen(QPen(view_.theme().text, 1.5));
    painter.setBrush(view_.theme().accentFill);
    painter.drawRoundedRect(box, 3, 3);
    painter.setPen(view_.theme().onAccent);
    painter.drawText(box, Qt::AlignCenter, source.letter);
  }
}

NoteTool::NoteTool(CanvasView& view, Vec start, int note, bool isCorner)
    : CanvasTool(view), start_(start), isCorner_(isCorner), notes_{note} {
  const CanvasGeometry& geometry = view.geometry();
  if (!isCorner) {
    const CanvasNote& own = geometry.note(note);
    for (int n = 0; n < geometry.noteCount(); ++n)
      if (n != note && geometry.noteParent(n) == geometry.noteParent(note) && geometry.note(n).lane == own.lane &&
          geometry.noteBox(note).contains(geometry.noteBox(n)))
        notes_.push_back(n);
    std::vector<int> members;
    for (const int n : notes_)
      for (const ItemId id : geometry.note(n).members)
        if (const int slot = geometry.slotOf(id); slot >= 0 && geometry.parent(slot) == geometry.noteParent(note))
          members.push_back(slot);
    std::sort(members.begin(), members.end());
    members.erase(std::unique(members.begin(), members.end()), members.end());
    slots_ = members;
  }
  for (const int n : notes_) boxes_.push_back(geometry.noteBox(n));
  for (const int slot : slots_) from_.push_back(geometry.position(slot));
}

void NoteTool::move(Vec at, Qt::KeyboardModifiers modifiers) {
  constexpr float kLeast = 80;
  CanvasGeometry& geometry = view_.geometry();
  const Vec free = view_.camera().toScene(at) - start_;
  Vec to = Vec(view_.snapped(free.toPoint(), modifiers & Qt::ShiftModifier));
  if (isCorner_) to = Vec(std::max(to.x, kLeast - boxes_[0].width()), std::max(to.y, kLeast - boxes_[0].height()));
  if (to == moved_) return;
  if (!slots_.empty()) geometry.move(slots_, to - moved_);
  moved_ = to;
  for (size_t i = 0; i < notes_.size(); ++i) {
    const Box& box = boxes_[i];
    geometry.setNoteBox(notes_[i],
                        isCorner_ ? Box(box.left, box.top, box.right + to.x, box.bottom + to.y) : box.moved(to));
  }
  view_.invalidateAll();
}

void NoteTool::release(Vec at, Qt::KeyboardModifiers modifiers) {
  move(at, modifiers);
  const CanvasGeometry& geometry = view_.geometry();
  const CanvasScenePtr before = view_.scene();
  std::vector<NoteMove> notes;
  for (const int n : notes_) notes.push_back({geometry.note(n).id, geometry.noteArea(n)});
  std::vector<ItemMove> items;
  for (size_t i = 0; i < slots_.size(); ++i)
    items.push_back({geometry.item(slots_[i]).id, from_[i] + moved_.toPoint()});
  if (view_.intents() && !(moved_ == Vec())) view_.intents()->moveNotes(notes, items);
  if (view_.scene() == before) view_.layOut();
}

void NoteTool::cancel() { view_.layOut(); }

CutTool::CutTool(CanvasView& view, Vec at) : CanvasTool(view), start_(view.camera().toScene(at)), end_(start_) {}

void CutTool::move(Vec at, Qt::KeyboardModifiers) {
  end_ = view_.camera().toScene(at);
  view_.update();
}

void CutTool::release(Vec at, Qt::KeyboardModifiers modifiers) {
  move(at, modifiers);
  const CanvasGeometry& geometry = view_.geometry();
  std::vector<CanvasWire> cut;
  for (int w = 0; w < geometry.wireCount(); ++w)
    if (segmentCrosses(start_, end_, geometry.wireBox(w)) &&
        segmentMeets(wireCurve(geometry.wireShape(w)), start_, end_))
      cut.push_back(geometry.wire(w));
  if (view_.intents() && !cut.empty()) view_.intents()->disconnectWires(cut);
}

void CutTool::paint(QPainter& painter) {
  painter.setPen(QPen(view_.theme().error, 1.5, Qt::DashLine));
  painter.drawLine(view_.camera().toView(start_).toPoint(), view_.camera().toView(end_).toPoint());
}

}  // namespace fw::ui
