// Turning a stack into a Y: the layers from one on become a branch for each modality. (Li et al., UniFork, 2025.)
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/arch/editor.h"
#include "engine/workbench/workbench.h"

namespace fw {

/// Replaces the layers from `layer` (in the unrolled stack) to the end of its Repeat by a Fork whose branches each hold
/// a copy of them; returns the Fork. Throws Code::Usage for a layer that there is not and for a Repeat with other ports
/// than one input and one output, and what the Editor throws.
NodeId forkAt(Editor& editor, const std::vector<LayerInfo>& layers, int64_t layer,
              const std::vector<std::string>& branches);

/// The weights for what forkAt() made of a model: each branch begins with those that its layers had.
std::map<std::string, Tensor> weightsAfterFork(const std::map<std::string, Tensor>& weights,
                                               const std::vector<LayerInfo>& before, int64_t layer,
                                               const Architecture& after);

}  // namespace fw
