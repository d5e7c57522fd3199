// Building a small graph and running it on the CPU, in memory that starts as NaN between guard zones.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/tensor.h"
#include "engine/exec/executor.h"
#include "engine/ir/builder.h"
#include "engine/ir/op.h"

namespace fw::testing {

/// The results of build(values of the inputs). Throws what building, planning and running throw.
inline std::vector<Tensor> runGraph(
    const std::vector<Tensor>& inputs,
    const std::function<std::vector<ir::Value>(ir::Builder&, const std::vector<ir::Value>&)>& build, int threads = 2) {
  ir::Builder builder;
  std::vector<ir::Value> values;
  for (size_t i = 0; i < inputs.size(); ++i)
    values.push_back(builder.input(text("in", i), {inputs[i].dtype, inputs[i].shape}));
  const std::vector<ir::Value> results = build(builder, values);
  for (size_t i = 0; i < results.size(); ++i) builder.output(text("out", i), results[i]);
  const auto graph = std::make_shared<const ir::Graph>(builder.finish());
  ir::verify(*graph);
  const std::unique_ptr<Backend> backend = makeCpuBackend(threads);
  Store store(*backend);
  Executor executor(std::make_shared<const Plan>(makePlan(graph, {.threads = threads, .guardBytes = 64})), store);
  executor.setGuarded(true);
  for (size_t i = 0; i < inputs.size(); ++i) executor.setInput(text("in", i), inputs[i]);
  executor.run();
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < results.size(); ++i) outputs.push_back(executor.output(text("out", i)));
  return outputs;
}

/// The results of one call of an op.
inline std::vector<Tensor> runOp(const std::string& op, const std::vector<Tensor>& inputs, const ir::Attrs& attrs = {},
                                 int threads = 2) {
  return runGraph(
      inputs,
      [&](ir::Builder& builder, const std::vector<ir::Value>& values) { return builder.ops(op, values, attrs); },
      threads);
}

}  // namespace fw::testing
