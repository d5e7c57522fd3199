// SGD: plain steps down the gradient, with momentum.
#include "engine/ops/sgd.h"

#include "engine/train/optimizer.h"

namespace fw {
namespace {

bool hasMomentum(const Params& params) { return std::get<double>(params.at("momentum")) > 0; }

std::vector<OptimizerState> states(const ir::ParameterInfo&, const ir::TensorType& type, const Params& params) {
  if (!hasMomentum(params)) return {};
  return {{"momentum", type}};
}

void update(OptimizerCall& call) {
  const bool isWithBuffer = hasMomentum(call.params);
  const ir::SgdStep next = ir::sgd(call.parameter, call.gradient, call.learningRate, call.clip,
                                   isWithBuffer ? call.states.at("momentum") : ir::Value{},
                                   {.momentum = call.real("momentum"),
                                    .decay = call.info.decays ? call.real("weight_decay") : 0,
                                    .isNesterov = isWithBuffer && call.flag("nesterov")});
  call.next = next.parameter;
  if (isWithBuffer) call.nextStates = {{"momentum", next.buffer}};
}

}  // namespace

OptimizerDef optimizer_sgd() {
  return {
      .id = "sgd",
      .title = "SGD",
      .help = "Steps straight down the gradient, with momentum; little memory, needs a tuned learning rate.",
      .paper = "Sutskever and others, On the importance of initialization and momentum in deep learning, 2013",
      .learningRate = 0.1,
      .params =
          {realParam("momentum", 0.9)
               .range(0, 0.9999)
               .label("Momentum")
               .help("Share of the former step that goes on; 0 keeps no state."),
           boolParam("nesterov", true).label("Nesterov").help("Looks one step of momentum ahead.").when("momentum!=0"),
           realParam("weight_decay", 0)
               .range(0, 10)
               .label("Weight decay")
               .help("Share of a weight that is added to its gradient.")},
      .states = states,
      .update = update,
  };
}

}  // namespace fw
