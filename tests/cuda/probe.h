// One example of one op as a plan: forward, or the gradients of a weighted sum of its results.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/exec/executor.h"
#include "engine/ir/autodiff.h"
#include "tests/ops/examples.h"

namespace fw::testing {

using Tensors = std::map<std::string, Tensor>;

/// One example of one op.
class Probe {
 public:
  explicit Probe(const Case& of) : case_(of) {
    Rng rng(11);
    for (size_t i = 0; i < example().inputs.size(); ++i) tensors_[text("x", i)] = makeInput(example().inputs[i], rng);
  }
  const OpDef& op() const { return *case_.op; }
  const OpExample& example() const { return *case_.example; }

  std::vector<ir::Value> call(ir::Builder& builder, std::vector<ir::Value>& inputs) const {
    for (size_t i = 0; i < example().inputs.size(); ++i)
      inputs.push_back(builder.input(text("x", i), {example().inputs[i].dtype, example().inputs[i].shape}));
    return builder.ops(op().name, inputs, example().attrs);
  }

  std::shared_ptr<const ir::Graph> forward() const {
    ir::Builder builder;
    std::vector<ir::Value> inputs;
    const std::vector<ir::Value> outputs = call(builder, inputs);
    for (size_t o = 0; o < outputs.size(); ++o) builder.output(text("y", o), outputs[o]);
    return std::make_shared<const ir::Graph>(builder.finish());
  }

  /// The gradients of sum_o w<o> . y<o>.
  std::shared_ptr<const ir::Graph> backward() const {
    ir::Builder builder;
    std::vector<ir::Value> inputs, used, seeds, wrt;
    const std::vector<ir::Value> outputs = call(builder, inputs);
    for (size_t o = 0; o < outputs.size(); ++o)
      if (outputs[o].dtype() == DType::F32) {
        used.push_back(outputs[o]);
        seeds.push_back(builder.input(text("w", o), outputs[o].type()));
      }
    for (const ir::Value& input : inputs)
      if (input.dtype() == DType::F32) wrt.push_back(input);
    const std::vector<ir::Value> grads = ir::gradients(builder, used, wrt, seeds);
    for (size_t i = 0; i < grads.size(); ++i)
      if (grads[i].isValid()) builder.output(text("d", i), grads[i]);
    return std::make_shared<const ir::Graph>(builder.finish());
  }

  static Tensors run(Backend& backend, const std::shared_ptr<const ir::Graph>& graph, const Tensors& inputs) {
    Store store(backend);
    PlanOptions options = planOptions(backend);
    options.guardBytes = 64;
    Executor executor(std::make_shared<const Plan>(makePlan(graph, options)), store);
    executor.setGuarded(true);
    for (const ir::InputInfo& input : graph->inputs) executor.setInput(input.name, inputs.at(input.name));
    executor.run();
    Tensors outputs;
    for (const ir::OutputInfo& output : graph->outputs) outputs[output.name] = executor.output(output.name);
    return outputs;
  }

  Tensors tensors() const { return tensors_; }
  /// Those of the gradients: the tensors above, and the weights of the results.
  Tensors tensorsFor(const ir::Graph& backward) const {
    Tensors inputs = tensors_;
    Rng rng(12);
    for (const ir::InputInfo& input : backward.inputs)
      if (!inputs.contains(input.name))
        inputs[input.name] = makeInput({.shape = backward.type({input.node, 0}).shape, .low = -1, .high = 1}, rng);
    return inputs;
  }

 private:
  Case case_;
  Tensors tensors_;
};

}  // namespace fw::testing
