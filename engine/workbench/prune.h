// Cutting units of MLPs that never fire: the edit, and the weights that are left. (Li et al., The Lazy Neuron
// Phenomenon, 2023.)
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/arch/editor.h"
#include "engine/workbench/workbench.h"

namespace fw {

/// Units of one layer's MLP.
struct DeadUnits {
  int64_t layer = 0;           // in the unrolled stack
  std::string node;            // of the MLP in the layer's body: "mlp"
  std::vector<int64_t> units;  // sorted
};

/// What a result of the analysis "sparsity" found dead, in MLPs of the block library whose hidden width may be set.
std::vector<DeadUnits> deadUnits(const Architecture& architecture, const std::vector<LayerInfo>& layers,
                                 const AnalysisResult& sparsity);

/// Narrows the MLPs of those layers; one unit is always left. Throws what the Editor throws.
void prune(Editor& editor, const std::vector<LayerInfo>& layers, const std::vector<DeadUnits>& dead);

/// The weights without these units: rows of gate and up, columns of down. Throws Code::Data where a layer has no such
/// weights of its own (shared or made by a weight policy).
std::map<std::string, Tensor> prunedWeights(const std::map<std::string, Tensor>& weights,
                                            const std::vector<LayerInfo>& layers, const std::vector<DeadUnits>& dead);

}  // namespace fw
