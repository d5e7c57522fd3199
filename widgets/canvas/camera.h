// How the scene is shown: a scale and a shift.
#pragma once

#include "widgets/canvas/box.h"

namespace fw::ui {

/// view = scene * zoom + offset.
struct Camera {
  float zoom = 1;
  Vec offset;

  bool operator==(const Camera&) const = default;
  Vec toView(Vec scene) const { return scene * zoom + offset; }
  Vec toScene(Vec view) const { return (view - offset) * (1 / zoom); }
  Box toView(const Box& b) const {
    return {b.left * zoom + offset.x, b.top * zoom + offset.y, b.right * zoom + offset.x, b.bottom * zoom + offset.y};
  }
  Box toScene(const Box& b) const {
    const Vec low = toScene(Vec(b.left, b.top)), high = toScene(Vec(b.right, b.bottom));
    return {low.x, low.y, high.x, high.y};
  }
  /// The same scene point stays under `view`.
  Camera zoomedAt(Vec view, float newZoom) const { return {newZoom, view - toScene(view) * newZoom}; }
  /// In pixels of a screen that has `ratio` of them for each unit of the view.
  Camera scaled(float ratio) const { return {zoom * ratio, offset * ratio}; }
  /// Shows all of `area` in a view of the given size, with a margin, at a zoom of at most `most`.
  static Camera framing(const Box& area, float width, float height, float margin, float most) {
    const float room = std::max(1.0f, width - 2 * margin), roomDown = std::max(1.0f, height - 2 * margin);
    const float zoom = std::min({most, room / std::max(area.width(), 1.0f), roomDown / std::max(area.height(), 1.0f)});
    return {zoom, Vec(width / 2, height / 2) - area.center() * zoom};
  }
};

}  // namespace fw::ui
