// The canvas for assistive technology: a tree of its blocks, frames holding theirs.
#pragma once

#include "widgets/canvas/scene.h"

namespace fw::ui {

class CanvasView;

/// Makes Qt ask here for the interface of a canvas.
void offerCanvasAccess();

/// Tells what the keyboard reached; `item` 0: nothing is selected any more.
void tellSelected(CanvasView& view, ItemId item);

}  // namespace fw::ui
