// Turning a model into a mixture of hidden dimensions: the edit, and the weights it begins with. (Chen et al., Mixture
// of Hidden-Dimensions Transformer, 2024.)
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/arch/editor.h"
#include "engine/workbench/workbench.h"

namespace fw {

/// How the width of the stream is used.
struct HiddenMixture {
  int64_t parts = 16, active = 8, shared = 6;
};

/// Half of the parts active; shared as many as the analysis "sparsity" found dimensions active for most tokens. Nothing
/// where the model has no branch that may be wrapped, is such a mixture already, or the width has no even parts.
std::optional<HiddenMixture> proposedMixture(const Architecture& architecture, const AnalysisResult& sparsity);

/// A router before and a fusion behind every attention and MLP that feeds a residual. Throws Code::Usage where there is
/// none.
void mixHiddenDimensions(Editor& editor, const HiddenMixture& mixture);

/// The weights, and starting values for those that only `after` has.
std::map<std::string, Tensor> weightsAfterMixing(const std::map<std::string, Tensor>& weights,
                                                 const Architecture& after, uint64_t seed);

}  // namespace fw
