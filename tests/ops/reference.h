// The law that kernels are held to: graphs evaluated in double by plain loops, one element at a time, with no kernel.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/tensor.h"
#include "engine/ir/graph.h"

namespace fw::testing {

struct Array {
  Shape shape;
  std::vector<double> values;  // row-major; integers and bool as numbers
};

Array toArray(const Tensor& tensor);

/// Whether evaluate() knows the op itself or through its decomposition.
bool hasReference(const OpDef& op);

/// The outputs of `graph` by name. Ops without loops here are evaluated through their decompositions.
std::map<std::string, Array> evaluate(const ir::Graph& graph, const std::map<std::string, Array>& inputs);

}  // namespace fw::testing
