// What the dense Qwen models have in common.
#pragma once

#include "engine/families/decoder.h"

namespace fw {

/// Llama's layers with this attention and these biases on it; layers from `max_window_layers` on may have a sliding
/// window.
FamilyModel qwen(const ModelConfig& config, const Catalog& catalog, const Params& attention, const std::string& bias);

}  // namespace fw
