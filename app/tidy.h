// Tidying up a canvas in layers: small graphs by Graphviz (Gansner et al., A technique for drawing directed graphs,
// 1993), large ones by app/layered_layout.h.
#pragma once

#include <map>
#include <set>

#include "engine/arch/architecture.h"
#include "engine/base/job.h"
#include "widgets/canvas/scene.h"
#include "widgets/canvas/text_metrics.h"

namespace fw {

/// New positions of the items of `scene`, as CanvasItem::position: every graph in layers along its flow, what is inside
/// of a frame centred on (0, 0), the root around its old centre. Where `only` names at least two items of a graph, only
/// such are laid out, around their old centre. Items of `pinned` and insides of collapsed frames stay. Only items that
/// move are in the result. Any thread; `cancel` is looked at every few milliseconds.
std::map<NodeId, Position> tidyPositions(const ui::CanvasScene& scene, const ui::TextMetrics& metrics,
                                         const std::set<NodeId>& only, const std::set<NodeId>& pinned,
                                         const CancelToken& cancel = {});

}  // namespace fw
