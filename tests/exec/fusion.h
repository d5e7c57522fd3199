// What tests of fusing passes share: graphs counted and run.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/exec/executor.h"
#include "engine/ir/op.h"

namespace fw::testing {

inline int countOf(const ir::Graph& graph, const std::string& op) {
  return int(
      std::count_if(graph.nodes.begin(), graph.nodes.end(), [&](const ir::Node& node) { return node.op->name == op; }));
}

inline std::shared_ptr<const Plan> guardedPlan(const ir::Graph& graph) {
  ir::verify(graph);
  return std::make_shared<const Plan>(
      makePlan(std::make_shared<const ir::Graph>(graph), {.threads = 2, .guardBytes = 64}));
}

/// Outputs after some runs with guard zones; inputs are waves around 1.5, integers are 3.
inline std::map<std::string, std::vector<float>> outputsOf(const std::shared_ptr<const Plan>& plan, int runs) {
  const ir::Graph& graph = *plan->graph;
  const std::unique_ptr<Backend> backend = makeCpuBackend(2);
  Store store(*backend);
  for (const ir::InputInfo& input : graph.inputs) {
    const ir::TensorType type = graph.type({input.node, 0});
    if (type.dtype == DType::I64) {
      store.set(input.name, Tensor::scalarInt(3));
      continue;
    }
    Tensor value = Tensor::make(type.dtype, type.shape);
    const double start = double(input.name.size()) + double(input.name.back());
    for (int64_t i = 0; i < value.count(); ++i) value.data()[i] = float(1.5 + std::sin(start + double(i)));
    store.set(input.name, value);
  }
  Executor executor(plan, store);
  executor.setGuarded(true);
  for (int i = 0; i < runs; ++i) executor.run();
  std::map<std::string, std::vector<float>> outputs;
  for (const ir::OutputInfo& output : graph.outputs) outputs[output.name] = executor.output(output.name).toFloats();
  return outputs;
}

}  // namespace fw::testing
