// layer_norm: y = (x - mean(x)) / sqrt(var(x) + epsilon) * weight + bias over the last axis.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// x [..., D], weight and bias [D]; either may be an invalid value: 1 and 0.
Value layerNorm(Value x, Value weight, Value bias, double epsilon = 1e-5);

/// Two values: layerNorm(h) and h = x + residual, in one pass.
std::vector<Value> addLayerNorm(Value x, Value residual, Value weight, Value bias, double epsilon = 1e-5);

}  // namespace fw::ir
