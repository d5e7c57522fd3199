// The activations that blocks offer, by name.
#pragma once

#include <string>
#include <vector>

#include "engine/ir/builder.h"

namespace fw {

/// "gelu", "gelu_tanh", "quick_gelu" (x sigmoid(1.702 x)), "relu", "silu", "squared_relu", "sigmoid", "tanh", "none".
const std::vector<std::string>& activationNames();

ir::Value activate(const std::string& name, ir::Value x);

}  // namespace fw
