// One block with random weights and inputs that a test can read and change, run on the CPU.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/hash.h"
#include "engine/blocks/lowering.h"
#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/ir/op.h"
#include "tests/support/block_document.h"
#include "tests/support/block_inputs.h"

namespace fw::testing {

class BlockRun {
 public:
  std::map<std::string, Tensor> weights;  // "q.weight"
  std::map<std::string, Tensor> inputs;   // by port

  /// Normal weights with deviation `scale` and normal inputs, from their names: equal names, equal numbers.
  BlockRun(const std::string& id, Params params, std::map<std::string, int64_t> dims, double scale = 0.4,
           Mode mode = Mode::Prefill)
      : catalog_(allBlocks()) {
    document_ = documentOf(*catalog_.find(id), {std::move(params), dims}, catalog_);
    graph_ = lowerOrThrow(document_, catalog_, {.mode = mode, .dims = std::move(dims)});
    for (const ir::ParameterInfo& info : graph_->parameters) {
      Tensor value = randomTensor(graph_->type({info.node, 0}), seedOf(info.name));
      for (int64_t i = 0; i < value.count(); ++i) value.data()[i] *= float(scale);
      weights[info.name.substr(std::string("block.").size())] = value;
    }
    for (const ir::InputInfo& info : graph_->inputs)
      inputs[info.name] = info.name == "seed" ? Tensor::scalarInt(1)
                                              : randomTensor(graph_->type({info.node, 0}), seedOf("in/" + info.name));
  }

  const ir::Graph& graph() const { return *graph_; }
  Tensor& weight(const std::string& name) { return weights.at(name); }
  Tensor& x() { return inputs.at("x"); }
  int64_t parameters() const {
    int64_t total = 0;
    for (const auto& [name, value] : weights) total += value.count();
    return total;
  }
  /// Multiply-adds of the whole graph.
  double macs() const {
    double total = 0;
    for (const ir::Node& node : graph_->nodes) {
      std::vector<ir::TensorType> types;
      for (const ir::ValueRef& ref : node.inputs) types.push_back(graph_->type(ref));
      total += costOf(*node.op, {types, node.attrs, node.body.get()}, node.types).macs;
    }
    return total;
  }

  /// The result of an output port.
  Tensor run(const std::string& port = "y") const {
    const std::unique_ptr<Backend> cpu = makeCpuBackend(2);
    Store store(*cpu);
    for (const auto& [name, value] : weights) store.set("block." + name, value);
    Executor executor(
        std::make_shared<const Plan>(makePlan(std::make_shared<const ir::Graph>(optimized(*graph_)), {.threads = 2})),
        store);
    for (const auto& [name, value] : inputs)
      if (executor.plan().graph->findInput(name)) executor.setInput(name, value);
    executor.run();
    return executor.output("out_" + port);
  }
  std::vector<double> values(const std::string& port = "y") const { return run(port).toDoubles(); }

 private:
  static uint64_t seedOf(const std::string& name) { return Hasher().add(std::string_view(name)).finish().low; }

  Catalog catalog_;
  Architecture document_;
  std::shared_ptr<const ir::Graph> graph_;
};

}  // namespace fw::testing
