// Paints a laid-out scene into an image: less of it the farther away it is, so that a frame costs about the same at any
// zoom.
#pragma once

#include <functional>

#include "widgets/canvas/camera.h"
#include "widgets/canvas/geometry.h"
#include "widgets/canvas/inks.h"
#include "widgets/canvas/label_cache.h"

class QImage;
class QPainter;

namespace fw::ui {

/// What is drawn at which zoom: texts from 0.35 on, ports from 0.2, rounded cards from 0.1, flat boxes below.
enum class Detail : uint8_t { Flat, Cards, Ports, Full };
Detail detailAt(float zoom);

/// What the view adds to the scene.
struct CanvasMarks {
  std::vector<bool> isSelected;  // by slot
  std::vector<int> wires;        // selected
  ItemId note = 0;               // selected
  int hiddenWire = -1;           // its end is being dragged
  Hit hover;
  std::vector<int> path;                                 // of the wire under the mouse: the pieces between its dots
  int dropFrame = -1, dropLane = 0;                      // where a dragged block would fall
  std::function<bool(int slot, int port)> isPortDimmed;  // while a wire is dragged; may be empty
};

class ScenePainter {
 public:
  ScenePainter(const Theme& theme, const FontMetrics& metrics) : inks_(theme), metrics_(&metrics), labels_(metrics) {}

  /// Paints `area` of `target` (Format_RGB32). `camera` leads to pixels, of which the screen has `ratio` for each unit.
  void paint(QImage& target, const QRect& area, const Camera& camera, float ratio, const CanvasGeometry& geometry,
             const CanvasMarks& marks);
  const Inks& inks() const { return inks_; }

 private:
  Inks inks_;
  const FontMetrics* metrics_;
  LabelCache labels_;
  IndexSet items_, wires_;  // what the area shows; kept to spare allocations
};

}  // namespace fw::ui
