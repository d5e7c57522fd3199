// Where ports lie and how wires run: straight on, into the side of a join, or beside what is in their way.
#include "widgets/canvas/geometry.h"

namespace fw::ui {
namespace {

constexpr float detourGap = 28;        // between a wire that passes by and what it passes
constexpr float detourPitch = 14;      // between two that pass by the same
constexpr float alignedWithin = 40;    // ends that lie this close across the flow count as one above the other
constexpr float widestCorridor = 240;  // wires that run more aside keep their curve, and so do those
constexpr int mostObstacles = 6;       // that would have to pass more than these in a large lane
constexpr size_t smallLane = 128;      // items that are searched one by one

// Swaps the axes for a flow to the right, so that x is always across the flow and y along it.
Vec turned(Vec p, Flow flow) { return flow == Flow::Down ? p : Vec(p.y, p.x); }
Box turned(const Box& b, Flow flow) { return flow == Flow::Down ? b : Box(b.top, b.left, b.bottom, b.right); }

// Places for inputs around a join, in flow units: at its left side, its head, its right side, and between those.
Vec joinPlace(int index) {
  static const Vec places[] = {
      {-1, 0}, {0, -1}, {1, 0}, {-0.7071f, -0.7071f}, {0.7071f, -0.7071f}, {-0.7071f, 0.7071f}, {0.7071f, 0.7071f}};
  return places[size_t(index) % std::size(places)];
}
constexpr int joinHead = 1;

// Keeps `value` where it lies in the middle half of the range, and takes the middle otherwise.
float nearMiddle(float value, float low, float high) {
  const float middle = (low + high) / 2;
  return std::abs(value - middle) <= (high - low) / 4 ? value : middle;
}

}  // namespace

struct CanvasGeometry::Detour {
  int wire = -1;
  Box obstacles;         // in flow units
  bool isRight = false;  // on the side of larger coordinates
};

void CanvasGeometry::setBox(int slot, const Box& box) {
  if (work_.empty())
    index_.update(size_t(slot), box);
  else
    work_[size_t(slot)] = box;
}

Vec CanvasGeometry::port(int slot, int port) const {
  const CanvasItem& item = this->item(slot);
  const Box& box = now(slot);
  if (isTerminal(slot) || shape(slot) == ItemShape::Dot || port < 0 || size_t(port) >= item.ports.size())
    return box.center();
  const Flow flow = this->flow(slot);
  const Box turn = turned(box, flow);
  const PortSide side = item.ports[size_t(port)].side;
  const float along = side == PortSide::In ? turn.top : turn.bottom;
  float across = turn.center().x;
  if (shape(slot) == ItemShape::Join && side == PortSide::In)
    return box.center() + turned(joinPort(slot, port) * joinRadius, flow);
  if (shape(slot) == ItemShape::Join) return turned(Vec(across, along), flow);

  // The ports that must be wired stand around the middle, the optional ones behind them, so that a stream runs
  // straight.
  int needed = 0, optional = 0, before = 0;
  const bool isOptional = item.ports[size_t(port)].isOptional;
  for (size_t p = 0; p < item.ports.size(); ++p) {
    if (item.ports[p].side != side) continue;
    ++(item.ports[p].isOptional ? optional : needed);
    before += int(p) < port && item.ports[p].isOptional == isOptional;
  }
  if (shape(slot) == ItemShape::Frame)
    across = nearMiddle(turned(anchors_[size_t(slot)], flow).x, turn.left, turn.right);
  const float half = float(std::max(needed, 1) - 1) / 2;
  const float room = turn.width() / 2 - 12, steps = half + float(optional);
  const float pitch = steps * 40 > room ? room / steps : 40;
  const float place = isOptional ? half + float(before + (needed > 0)) : float(before) - half;
  return turned(Vec(across + place * pitch, along), flow);
}

// The inputs of a join lie around it, each in a place of its own: where routing put them, or the first at its side and
// the second at its head.
Vec CanvasGeometry::joinPort(int join, int port) const {
  const auto found = joinPorts_.find(join);
  if (found != joinPorts_.end()) return found->second[size_t(port)];
  int before = 0;
  for (int p = 0; p < port; ++p) before += item(join).ports[size_t(p)].side == PortSide::In;
  return joinPlace(before);
}

Vec CanvasGeometry::portOut(int slot, int port) const {
  const CanvasItem& item = this->item(slot);
  const bool isInput = port >= 0 && size_t(port) < item.ports.size() && item.ports[size_t(port)].side == PortSide::In;
  if (isInput && shape(slot) == ItemShape::Join) return turned(joinPort(slot, port), flow(slot));
  return turned(Vec(0, isInput ? -1.0f : 1.0f), flow(slot));
}

Vec CanvasGeometry::chip(int slot, int chip) const {
  const Box& box = this->box(slot);
  return {box.right - 12 - 18 * float(chip), box.top};
}

WireShape CanvasGeometry::plainShape(const WireEntry& wire) const {
  return {port(wire.from, wire.wire->from.port),
          port(wire.to, wire.wire->to.port),
          portOut(wire.from, wire.wire->from.port),
          portOut(wire.to, wire.wire->to.port),
          {},
          laneFlow(wire.container),
          scene_->wireStyle};
}

// Terminals lie on the lane's edge, in line with what they are wired to.
void CanvasGeometry::placeTerminals(int frame, int lane, Vec start, Vec end) {
  const Flow flow = laneFlow(frame);
  for (const ItemShape kind : {ItemShape::Entry, ItemShape::Exit}) {
    const Vec edge = turned(kind == ItemShape::Entry ? start : end, flow);
    std::vector<std::pair<float, int>> found;
    for (const int slot : children_[inside(frame)]) {
      if (shape(slot) != kind || this->lane(slot) != lane) continue;
      float across = edge.x;
      bool isAligned = false;
      for (const int w : wiresAt(slot)) {
        const WireEntry& wire = wires_[size_t(w)];
        const int other = wire.from == slot ? wire.to : wire.from;
        if (isTerminal(other) || !isInLane(wire) || isAligned) continue;
        across = shape(other) == ItemShape::Join
                     ? turned(now(other).center(), flow).x
                     : turned(port(other, wire.from == slot ? wire.wire->to.port : wire.wire->from.port), flow).x;
        isAligned = shape(other) != ItemShape::Join || kind == ItemShape::Exit;
      }
      found.push_back({across, slot});
    }
    std::stable_sort(found.begin(), found.end(), [](auto& a, auto& b) { return a.first < b.first; });
    for (size_t i = 1; i < found.size(); ++i) found[i].first = std::max(found[i].first, found[i - 1].first + 24);
    for (const auto& [across, slot] : found) {
      const Vec center = turned(Vec(across, edge.y), flow);
      setBox(slot, Box::around(center, 2 * portRadius, 2 * portRadius));
      anchors_[size_t(slot)] = center;
    }
  }
}

// What lies between the ends of a wire, in its lane.
std::optional<Box> CanvasGeometry::obstacles(const WireEntry& wire) const {
  if (shape(wire.from) == ItemShape::Dot || shape(wire.to) == ItemShape::Dot) return {};  // it runs as it was led
  const Flow flow = laneFlow(wire.container);
  const Vec a = turned(wire.shape.start, flow), b = turned(wire.shape.end, flow);
  if (b.y - a.y < 24 || std::abs(b.x - a.x) > widestCorridor) return {};
  Box all;
  int found = 0;
  const auto look = [&](int slot) {
    if (slot == wire.from || slot == wire.to || isTerminal(slot) || shape(slot) == ItemShape::Dot ||
        parent(slot) != wire.container || lane(slot) != lane(wire.from))
      return;
    const Box box = turned(now(slot), flow);
    if (segmentCrosses(a, b, box.grown(-2))) all.include(box), ++found;
  };
  const std::vector<int>& siblings = children_[inside(wire.container)];
  if (siblings.size() <= smallLane) {
    for (const int slot : siblings) look(slot);
  } else if (work_.empty()) {
    index_.query(turned(Box(std::min(a.x, b.x), a.y, std::max(a.x, b.x), b.y), flow),
                 [&](size_t slot) { look(int(slot)); });
  }
  if (found == 0 || (found > mostObstacles && siblings.size() > smallLane)) return {};
  return all;
}

void CanvasGeometry::routeLane(int frame, int lane) {
  std::vector<Detour> detours;
  std::vector<int> joins;
  const auto [first, last] = wiresIn(frame);
  for (int w = first; w < last; ++w) {
    WireEntry& wire = wires_[size_t(w)];
    if (!isInLane(wire) || this->lane(wire.from) != lane) continue;
    wire.shape = plainShape(wire);
    if (shape(wire.to) == ItemShape::Join)
      joins.push_back(wire.to);
    else if (const auto box = obstacles(wire))
      detours.push_back({w, *box, false});
  }
  std::sort(joins.begin(), joins.end());
  joins.erase(std::unique(joins.begin(), joins.end()), joins.end());
  for (const int join : joins) routeJoin(join, detours);
  spread(detours, laneFlow(frame));
  if (frame >= 0 && item(frame).frame->hasSkip && lane == 0) routeSkip(frame, lane);
}

// Of the wires into a join the nearest one from straight ahead enters at its head, the others at its sides; inputs
// without a wire take the places that are left.
void CanvasGeometry::routeJoin(int join, std::vector<Detour>& detours) {
  const Flow flow = this->flow(join);
  const Vec center = now(join).center(), middle = turned(center, flow);
  struct Input {
    int wire;
    std::optional<Box> obstacles;
    Vec start;
  };
  std::vector<Input> inputs;
  int head = -1;
  for (const int w : wiresAt(join)) {
    const WireEntry& wire = wires_[size_t(w)];
    if (wire.to != join || !isInLane(wire)) continue;
    inputs.push_back({w, obstacles(wire), turned(wire.shape.start, flow)});
    const Input& input = inputs.back();
    const bool isAhead = !input.obstacles && std::abs(input.start.x - middle.x) <= alignedWithin;
    if (isAhead && (head < 0 || input.start.y > inputs[size_t(head)].start.y)) head = int(inputs.size()) - 1;
  }
  if (inputs.size() == 1 && !inputs[0].obstacles) head = 0;

  const std::vector<CanvasPort>& ports = item(join).ports;
  std::vector<int> places(ports.size(), -1);
  const auto take = [&](size_t port, std::initializer_list<int> wanted) {
    for (const int place : wanted)
      if (std::find(places.begin(), places.end(), place) == places.end()) return void(places[port] = place);
  };
  if (head >= 0) places[size_t(wires_[size_t(inputs[size_t(head)].wire)].wire->to.port)] = joinHead;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (int(i) == head) continue;
    const Input& input = inputs[i];
    const float aside = input.start.x - middle.x;
    const size_t port = size_t(wires_[size_t(input.wire)].wire->to.port);
    if (std::abs(aside) > alignedWithin && aside > 0)
      take(port, {2, 4, 6, 0, 3, 5, 1});
    else
      take(port, {0, std::abs(aside) <= alignedWithin ? 2 : 3, 5, 3, 2, 4, 6, 1});
    if (input.obstacles || std::abs(aside) <= alignedWithin) {
      const Box box = input.obstacles.value_or(Box::around(middle, 2 * joinRadius, 2 * joinRadius));
      detours.push_back({input.wire, box, joinPlace(std::max(places[port], 0)).x > 0});
    }
  }
  for (size_t p = 0; p < ports.size(); ++p)
    if (places[p] < 0 && ports[p].side == PortSide::In) take(p, {0, 1, 2, 3, 4, 5, 6});
  std::vector<Vec>& at = joinPorts_[join];
  at.clear();
  for (const int place : places) at.push_back(joinPlace(std::max(place, 0)));
  for (const Input& input : inputs) {
    WireEntry& wire = wires_[size_t(input.wire)];
    wire.shape.end = port(join, wire.wire->to.port);
    wire.shape.endOut = portOut(join, wire.wire->to.port);
  }
}

// Gives each detour a coordinate of its own where several run side by side; the shortest ones run closest.
void CanvasGeometry::spread(std::vector<Detour>& detours, Flow flow) {
  struct Placed {
    float across, low, high;
    bool isRight;
  };
  std::vector<Placed> placed;
  const auto low = [&](const Detour& d) { return turned(wires_[size_t(d.wire)].shape.start, flow).y; };
  const auto high = [&](const Detour& d) { return turned(wires_[size_t(d.wire)].shape.end, flow).y; };
  std::stable_sort(detours.begin(), detours.end(),
                   [&](const Detour& a, const Detour& b) { return high(a) - low(a) < high(b) - low(b); });
  for (const Detour& detour : detours) {
    WireShape& shape = wires_[size_t(detour.wire)].shape;
    const float ends[] = {turned(shape.start, flow).x, turned(shape.end, flow).x};
    float across = detour.isRight ? std::max({detour.obstacles.right, ends[0], ends[1]}) + detourGap
                                  : std::min({detour.obstacles.left, ends[0], ends[1]}) - detourGap;
    const float from = low(detour) + 1, to = high(detour) - 1;
    bool isFree = detours.size() > 512;  // so many that they cannot be told apart anyway
    while (!isFree) {
      isFree = true;
      for (const Placed& other : placed) {
        if (other.isRight != detour.isRight || other.high < from || other.low > to) continue;
        if (std::abs(other.across - across) >= detourPitch - 1) continue;
        across = other.across + (detour.isRight ? detourPitch : -detourPitch);
        isFree = false;
      }
    }
    placed.push_back({across, from, to, detour.isRight});
    shape.detour = across;
    shape.flow = flow;
  }
}

// The line around the inside of a residual, and the join at its end.
void CanvasGeometry::routeSkip(int frame, int lane) {
  const Flow flow = laneFlow(frame);
  std::optional<Vec> entry, exit;
  Box content;
  for (const int slot : children_[inside(frame)]) {
    if (this->lane(slot) != lane) continue;
    if (shape(slot) == ItemShape::Entry && !entry)
      entry = turned(now(slot).center(), flow);
    else if (shape(slot) == ItemShape::Exit && !exit)
      exit = turned(now(slot).center(), flow);
    else if (!isTerminal(slot))
      content.include(turned(now(slot), flow));
  }
  FrameLayout& layout = frames_[size_t(frameOf_[size_t(frame)])];
  layout.skip.reset();
  if (!entry || !exit) return;
  float across = std::min(entry->x, exit->x) - 60;
  if (!content.isEmpty()) across = std::min(across, content.left - detourGap);
  const auto [first, last] = wiresIn(frame);
  for (int w = first; w < last; ++w)
    if (wireShape(w).detour) across = std::min(across, *wireShape(w).detour - detourPitch);
  const Vec join(exit->x, exit->y - joinRadius - 8);
  layout.skipJoin = turned(join, flow);
  layout.skip = WireShape{turned(*entry, flow),
                          turned(join - Vec(joinRadius, 0), flow),
                          turned(Vec(0, 1), flow),
                          turned(Vec(-1, 0), flow),
                          across,
                          flow};
}

Box CanvasGeometry::wireBounds(int w) const { return wireCurve(wires_[size_t(w)].shape).bounds().grown(3); }

}  // namespace fw::ui
