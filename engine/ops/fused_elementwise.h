// fused_elementwise: a chain of elementwise ops as one: what lies between the steps never reaches memory.
#pragma once

#include <string>
#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

/// One op of a chain. Slots number its values: first the inputs of the chain, then the results of the steps before.
struct FusedStep {
  std::string op;
  std::vector<int64_t> slots = {};
  Attrs attrs = {};
};

/// The most that one chain may hold.
struct FusedLimits {
  static constexpr size_t inputs = 16, steps = 48, outputs = 8;
};

/// Whether a call of this op can be a step: it has a tile, and inputs and output are f32 or bool. Also a scalar
/// constant.
bool canFuse(const Node& node, const Graph& graph);

/// The values of the slots `outputs`, each of the shape that all inputs broadcast to.
std::vector<Value> fusedElementwise(Builder& builder, const std::vector<Value>& inputs,
                                    const std::vector<FusedStep>& steps, const std::vector<int64_t>& outputs);

}  // namespace fw::ir
