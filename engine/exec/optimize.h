// What makes a graph faster before it is planned.
#pragma once

#include "engine/ir/graph.h"

namespace fw {

/// Chains of elementwise ops become one `fused_elementwise` each: what lies between them never reaches memory.
ir::Graph withFusedElementwise(const ir::Graph& graph);

/// Dead nodes and duplicates dropped, scans merged, elementwise chains fused; inside the bodies of scans too. Verified
/// after each pass in debug builds. Parameters, inputs, outputs and probes that reach an output stay.
ir::Graph optimized(const ir::Graph& graph);

}  // namespace fw
