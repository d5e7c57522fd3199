// Where everything of a scene lies: order and sizes of items, insides of frames.
#include "widgets/canvas/geometry.h"

namespace fw::ui {
namespace {

constexpr float nodeWidth = 208, widestNode = 340;
constexpr float lanePadding = 40;  // on either side of what a lane holds
constexpr float laneLead = 28;     // from a lane's edge to its first item, along the flow
constexpr float skipRoom = 40;     // for the join at the end of a residual
constexpr float laneLabelHeight = 24;
constexpr float headerPadding = 14, chevronWidth = 16, headerGap = 20;
constexpr float widestHeader = 620;  // a strip that needs more gets rows of its own
const Box emptyInside(-104, -36, 104, 36);

float roundUp(float value, float step) { return std::ceil(value / step - 1e-3f) * step; }

float cardWidth(const CanvasItem& item, const TextMetrics& metrics) {
  float text = metrics.width(item.title, CanvasText::Title);
  text = std::max(text, metrics.width(item.subtitle, CanvasText::Subtitle));
  const float bar = item.costShare >= 0 ? costBarWidth + 16 : 0;
  text = std::max(text, metrics.width(item.stats, CanvasText::Stats) + bar);
  // A row of ports needs room too.
  const auto inputs = std::count_if(item.ports.begin(), item.ports.end(),
                                    [](const CanvasPort& port) { return port.side == PortSide::In; });
  const float ports = 20.0f * float(std::max<ptrdiff_t>(inputs, ptrdiff_t(item.ports.size()) - inputs));
  return std::max(std::clamp(roundUp(text + 2 * nodePadding, 8), nodeWidth, widestNode), ports);
}

}  // namespace

NodeRows nodeRows(const TextMetrics& metrics, bool hasSubtitle, bool hasStats) {
  NodeRows rows;
  float y = 8;
  rows.title = y;
  y += metrics.height(CanvasText::Title);
  if (hasSubtitle) {
    rows.subtitle = y + 1;
    y = rows.subtitle + metrics.height(CanvasText::Subtitle);
  }
  if (hasStats) {
    rows.stats = y + 3;
    y = rows.stats + metrics.height(CanvasText::Stats);
  }
  rows.height = roundUp(y + 7, 4);
  return rows;
}

Box FrameLayout::cell(int index) const {
  const float x = firstCell.x + cellPitch * float(index % cellColumns);
  const float y = firstCell.y + cellPitch * float(index / cellColumns);
  return {x, y, x + cellSide, y + cellSide};
}

void FrameLayout::moveBy(Vec by) {
  chevron = chevron.moved(by);
  titleLeft += by.x, patternLeft += by.x;
  firstCell += by;
  for (Box& lane : lanes) lane = lane.moved(by);
  for (Vec& origin : origins) origin += by;
  if (skip) {
    skip->start += by, skip->end += by;
    *skip->detour += skip->flow == Flow::Down ? by.x : by.y;
  }
  skipJoin += by;
}

CanvasGeometry::CanvasGeometry(CanvasScenePtr scene, const TextMetrics& metrics) : scene_(std::move(scene)) {
  order();
  gatherNotes();
  gatherWires();
  measure(metrics);
  for (int slot = count() - 1; slot >= 0; --slot)
    if (frame(slot)) layFrame(slot, metrics);
  place();
}

// Walks the tree of items and gives each shown one its slot.
void CanvasGeometry::order() {
  const std::vector<CanvasItem>& items = scene_->items;
  std::unordered_map<ItemId, int> byId;
  byId.reserve(items.size());
  for (size_t i = 0; i < items.size(); ++i)
    if (items[i].id != 0) byId.try_emplace(items[i].id, int(i));

  std::vector<int> first(items.size() + 1, -1), last(items.size() + 1, -1), next(items.size(), -1);
  for (size_t i = 0; i < items.size(); ++i) {
    const auto own = byId.find(items[i].id);
    if (own == byId.end() || own->second != int(i)) continue;  // an id that is zero or taken
    size_t parent = 0;
    if (items[i].parent != 0) {
      const auto found = byId.find(items[i].parent);
      if (found == byId.end() || !items[size_t(found->second)].frame) continue;
      parent = size_t(found->second) + 1;
    }
    (last[parent] < 0 ? first[parent] : next[size_t(last[parent])]) = int(i);
    last[parent] = int(i);
  }

  struct Step {
    int item, parent;
  };
  std::vector<Step> stack;
  const auto pushChildren = [&](size_t parentIndex, int parentSlot) {
    const size_t begin = stack.size();
    for (int i = first[parentIndex]; i >= 0; i = next[size_t(i)]) stack.push_back({i, parentSlot});
    std::reverse(stack.begin() + ptrdiff_t(begin), stack.end());
  };
  const auto category = [&](const QString& name) {
    auto found = std::find(categories_.begin(), categories_.end(), name);
    if (found == categories_.end() && categories_.size() < 255) found = categories_.insert(found, name);
    return uint8_t(found == categories_.end() ? 0 : found - categories_.begin());
  };
  items_.reserve(items.size());
  slots_.reserve(items.size());
  children_.resize(1);
  pushChildren(0, -1);
  while (!stack.empty()) {
    const Step step = stack.back();
    stack.pop_back();
    const CanvasItem& own = items[size_t(step.item)];
    const int slot = count();
    items_.push_back(&own);
    parents_.push_back(step.parent);
    // A terminal outside of frames has no edge to lie on.
    const bool isFree = step.parent < 0 && (own.shape == ItemShape::Entry || own.shape == ItemShape::Exit);
    shapes_.push_back(own.frame                                 ? ItemShape::Frame
                      : isFree || own.shape == ItemShape::Frame ? ItemShape::Node
                                                                : own.shape);
    const int lanes = step.parent < 0 ? 1 : std::max(1, int(item(step.parent).frame->lanes.size()));
    looks_.push_back(
        {own.heat.isValid() ? own.heat.rgb() | 0xff000000u : 0, category(own.category), own.state, own.isMuted});
    lanes_.push_back(std::clamp(own.lane, 0, lanes - 1));
    frameOf_.push_back(-1);
    slots_.emplace(own.id, slot);
    children_[inside(step.parent)].push_back(slot);
    if (own.frame) {
      frameOf_.back() = int(frames_.size());
      frames_.emplace_back();
      children_.emplace_back();
      if (!own.frame->isCollapsed) pushChildren(size_t(step.item) + 1, slot);
    }
  }
  ends_.resize(items_.size());
  for (int slot = count() - 1; slot >= 0; --slot) {
    const auto& children = children_[inside(slot)];
    ends_[size_t(slot)] = frame(slot) && !children.empty() ? ends_[size_t(children.back())] : slot + 1;
  }
}

// Keeps the notes that are shown, in the units of their lanes at first.
void CanvasGeometry::gatherNotes() {
  for (const CanvasNote& note : scene_->notes) {
    const int parent = note.parent == 0 ? -1 : slotOf(note.parent);
    if (note.parent != 0 && (parent < 0 || !frame(parent) || item(parent).frame->isCollapsed)) continue;
    notes_.push_back({&note, parent, Box(note.area)});
  }
  const auto size = [](const NoteEntry& entry) { return entry.box.width() * entry.box.height(); };
  std::stable_sort(notes_.begin(), notes_.end(),
                   [&](const NoteEntry& a, const NoteEntry& b) { return size(a) > size(b); });
}

// Keeps the wires whose ends are shown, grouped by the frame that holds both ends.
void CanvasGeometry::gatherWires() {
  for (const CanvasWire& wire : scene_->wires) {
    const int from = slotOf(wire.from.item), to = slotOf(wire.to.item);
    if (from < 0 || to < 0 || from == to) continue;
    const auto has = [](const CanvasItem& item, int port, PortSide side) {
      return port >= 0 && size_t(port) < item.ports.size() && item.ports[size_t(port)].side == side;
    };
    if (!has(item(from), wire.from.port, PortSide::Out) || !has(item(to), wire.to.port, PortSide::In)) continue;
    int container = parent(from);
    while (container >= 0 && !isInside(to, container)) container = parent(container);
    wires_.push_back({&wire, from, to, container, wire.flavor, wire.state, {}});
  }
  std::stable_sort(wires_.begin(), wires_.end(),
                   [](const WireEntry& a, const WireEntry& b) { return a.container < b.container; });
  wireRanges_.assign(children_.size(), {0, 0});
  for (size_t w = 0; w < wires_.size(); ++w) {
    auto& range = wireRanges_[inside(wires_[w].container)];
    if (range.second == 0) range.first = int(w);
    range.second = int(w) + 1;
  }

  wireStarts_.assign(items_.size() + 1, 0);
  for (const WireEntry& wire : wires_) ++wireStarts_[size_t(wire.from) + 1], ++wireStarts_[size_t(wire.to) + 1];
  for (size_t s = 1; s < wireStarts_.size(); ++s) wireStarts_[s] += wireStarts_[s - 1];
  wireLists_.resize(wires_.size() * 2);
  std::vector<int> next(wireStarts_.begin(), wireStarts_.end() - 1);
  for (size_t w = 0; w < wires_.size(); ++w) {
    wireLists_[size_t(next[size_t(wires_[w].from)]++)] = int(w);
    wireLists_[size_t(next[size_t(wires_[w].to)]++)] = int(w);
  }
}

// Boxes of all but frames, in units of their lanes.
void CanvasGeometry::measure(const TextMetrics& metrics) {
  work_.resize(items_.size());
  anchors_.resize(items_.size());
  for (int slot = 0; slot < count(); ++slot) {
    const CanvasItem& item = this->item(slot);
    const Vec center = anchors_[size_t(slot)] = Vec(item.position);
    switch (shape(slot)) {
      case ItemShape::Join:
        work_[size_t(slot)] = Box::around(center, 2 * joinRadius, 2 * joinRadius);
        break;
      case ItemShape::Dot:
        work_[size_t(slot)] = Box::around(center, 2 * dotRadius, 2 * dotRadius);
        break;
      case ItemShape::Entry:
      case ItemShape::Exit:
      case ItemShape::Frame:
        break;
      case ItemShape::Node: {
        const bool hasStats = !item.stats.isEmpty() || item.costShare >= 0;
        float height = nodeRows(metrics, !item.subtitle.isEmpty(), hasStats).height;
        if (flow(slot) == Flow::Right) height = std::max(height, 20.0f * float((item.ports.size() + 1) / 2));
        work_[size_t(slot)] = Box::around(center, cardWidth(item, metrics), height);
      }
    }
  }
}

// The box and the parts of a frame whose children are laid out, in units of the lane that holds it.
void CanvasGeometry::layFrame(int slot, const TextMetrics& metrics) {
  const CanvasFrame& content = *item(slot).frame;
  FrameLayout& layout = frames_[size_t(frameOf_[size_t(slot)])];
  const Vec anchor = anchors_[size_t(slot)];
  const float wanted = headerWidth(slot, metrics);
  const float least = std::max(240.0f, std::min(roundUp(wanted, 8), widestHeader));

  if (content.isCollapsed || content.lanes.empty()) {
    layHeader(slot, metrics, least);
    Box& box = work_[size_t(slot)] = Box::around(anchor, least, layout.header);
    layout.moveBy({box.left, box.top});
    return;
  }

  const size_t laneCount = content.lanes.size();
  const bool isDown = content.flow == Flow::Down;
  layout.laneLabel = laneCount > 1 || !content.lanes[0].title.isEmpty() ? laneLabelHeight : 0;
  std::vector<Box> contents(laneCount);
  for (const int child : children_[inside(slot)])
    if (!isTerminal(child)) contents[size_t(lane(child))].include(work_[size_t(child)]);
  for (const NoteEntry& entry : notes_)
    if (entry.parent == slot && size_t(entry.note->lane) < laneCount)
      contents[size_t(entry.note->lane)].include(entry.box);
  const float tail = content.hasSkip ? skipRoom : laneLead;
  for (size_t l = 0; l < laneCount; ++l) {
    Box& box = contents[l];
    if (box.isEmpty()) box = emptyInside;
    const Vec start = isDown ? Vec(box.center().x, box.top - laneLead) : Vec(box.left - laneLead, box.center().y);
    const Vec end = isDown ? Vec(box.center().x, box.bottom + tail) : Vec(box.right + tail, box.center().y);
    placeTerminals(slot, int(l), start, end);
    routeLane(slot, int(l));
    Box padded = isDown ? Box(box.left - lanePadding, start.y, box.right + lanePadding, end.y)
                        : Box(start.x, box.top - lanePadding, end.x, box.bottom + lanePadding);
    const auto [first, last] = wiresIn(slot);
    for (int w = first; w < last; ++w)
      if (isInLane(wires_[size_t(w)]) && lane(wireFrom(w)) == int(l) && wireShape(w).detour)
        padded.include(wireBounds(w).grown(16, 16));
    if (isDown)
      padded.top = start.y, padded.bottom = end.y;  // detours widen a lane only
    else
      padded.left = start.x, padded.right = end.x;
    if (content.hasSkip) (isDown ? padded.left : padded.top) -= 24;
    padded.top -= layout.laneLabel;
    box = padded;
  }

  // One lane keeps the frame's units, so that its items stay put while the frame grows around them. Several share a
  // common edge, and the row of them is centred on the frame's position.
  layout.lanes.resize(laneCount);
  layout.origins.assign(laneCount, Vec());
  Box inner;
  if (laneCount == 1) {
    const float lack = std::max(0.0f, least - contents[0].width()) / 2;
    inner = layout.lanes[0] = contents[0].grown(lack, 0);
  } else {
    float total = 0, across = 0;
    for (Box& box : contents) {
      const float size =
          roundUp(isDown ? box.width() : box.height(), 2 * gridStep) - (isDown ? box.width() : box.height());
      box = isDown ? box.grown(size / 2, 0) : box.grown(0, size / 2);
      total += isDown ? box.width() : box.height();
      across = std::max(across, isDown ? box.height() : box.width());
    }
    const float lack = std::max(0.0f, least - (isDown ? total : across));
    if (isDown) {
      for (Box& box : contents) box = box.grown(lack / 2 / float(laneCount), 0);
      total += lack;
    } else {
      across += lack;
    }
    float along = -total / 2;
    for (size_t l = 0; l < laneCount; ++l) {
      const Box& box = contents[l];
      const Vec corner = isDown ? Vec(along, contents[0].top) : Vec(contents[0].left, along);
      layout.origins[l] = corner - Vec(box.left, box.top);
      layout.lanes[l] = isDown ? Box(corner.x, corner.y, corner.x + box.width(), corner.y + across)
                               : Box(corner.x, corner.y, corner.x + across, corner.y + box.height());
      inner.include(layout.lanes[l]);
      along += isDown ? box.width() : box.height();
    }
  }
  layHeader(slot, metrics, inner.width());
  const Box box(inner.left, inner.top - layout.header, inner.right, inner.bottom);
  const Vec corner(box.left, box.top);
  layout.chevron = layout.chevron.moved(corner);
  layout.titleLeft += corner.x, layout.patternLeft += corner.x;
  layout.firstCell += corner;
  layout.moveBy(anchor);
  work_[size_t(slot)] = box.moved(anchor);
}

float CanvasGeometry::headerWidth(int slot, const TextMetrics& metrics) const {
  const CanvasItem& item = this->item(slot);
  float width = headerPadding + chevronWidth + metrics.width(item.title, CanvasText::Title) + headerPadding;
  if (!item.frame->pattern.isEmpty()) width += headerGap + metrics.width(item.frame->pattern, CanvasText::Pattern);
  if (!item.frame->cells.empty()) width += headerGap + 22 * float(item.frame->cells.size());
  return width;
}

// The parts of a header whose upper left corner is the origin.
void CanvasGeometry::layHeader(int slot, const TextMetrics& metrics, float width) {
  const CanvasItem& item = this->item(slot);
  FrameLayout& layout = frames_[size_t(frameOf_[size_t(slot)])];
  layout.chevron = Box(headerPadding - 4, headerHeight / 2 - 10, headerPadding + chevronWidth, headerHeight / 2 + 10);
  layout.titleLeft = headerPadding + chevronWidth + 2;
  layout.patternLeft = layout.titleLeft + metrics.width(item.title, CanvasText::Title) + headerGap;
  layout.header = headerHeight;
  const int cells = int(item.frame->cells.size());
  if (cells == 0) return;

  layout.cellPitch = 22;
  layout.cellColumns = cells;
  if (headerWidth(slot, metrics) <= width) {
    layout.cellSide = 20;
    layout.firstCell = {width - headerPadding - 22 * float(cells) + 2, headerHeight / 2 - 10};
    return;
  }
  const float room = width - 2 * headerPadding;
  for (const float pitch : {22.0f, 18.0f, 14.0f, 11.0f}) {
    layout.cellPitch = pitch;
    if (pitch * float(cells) <= room * (pitch < 15 ? 1.0f : pitch < 20 ? 2.0f : 1.0f)) break;
  }
  layout.cellSide = layout.cellPitch - 2;
  layout.cellColumns = std::max(1, int((room + 2) / layout.cellPitch));
  const int rows = (cells + layout.cellColumns - 1) / layout.cellColumns;
  layout.firstCell = {headerPadding, headerHeight - 4};
  layout.header += float(rows) * layout.cellPitch + 4;
}

// From lane units to scene units, frames before their insides.
void CanvasGeometry::place() {
  for (int slot = 0; slot < count(); ++slot) {
    if (parent(slot) < 0) continue;
    const Vec origin = this->origin(parent(slot), lane(slot));
    work_[size_t(slot)] = work_[size_t(slot)].moved(origin);
    anchors_[size_t(slot)] += origin;
    if (frame(slot)) frames_[size_t(frameOf_[size_t(slot)])].moveBy(origin);
  }
  // Only now do terminals know the edges of lanes that were stretched to a common size.
  for (int slot = 0; slot < count(); ++slot)
    forEachLane(slot, [&](int l, Vec start, Vec end) { placeTerminals(slot, l, start, end); });
  for (NoteEntry& entry : notes_) {
    if (entry.parent >= 0) entry.box = entry.box.moved(origin(entry.parent, entry.note->lane));
    bounds_.include(entry.box);
  }
  for (const Box& box : work_) bounds_.include(box);
  index_.build(std::move(work_));
  work_.clear();

  routeLane(-1, 0);
  for (int slot = 0; slot < count(); ++slot) forEachLane(slot, [&](int l, Vec, Vec) { routeLane(slot, l); });
  for (WireEntry& wire : wires_)
    if (!isInLane(wire)) wire.shape = plainShape(wire);
  for (const WireEntry& wire : wires_) wireLength_ += double((wire.shape.end - wire.shape.start).length());
  std::vector<Box> boxes(wires_.size());
  for (size_t w = 0; w < boxes.size(); ++w) boxes[w] = wireBounds(int(w));
  wireIndex_.build(std::move(boxes));
}

int CanvasGeometry::slotOf(ItemId id) const {
  const auto found = slots_.find(id);
  return found == slots_.end() ? -1 : found->second;
}

int CanvasGeometry::depth(int slot) const {
  int depth = 0;
  for (int at = parent(slot); at >= 0; at = parent(at)) ++depth;
  return depth;
}

bool CanvasGeometry::isLaneEmpty(int frame, int lane) const {
  const std::vector<int>& children = children_[inside(frame)];
  return std::none_of(children.begin(), children.end(),
                      [&](int slot) { return this->lane(slot) == lane && !isTerminal(slot); });
}

bool CanvasGeometry::hasTwin(int terminal) const {
  const std::vector<int>& children = children_[inside(parent(terminal))];
  return std::any_of(children.begin(), children.end(), [&](int slot) {
    return slot != terminal && shape(slot) == shape(terminal) && lane(slot) == lane(terminal);
  });
}

Flow CanvasGeometry::laneFlow(int frame) const { return frame < 0 ? scene_->flow : item(frame).frame->flow; }

const FrameLayout* CanvasGeometry::frame(int slot) const {
  const int index = frameOf_[size_t(slot)];
  return index < 0 ? nullptr : &frames_[size_t(index)];
}

std::pair<int, int> CanvasGeometry::wiresIn(int frame) const { return wireRanges_[inside(frame)]; }

std::span<const int> CanvasGeometry::wiresAt(int slot) const {
  const size_t begin = size_t(wireStarts_[size_t(slot)]), end = size_t(wireStarts_[size_t(slot) + 1]);
  return {wireLists_.data() + begin, end - begin};
}

Vec CanvasGeometry::origin(int frame, int lane) const {
  return frame < 0 ? Vec() : frames_[size_t(frameOf_[size_t(frame)])].origins[size_t(lane)];
}

}  // namespace fw::ui
