// Cycles of a graph.
#pragma once

#include <vector>

#include "engine/arch/architecture.h"

namespace fw {

/// The groups of nodes that feed each other (strongly connected components with a cycle), each sorted by id.
std::vector<std::vector<NodeId>> findCycles(const Graph& graph);

}  // namespace fw
