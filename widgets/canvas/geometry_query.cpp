// What lies under a point or in an area, and the preview of a drag.
#include <set>

#include "widgets/canvas/geometry.h"

namespace fw::ui {

void CanvasGeometry::collect(const Box& area, IndexSet& items, IndexSet& wires) const {
  index_.collect(area.grown(2 * chipRadius), items);  // ports and chips stand out of their boxes
  wireIndex_.collect(area, wires);
}

QRectF CanvasGeometry::noteArea(int n) const {
  return noteBox(n).moved(origin(noteParent(n), note(n).lane) * -1).toRect();
}

// Only a note's title and its lower right corner are met: what lies inside stays in reach, the void too.
Hit CanvasGeometry::noteAt(int frame, Vec p) const {
  constexpr float kCorner = 14;
  for (int n = noteCount() - 1; n >= 0; --n) {
    const Box& box = noteBox(n);
    if (noteParent(n) != frame || !box.contains(p)) continue;
    if (p.x > box.right - kCorner && p.y > box.bottom - kCorner) return {HitKind::NoteCorner, -1, n};
    if (p.y < box.top + noteTitle) return {HitKind::Note, -1, n};
  }
  return {};
}

Hit CanvasGeometry::hit(Vec p, float portReach, float wireReach) const {
  std::vector<int> found;
  index_.query(Box::around(p, 0, 0).grown(std::max(portReach, chipRadius)),
               [&](size_t slot) { found.push_back(int(slot)); });
  std::sort(found.rbegin(), found.rend());

  Hit nearest;
  float distanceToPort = portReach;
  for (const int slot : found) {
    if (shape(slot) == ItemShape::Dot) continue;
    // The middle of a join is the join, which can be moved, however far the ports reach; a wire's end finds them all.
    const float reach = shape(slot) == ItemShape::Join && portReach < 2 * joinRadius ? joinRadius / 2 : portReach;
    for (int port = 0; port < int(item(slot).ports.size()); ++port) {
      const float away = (this->port(slot, port) - p).length();
      if (away < std::min(distanceToPort, reach)) nearest = {HitKind::Port, slot, port}, distanceToPort = away;
    }
  }
  if (nearest.slot >= 0) return nearest;

  const auto wireOf = [&](int container) {
    Hit hit;
    float nearestWire = wireReach;
    const auto [first, last] = wiresIn(container);
    wireIndex_.query(Box::around(p, 0, 0).grown(wireReach), [&](size_t w) {
      if (int(w) < first || int(w) >= last) return;
      const float away = distance(wireCurve(wireShape(int(w))), p);
      if (away < nearestWire) hit = {HitKind::Wire, -1, -1, int(w)}, nearestWire = away;
    });
    return hit;
  };

  for (const int slot : found) {
    const CanvasItem& item = this->item(slot);
    if (isTerminal(slot)) continue;
    for (int c = 0; c < int(item.chips.size()); ++c)
      if ((chip(slot, c) - p).length() <= chipRadius) return {HitKind::Chip, slot, c};
    if (!box(slot).contains(p)) continue;
    const FrameLayout* layout = frame(slot);
    if (!layout) return {HitKind::Node, slot};
    if (layout->chevron.contains(p)) return {HitKind::Chevron, slot};
    for (int c = 0; c < int(item.frame->cells.size()); ++c)
      if (layout->cell(c).contains(p)) return {HitKind::Cell, slot, c};
    if (p.y < box(slot).top + layout->header) return {HitKind::Header, slot};
    if (const Hit hit = wireOf(slot); hit.wire >= 0) return hit;
    if (const Hit hit = noteAt(slot, p); hit.index >= 0) return hit;
    for (int l = 0; l < int(layout->lanes.size()); ++l)
      if (layout->lanes[size_t(l)].contains(p)) return {HitKind::Lane, slot, l};
    return {HitKind::Header, slot};
  }
  const Hit wire = wireOf(-1);
  return wire.wire >= 0 ? wire : noteAt(-1, p);
}

std::vector<int> CanvasGeometry::within(const Box& area, int container) const {
  std::vector<int> found;
  index_.query(area, [&](size_t slot) {
    const int s = int(slot);
    if (isTerminal(s) || (container >= 0 && !isInside(s, container))) return;
    if (shape(s) == ItemShape::Frame && !area.contains(box(s))) return;
    found.push_back(s);
  });
  std::sort(found.begin(), found.end());
  int insideUntil = -1;
  std::erase_if(found, [&](int slot) {
    if (slot < insideUntil) return true;
    if (shape(slot) == ItemShape::Frame) insideUntil = end(slot);
    return false;
  });
  return found;
}

CanvasPlace CanvasGeometry::placeAt(Vec p) const {
  int container = -1, lane = 0;
  index_.query(Box::around(p, 0, 0), [&](size_t slot) {
    const FrameLayout* layout = frame(int(slot));
    if (!layout || int(slot) < container) return;
    for (size_t l = 0; l < layout->lanes.size(); ++l)
      if (layout->lanes[l].contains(p)) container = int(slot), lane = int(l);
  });
  return {container < 0 ? 0 : item(container).id, lane, (p - origin(container, lane)).toPoint()};
}

Vec CanvasGeometry::toScene(const CanvasPlace& place) const {
  const int slot = slotOf(place.container);
  if (slot < 0 || !frame(slot) || size_t(place.lane) >= frame(slot)->origins.size()) return Vec(place.position);
  return Vec(place.position) + origin(slot, place.lane);
}

QPointF CanvasGeometry::position(int slot) const {
  return (anchors_[size_t(slot)] - origin(parent(slot), lane(slot))).toPoint();
}

Box CanvasGeometry::move(const std::vector<int>& picked, Vec by, bool growsFrames) {
  Box dirty;
  std::set<int> lanesTouched;  // by frame; -1: the root
  std::set<int> wiresTouched;
  for (const int top : picked) {
    lanesTouched.insert(parent(top));
    for (int slot = top; slot < end(top); ++slot) {
      dirty.include(box(slot));
      setBox(slot, box(slot).moved(by));
      dirty.include(box(slot));
      anchors_[size_t(slot)] += by;
      if (frame(slot)) frames_[size_t(frameOf_[size_t(slot)])].moveBy(by);
      for (const int w : wiresAt(slot)) {
        WireEntry& wire = wires_[size_t(w)];
        if (wire.container < top) {
          wiresTouched.insert(w);
        } else if (wire.from == slot) {  // all of it moves along
          WireShape& shape = wire.shape;
          shape.start += by, shape.end += by;
          if (shape.detour) *shape.detour += shape.flow == Flow::Down ? by.x : by.y;
          wireIndex_.update(size_t(w), wireBounds(w));
        }
      }
    }
  }

  for (NoteEntry& entry : notes_)
    for (const int top : picked)
      if (entry.parent >= top && entry.parent < end(top)) entry.box = entry.box.moved(by);

  // Frames around what moved grow to hold it; they shrink when the document answers with a new scene.
  for (const int top : growsFrames ? picked : std::vector<int>()) {
    Box need = box(top).grown(20, 20);
    for (int slot = parent(top), l = lane(top); slot >= 0; l = lane(slot), slot = parent(slot)) {
      FrameLayout& layout = frames_[size_t(frameOf_[size_t(slot)])];
      const Box old = box(slot);
      Box grown = old;
      need.top -= layout.header + layout.laneLabel;
      grown.include(need);
      if (grown == old) break;
      for (size_t each = 0; each < layout.lanes.size(); ++each) {
        Box& other = layout.lanes[each];
        if (laneFlow(slot) == Flow::Down || each == size_t(l))
          other.top += grown.top - old.top, other.bottom += grown.bottom - old.bottom;
        if (laneFlow(slot) == Flow::Right || each == size_t(l))
          other.left += grown.left - old.left, other.right += grown.right - old.right;
      }
      layout.chevron = layout.chevron.moved({grown.left - old.left, grown.top - old.top});
      layout.titleLeft += grown.left - old.left, layout.patternLeft += grown.left - old.left;
      // A strip beside the title keeps to the right.
      const bool isBeside = layout.firstCell.y < old.top + headerHeight - 10;
      layout.firstCell += Vec(isBeside ? grown.right - old.right : grown.left - old.left, grown.top - old.top);
      setBox(slot, grown);
      dirty.include(grown);
      lanesTouched.insert(slot), lanesTouched.insert(parent(slot));
      for (const int w : wiresAt(slot)) wiresTouched.insert(w);
      need = grown.grown(20, 20);
    }
  }

  for (const int w : wiresTouched) dirty.include(wireIndex_.box(size_t(w)));
  for (const int frame : lanesTouched) {
    const auto [first, last] = wiresIn(frame);
    if (last - first > 512) continue;  // only the wires at what moved follow
    for (int w = first; w < last; ++w) wiresTouched.insert(w);
    if (frame >= 0 && item(frame).frame->hasSkip) dirty.include(box(frame));
    if (frame < 0)
      routeLane(-1, 0);
    else
      forEachLane(frame, [&](int l, Vec start, Vec end) { placeTerminals(frame, l, start, end), routeLane(frame, l); });
  }
  for (const int w : wiresTouched) {
    WireEntry& wire = wires_[size_t(w)];
    const auto [first, last] = wiresIn(wire.container);
    if (last - first > 512 || !isInLane(wire)) wire.shape = plainShape(wire);
    if (const Box box = wireBounds(w); !(box == wireIndex_.box(size_t(w)))) {
      dirty.include(wireIndex_.box(size_t(w)));
      wireIndex_.update(size_t(w), box);
      dirty.include(box);
    }
  }
  for (const int slot : picked) bounds_.include(box(slot));
  return dirty.grown(2 * chipRadius);
}

}  // namespace fw::ui
