// Layers that differ from the rest of their stack, as config.json says it: `per_layer_config` (transformers from 5.14),
// `block_configs` (Megatron-Core, Nemotron) or the lists of LLM-Drop.
#pragma once

#include <map>
#include <string>

#include "engine/families/family.h"

namespace fw {

/// What stands before the `model_type` of a family in a folder whose layers differ: "formwright_llama".
inline constexpr const char* kLayeredType = "formwright_";

/// The family's model with what its layers have of their own as overrides of the Repeat. A value such as
/// `intermediate_size` of one layer is what the family makes of a config.json with that value; "attention" and "mlp"
/// that are skipped are residual sums that are muted. Throws Code::File for a layer that there is none of, a value that
/// a layer cannot have of its own, and a sublayer that the family cannot skip.
FamilyModel readModel(const FamilyDef& family, const ModelConfig& config, const Catalog& catalog);

/// A config.json with the family's own `model_type`.
Json withFamilyType(Json config);

/// The only Repeat of the root, or nullptr.
const Node* onlyRepeat(const Architecture& architecture, const Catalog& catalog);

/// The residual sum that ends the sublayer of the node named `part` in a layer's body; 0: there is none.
NodeId sublayerSum(const Graph& body, const std::string& part);

/// The width that `block_configs` means by `ffn_mult`: 2 mult width / 3 rounded down, then up to a multiple of 256.
int64_t widthOfMultiplier(double multiplier, int64_t width);

}  // namespace fw
