// What makes a graph faster before it is planned.
#pragma once

#include "engine/ir/graph.h"

namespace fw {

/// Chains of elementwise ops become one `fused_elementwise` each: what lies between them never reaches memory.
ir::Graph withFusedElementwise(const ir::Graph& graph);

/// Products take the activation or the sum that follows them, norms the sum before them (`add_layer_norm`), gradients
/// of norms the sum after them (their carry).
ir::Graph withFusedNeighbours(const ir::Graph& graph);

/// Products of one left or one right side become one (`matmul_group`).
ir::Graph withFusedProducts(const ir::Graph& graph);

/// Steps of the optimiser on single tensors become one on all (`fused_adamw`).
ir::Graph withFusedOptimizer(const ir::Graph& graph);

/// Dead nodes and duplicates dropped, scans merged, neighbours, products, elementwise chains and the optimiser's steps
/// fused;
/// inside the bodies of scans too. Verified after each pass in debug builds. Parameters, inputs, outputs and probes
/// that reach an output stay.
ir::Graph optimized(const ir::Graph& graph);

}  // namespace fw
