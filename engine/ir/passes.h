// Rewrites that keep the meaning: each takes a graph and returns a new one.
#pragma once

#include <functional>

#include "engine/ir/graph.h"

namespace fw::ir {

/// Drops nodes that no output needs, probes of dropped nodes, and, with `dropParameters`, parameters that nobody reads.
Graph withoutDeadNodes(const Graph& graph, bool dropParameters = true);

/// Equal calls with equal inputs become one. Every op is a pure function, the random ones of their seed and stream.
Graph withoutDuplicates(const Graph& graph);

/// A scan whose results a later scan also returns (a gradient's, which keeps its carries) is replaced by the later one.
Graph withMergedScans(const Graph& graph);

/// Probes for which `isWanted` holds become outputs "probe/<name>".
Graph withProbes(const Graph& graph, const std::function<bool(const ProbeInfo&)>& isWanted);

}  // namespace fw::ir
