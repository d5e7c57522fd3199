// AdamW: steps scaled by running means of the gradient and of its square, weight decay apart from both.
#include "engine/ops/adamw.h"

#include "engine/train/optimizer.h"

namespace fw {
namespace {

std::vector<OptimizerState> states(const ir::ParameterInfo&, const ir::TensorType& type, const Params&) {
  return {{"m", type}, {"v", type}};
}

void update(OptimizerCall& call) {
  const ir::AdamwStep next = ir::adamw(call.parameter, call.gradient, call.states.at("m"), call.states.at("v"),
                                       call.learningRate, call.step, call.clip,
                                       {.beta1 = call.real("beta1"),
                                        .beta2 = call.real("beta2"),
                                        .epsilon = call.real("epsilon"),
                                        .decay = call.info.decays ? call.real("weight_decay") : 0});
  call.next = next.parameter;
  call.nextStates = {{"m", next.m}, {"v", next.v}};
}

}  // namespace

OptimizerDef optimizer_adamw() {
  return {
      .id = "adamw",
      .title = "AdamW",
      .help = "Scales each element's step by running means of its gradient and of the square; a good first choice.",
      .paper = "Loshchilov, Hutter, Decoupled weight decay regularization, 2019",
      .learningRate = 1e-3,
      .params = {realParam("beta1", 0.9).range(0, 0.9999).label("Beta 1").help("Memory of the mean gradient."),
                 realParam("beta2", 0.999).range(0, 0.99999).label("Beta 2").help("Memory of the mean square."),
                 realParam("epsilon", 1e-8).range(0, 1).label("Epsilon").help("Added to the root of the mean square."),
                 realParam("weight_decay", 0.01)
                     .range(0, 10)
                     .label("Weight decay")
                     .help("Share of a weight, times the learning rate, taken off in each step.")},
      .states = states,
      .update = update,
  };
}

}  // namespace fw
