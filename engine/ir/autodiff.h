// Gradients as graph: a walk from the outputs back, asking each op for its vjp.
#pragma once

#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

/// Appends to the builder of `outputs` what computes d(sum of outputs*seeds)/d(wrt). `seeds` may be empty: ones. An
/// entry of the result is invalid where nothing depends on that value. Throws Code::Graph when a needed op has no
/// gradient.
std::vector<Value> gradients(Builder& builder, const std::vector<Value>& outputs, const std::vector<Value>& wrt,
                             const std::vector<Value>& seeds = {});

/// Only for tests: differentiates ops through their decompositions although they have a vjp.
std::vector<Value> gradientsThroughDecomposition(Builder& builder, const std::vector<Value>& outputs,
                                                 const std::vector<Value>& wrt, const std::vector<Value>& seeds = {});

}  // namespace fw::ir
