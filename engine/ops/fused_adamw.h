// fused_adamw: one step of AdamW on several tensors.
#pragma once

namespace fw::ir {

/// Most tensors of one call.
inline constexpr int kFusedTensors = 400;
/// Inputs before the tensors (learning rate, step, scale); then parameter, gradient, m and v of each.
inline constexpr int kFusedScalars = 3, kFusedInputs = 4, kFusedOutputs = 3;

}  // namespace fw::ir
