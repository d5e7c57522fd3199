// Random weights and inputs of a lowered block.
#pragma once

#include <map>
#include <string>

#include "engine/base/rng.h"
#include "engine/base/tensor.h"
#include "engine/exec/executor.h"
#include "engine/ir/graph.h"

namespace fw::testing {

/// Integers are smaller than any vocabulary of the examples.
inline Tensor randomTensor(const ir::TensorType& type, uint64_t seed) {
  Rng rng(seed);
  Tensor tensor = Tensor::make(type.dtype, type.shape);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    if (type.dtype == DType::I64)
      tensor.data<int64_t>()[i] = rng.below(5);
    else
      tensor.data<float>()[i] = float(rng.normal());
  }
  return tensor;
}

inline void setRandomWeights(const ir::Graph& graph, Store& store) {
  uint64_t seed = 100;
  for (const ir::ParameterInfo& parameter : graph.parameters) {
    Tensor value = randomTensor(graph.type({parameter.node, 0}), ++seed);
    for (int64_t i = 0; i < value.count(); ++i) value.data()[i] *= 0.5f;
    store.set(parameter.name, value);
  }
}

inline std::map<std::string, Tensor> randomInputs(const ir::Graph& graph) {
  std::map<std::string, Tensor> inputs;
  uint64_t seed = 1;
  for (const ir::InputInfo& input : graph.inputs)
    inputs[input.name] = input.name == "seed" || input.name == "position"
                             ? Tensor::scalarInt(0)
                             : randomTensor(graph.type({input.node, 0}), ++seed);
  return inputs;
}

}  // namespace fw::testing
