// The curves of wires: a single Bezier curve from port to port, or a detour beside what lies between.
#pragma once

#include <array>
#include <optional>

#include "widgets/canvas/box.h"
#include "widgets/canvas/scene.h"

namespace fw::ui {

/// A wire from its ends; the curve follows. Directions are unit vectors along an axis, away from the port.
struct WireShape {
  Vec start, end;
  Vec startOut, endOut;         // where the wire leaves its start, and where it comes from at its end
  std::optional<float> detour;  // the coordinate across the flow at which it passes by
  Flow flow = Flow::Down;
  WireStyle style = WireStyle::Curved;

  bool operator==(const WireShape&) const = default;
};

/// Bezier control points: the first point, then three for each curve.
struct WireCurve {
  std::array<Vec, 10> points;
  int count = 4;  // 4 or 10

  Box bounds() const;  // of the control points, which holds the curve
  Vec at(int curve, float t) const;
  int curves() const { return (count - 1) / 3; }
};

WireCurve wireCurve(const WireShape& shape);

/// Lines that stay within `tolerance` of the curve when both are scaled by `scale`; calls `visit(Vec)` for each point
/// but the first.
template <class Visit>
void flatten(const WireCurve& curve, float scale, float tolerance, Visit visit) {
  for (int c = 0; c < curve.curves(); ++c) {
    const Vec* p = &curve.points[size_t(c) * 3];
    const Vec bend1 = p[0] - p[1] * 2 + p[2], bend2 = p[1] - p[2] * 2 + p[3];
    const float bend = std::max(bend1.length(), bend2.length()) * scale;
    const int steps = std::clamp(int(std::ceil(std::sqrt(0.75f * bend / tolerance))), 1, 128);
    for (int i = 1; i < steps; ++i) visit(curve.at(c, float(i) / float(steps)));
    visit(p[3]);
  }
}

/// Distance from `p` to the curve.
float distance(const WireCurve& curve, Vec p);

/// Whether the line from `a` to `b` touches `box`.
bool segmentCrosses(Vec a, Vec b, const Box& box);

/// Whether the line from `a` to `b` meets the curve.
bool segmentMeets(const WireCurve& curve, Vec a, Vec b);

/// Whether the curve passes through `box`.
bool crosses(const WireCurve& curve, const Box& box);

}  // namespace fw::ui
