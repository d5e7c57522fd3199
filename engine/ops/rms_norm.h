// rms_norm: y = x / sqrt(mean(x^2) + epsilon) * weight over the last axis.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// x [..., D], weight [D] or an invalid value: 1.
Value rmsNorm(Value x, Value weight, double epsilon = 1e-5);

/// Two values: rmsNorm(h) and h = x + residual, in one pass.
std::vector<Value> addRmsNorm(Value x, Value residual, Value weight, double epsilon = 1e-5);

}  // namespace fw::ir
