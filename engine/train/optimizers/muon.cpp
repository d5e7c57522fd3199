// Muon: the momentum of each hidden matrix is replaced by the nearest orthogonal matrix, so that every direction of the
// step is equally long. The polynomial x (a + b x^2 + c x^4), applied five times to all singular values at once, drives
// them near 1 by matrix products alone. Other parameters take steps of AdamW.
#include <cmath>

#include "engine/ops/adamw.h"
#include "engine/train/optimizer.h"

namespace fw {
namespace {

/// Matrices inside the model; embeddings and heads are tables whose rows stand for tokens, not maps.
bool isOrthogonalised(const ir::ParameterInfo& info, const ir::TensorType& type) {
  return type.shape.rank() == 2 && info.role == "weight" && type.shape[0] > 1 && type.shape[1] > 1;
}

std::vector<OptimizerState> states(const ir::ParameterInfo& info, const ir::TensorType& type, const Params&) {
  if (isOrthogonalised(info, type)) return {{"momentum", type}};
  return {{"m", type}, {"v", type}};
}

ir::Value product(ir::Value a, ir::Value b, bool transposeA, bool transposeB) {
  return a.builder->op("matmul", {a, b},
                       {{"transpose_a", transposeA}, {"transpose_b", transposeB}, {"activation", std::string("none")}});
}

/// x [R,C] with its singular values moved near 1.
ir::Value orthogonalised(ir::Value x, int64_t rounds) {
  const double a = 3.4445, b = -4.7750, c = 2.0315;  // steepest at 0 among those that stay within [0.7, 1.2]
  const bool isTall = x.size(0) > x.size(1);
  ir::Builder& builder = *x.builder;
  const ir::Value norm = builder.op("sqrt", {builder.op("sum_squares", {x})});
  x = x / builder.op("maximum", {norm, builder.constant(1e-7)});  // no singular value above 1
  for (int64_t i = 0; i < rounds; ++i) {
    const ir::Value gram = isTall ? product(x, x, true, false) : product(x, x, false, true);  // of the shorter side
    const ir::Value polynomial = gram * b + product(gram, gram, false, false) * c;
    x = x * a + (isTall ? product(x, polynomial, false, false) : product(polynomial, x, false, false));
  }
  return x;
}

/// What brings a step of orthogonal directions to the wanted length.
double lengthOf(const Shape& shape, const std::string& scale) {
  const double rows = double(shape[0]), columns = double(shape[1]);
  if (scale == "spectral") return std::sqrt(std::max(1.0, rows / columns));
  return 0.2 * std::sqrt(std::max(rows, columns));
}

void updateOrthogonal(OptimizerCall& call) {
  ir::Builder& builder = call.builder;
  const double momentum = call.real("momentum"), decay = call.info.decays ? call.real("weight_decay") : 0;
  const ir::Value old = call.states.at("momentum"), g = call.gradient * call.clip;
  const ir::Value buffer = old * momentum + g * (1 - momentum);
  const ir::Value direction = call.flag("nesterov") ? g * (1 - momentum) + buffer * momentum : buffer;
  const int64_t rounds = std::get<int64_t>(call.params.at("rounds"));
  const double length = lengthOf(call.parameter.shape(), std::get<std::string>(call.params.at("scale")));
  const ir::Value kept = call.parameter * (1.0 - call.learningRate * decay);
  const ir::Value next = kept - orthogonalised(direction, rounds) * (call.learningRate * length);
  const ir::Value isFinite = builder.op("equal", {call.clip - call.clip, builder.constant(0)});
  call.next = builder.op("where", {isFinite, next, call.parameter});
  call.nextStates = {{"momentum", builder.op("where", {isFinite, buffer, old})}};
}

void update(OptimizerCall& call) {
  if (isOrthogonalised(call.info, call.parameter.type())) return updateOrthogonal(call);
  const ir::AdamwStep next = ir::adamw(call.parameter, call.gradient, call.states.at("m"), call.states.at("v"),
                                       call.learningRate * call.real("adamw_rate"), call.step, call.clip,
                                       {.beta1 = call.real("beta1"),
                                        .beta2 = call.real("beta2"),
                                        .epsilon = call.real("epsilon"),
                                        .decay = call.info.decays ? call.real("weight_decay") : 0});
  call.next = next.parameter;
  call.nextStates = {{"m", next.m}, {"v", next.v}};
}

}  // namespace

OptimizerDef optimizer_muon() {
  return {
      .id = "muon",
      .title = "Muon",
      .help = "Orthogonalises the momentum of hidden matrices; embeddings, heads, norms and biases follow AdamW.",
      .paper = "Jordan and others, Muon: an optimizer for hidden layers in neural networks, 2024",
      .learningRate = 2e-3,
      .params =
          {realParam("momentum", 0.95).range(0, 0.9999).label("Momentum").help("Memory of a matrix's mean gradient."),
           boolParam("nesterov", true).label("Nesterov").help("Looks one step of momentum ahead."),
           intParam("rounds", 5)
               .range(1, 20)
               .label("Rounds")
               .help("Times the polynomial is applied; more bring the singular values nearer 1."),
           choiceParam("scale", "rms", {"rms", "spectral"})
               .label("Step length")
               .help(
                   "rms: as long as a step of AdamW (Liu and others, Muon is scalable for LLM training, 2025), so that "
                   "one learning rate fits all; spectral: the longest direction is the learning rate."),
           realParam("weight_decay", 0.01)
               .range(0, 10)
               .label("Weight decay")
               .help("Share of a weight, times the learning rate, taken off in each step."),
           realParam("adamw_rate", 1)
               .range(0, 1000)
               .label("AdamW rate")
               .help("Learning rate of the other parameters, as a multiple."),
           realParam("beta1", 0.9).range(0, 0.9999).label("Beta 1").help("AdamW's memory of the mean gradient."),
           realParam("beta2", 0.95).range(0, 0.99999).label("Beta 2").help("AdamW's memory of the mean square."),
           realParam("epsilon", 1e-8).range(0, 1).label("Epsilon").help("Added to the root of AdamW's mean square.")},
      .states = states,
      .update = update,
  };
}

}  // namespace fw
