// routed_experts: a mixture of gated MLPs that computes only the experts a row goes through.
#pragma once

#include <string>
#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

/// The weights of one expert, [H,D], [H,D] and [D,H], of f32, f16, bf16 or i8; i8 with its scale, f32 [rows].
struct ExpertValues {
  Value gate, up, down;
  Value gateScale = {}, upScale = {}, downScale = {};
};

/// Whether routedExperts knows the activation of this name.
bool canRoute(const std::string& activation);

/// y = sum over e of share[...,e] down_e (act(gate_e x) * up_e x): x [..., D], share [..., E] with 0 for experts that a
/// row does not go through, `chosen` of them with another number. `activation` as in MatmulOptions.
Value routedExperts(Value x, Value share, const std::vector<ExpertValues>& experts, int64_t chosen,
                    const std::string& activation);

}  // namespace fw::ir
