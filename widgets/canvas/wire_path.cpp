// The curves of wires: a single Bezier curve from port to port, or a detour beside what lies between.
#include "widgets/canvas/wire_path.h"

namespace fw::ui {
namespace {

// A quarter of an ellipse as a Bezier curve: the share of the radius at which its control points lie.
constexpr float quarter = 0.5523f;

// Swaps the axes, so that the detour is worked out for a downward flow only.
Vec swapped(Vec p, Flow flow) { return flow == Flow::Down ? p : Vec(p.y, p.x); }

float segmentDistance(Vec p, Vec a, Vec b) {
  const Vec d = b - a;
  const float square = d.x * d.x + d.y * d.y;
  const float t = square > 0 ? std::clamp(((p.x - a.x) * d.x + (p.y - a.y) * d.y) / square, 0.0f, 1.0f) : 0.0f;
  return (p - (a + d * t)).length();
}

// To a port that lies behind: out in a half circle, back through the gap, and in by another half circle.
WireCurve backCurve(const WireShape& shape, float ahead, float aside) {
  const Vec out = shape.startOut, side = Vec(std::abs(out.y), std::abs(out.x));
  // Where the ends lie side by side there is no gap: the way back leads around.
  const bool isAround = std::abs(aside) < 56;
  const float down = isAround ? std::max(aside, 0.0f) + 72 : aside / 2;
  const auto loop = [](float height) { return std::clamp(std::abs(height) / 2, 8.0f, 48.0f) * (4 / 3.0f); };
  WireCurve curve;
  curve.count = 10;
  auto& p = curve.points;
  p[0] = shape.start;
  p[1] = shape.start + out * loop(down);
  p[3] = shape.start + side * down;
  p[2] = p[3] + out * loop(down);
  p[6] = p[3] + out * ahead;
  p[4] = p[3] + (p[6] - p[3]) * (1 / 3.0f);
  p[5] = p[3] + (p[6] - p[3]) * (2 / 3.0f);
  p[9] = shape.end;
  p[7] = p[6] - out * loop(aside - down);
  p[8] = shape.end - out * loop(aside - down);
  return curve;
}

WireCurve plainCurve(const WireShape& shape) {
  const Vec delta = shape.end - shape.start;
  const Vec out = shape.startOut;
  const float forward = out.x * delta.x + out.y * delta.y;
  if (forward < -8 && shape.endOut == out * -1)
    return backCurve(shape, forward, std::abs(out.y) * delta.x + std::abs(out.x) * delta.y);
  // How far the curve runs straight out of a port: half the way when the other end lies ahead, a fixed loop when
  // behind.
  const auto reach = [&](Vec out, Vec towards) {
    const float ahead = out.x * towards.x + out.y * towards.y;
    const float aside = std::abs(out.x * towards.y) + std::abs(out.y * towards.x);
    if (ahead >= 0) return std::max(ahead * 0.5f, std::min(aside * 0.5f, 40.0f));
    return std::clamp(std::max(-ahead, aside) * 0.5f, 40.0f, 140.0f);
  };
  WireCurve curve;
  curve.points[0] = shape.start;
  curve.points[1] = shape.start + shape.startOut * reach(shape.startOut, delta);
  curve.points[2] = shape.end + shape.endOut * reach(shape.endOut, delta * -1);
  curve.points[3] = shape.end;
  return curve;
}

// Leaves sideways, runs parallel to the flow at `detour`, and comes back: into the side of a join, or down into a port.
WireCurve detourCurve(const WireShape& shape) {
  const Vec start = swapped(shape.start, shape.flow), end = swapped(shape.end, shape.flow);
  const Vec endOut = swapped(shape.endOut, shape.flow);
  const float column = *shape.detour;
  const float span = end.y - start.y;
  const float sign = span >= 0 ? 1.0f : -1.0f;
  const float room = std::abs(span) * 0.45f;
  const float first = sign * std::min(room, std::abs(start.x - column) * 0.42f);
  const bool endsSideways = endOut.x != 0;
  const float last = sign * std::min(room, std::abs(end.x - column) * (endsSideways ? 0.42f : 0.9f));

  WireCurve curve;
  curve.count = 10;
  auto& p = curve.points;
  p[0] = start;
  p[3] = {column, start.y + first};
  p[1] = {start.x + (column - start.x) * quarter, start.y};
  p[2] = {column, p[3].y - first * quarter};
  p[6] = {column, end.y - last};
  p[4] = p[3] + (p[6] - p[3]) * (1 / 3.0f);
  p[5] = p[3] + (p[6] - p[3]) * (2 / 3.0f);
  p[9] = end;
  p[7] = {column, p[6].y + last * quarter};
  p[8] = endsSideways ? Vec(end.x + (column - end.x) * quarter, end.y) : Vec(end.x, end.y - last * quarter);
  for (Vec& point : p) point = swapped(point, shape.flow);
  return curve;
}

/// Lines from point to point, as curves.
template <class... Points>
WireCurve polyline(Vec start, Points... others) {
  WireCurve curve;
  curve.count = 1 + 3 * int(sizeof...(others));
  curve.points[0] = start;
  size_t at = 0;
  for (const Vec next : {others...}) {
    const Vec from = curve.points[at];
    curve.points[at + 1] = from + (next - from) * (1 / 3.0f);
    curve.points[at + 2] = from + (next - from) * (2 / 3.0f);
    curve.points[at + 3] = next;
    at += 3;
  }
  return curve;
}

// Along the flow, across it and along it again; by way of the detour where there is one.
WireCurve angularCurve(const WireShape& shape) {
  const Vec start = swapped(shape.start, shape.flow), end = swapped(shape.end, shape.flow);
  const bool isSquare = shape.style == WireStyle::Square;
  const bool endsSideways = swapped(shape.endOut, shape.flow).x != 0;
  const auto back = [&](Vec p) { return swapped(p, shape.flow); };
  if (shape.detour)
    return polyline(shape.start, back({*shape.detour, start.y + (isSquare ? 0.0f : std::abs(start.x - *shape.detour))}),
                    back({*shape.detour, end.y}), shape.end);
  if (!isSquare || std::abs(start.x - end.x) < 0.5f) return polyline(shape.start, shape.end);
  if (endsSideways) return polyline(shape.start, back({start.x, end.y}), back({start.x, end.y}), shape.end);
  const float middle = (start.y + end.y) / 2;
  return polyline(shape.start, back({start.x, middle}), back({end.x, middle}), shape.end);
}

}  // namespace

Box WireCurve::bounds() const {
  Box box;
  for (int i = 0; i < count; ++i) box.include(points[size_t(i)]);
  return box;
}

Vec WireCurve::at(int curve, float t) const {
  const Vec* p = &points[size_t(curve) * 3];
  const float s = 1 - t;
  return p[0] * (s * s * s) + p[1] * (3 * s * s * t) + p[2] * (3 * s * t * t) + p[3] * (t * t * t);
}

WireCurve wireCurve(const WireShape& shape) {
  if (shape.style != WireStyle::Curved) return angularCurve(shape);
  return shape.detour ? detourCurve(shape) : plainCurve(shape);
}

float distance(const WireCurve& curve, Vec p) {
  float nearest = std::numeric_limits<float>::max();
  Vec last = curve.points[0];
  flatten(curve, 1, 0.5f, [&](Vec next) {
    nearest = std::min(nearest, segmentDistance(p, last, next));
    last = next;
  });
  return nearest;
}

bool segmentCrosses(Vec a, Vec b, const Box& box) {
  float from = 0, to = 1;  // of the line, inside the box: clipped axis by axis (Liang and Barsky)
  const auto clip = [&](float start, float delta, float low, float high) {
    if (delta == 0) return start >= low && start <= high;
    float t0 = (low - start) / delta, t1 = (high - start) / delta;
    if (t0 > t1) std::swap(t0, t1);
    from = std::max(from, t0), to = std::min(to, t1);
    return from <= to;
  };
  return clip(a.x, b.x - a.x, box.left, box.right) && clip(a.y, b.y - a.y, box.top, box.bottom);
}

bool segmentMeets(const WireCurve& curve, Vec a, Vec b) {
  const auto side = [](Vec from, Vec to, Vec p) {
    return (to.x - from.x) * (p.y - from.y) - (to.y - from.y) * (p.x - from.x);
  };
  Vec last = curve.points[0];
  bool isMet = false;
  flatten(curve, 1, 0.5f, [&](Vec next) {
    isMet = isMet || (side(a, b, last) * side(a, b, next) <= 0 && side(last, next, a) * side(last, next, b) <= 0);
    last = next;
  });
  return isMet;
}

bool crosses(const WireCurve& curve, const Box& box) {
  bool found = false;
  Vec last = curve.points[0];
  flatten(curve, 1, 0.5f, [&](Vec next) {
    found = found || segmentCrosses(last, next, box);
    last = next;
  });
  return found;
}

}  // namespace fw::ui
