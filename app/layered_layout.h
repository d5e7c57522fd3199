// A layered layout of a directed graph of any size (Sugiyama, Tagawa, Toda, Methods for visual understanding of
// hierarchical system structures, 1981): layers by longest path, fewer crossings by barycentres, places by medians.
#pragma once

#include <vector>

#include "engine/base/job.h"
#include "widgets/canvas/box.h"

namespace fw {

/// The size of a node across the flow and along it.
struct LayeredNode {
  float across = 0, along = 0;
};

/// Ends by index; a heavier edge is kept straighter. One from a node to itself has no effect.
struct LayeredEdge {
  int from = 0, to = 0;
  float weight = 1;
};

struct LayeredGaps {
  float across = 36, along = 48;  // least ones between the sizes of nodes
};

/// The middles of the nodes: x across the flow, y along it. Edges run to larger y, but for one of each cycle. Where
/// nothing else decides, nodes that come first in `nodes` lie at smaller x; parts that no edge joins lie side by side.
/// `cancel` is looked at every few milliseconds.
std::vector<ui::Vec> layeredLayout(const std::vector<LayeredNode>& nodes, const std::vector<LayeredEdge>& edges,
                                   const LayeredGaps& gaps, const CancelToken& cancel = {});

}  // namespace fw
