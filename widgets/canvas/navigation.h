// Where the arrow keys lead: along wires first, to the nearest item in that direction otherwise.
#pragma once

#include "widgets/canvas/geometry.h"

namespace fw::ui {

enum class Heading { Left, Right, Up, Down };

/// The slot to go to from `slot` (-1: none selected yet), or -1.
int neighbour(const CanvasGeometry& geometry, int slot, Heading heading);

/// `slot` and everything that feeds it, or that it feeds, in its container.
std::vector<int> alongWires(const CanvasGeometry& geometry, int slot, bool isUpstream);

}  // namespace fw::ui
