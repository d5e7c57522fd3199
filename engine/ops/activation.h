// The activation that an op applies to its result, by the attribute "activation".
#pragma once

#include <string>
#include <utility>

#include "engine/ir/op.h"
#include "kernels/activation.h"

namespace fw {

/// "none" where the attribute is absent.
inline std::string activationName(const ir::Attrs& attrs) {
  return attrs.has("activation") ? attrs.text("activation") : "none";
}

/// Their names here, which are those of the ops too.
inline constexpr std::pair<const char*, kernels::Activation> kActivations[] = {
    {"none", kernels::Activation::None}, {"relu", kernels::Activation::Relu},
    {"gelu", kernels::Activation::Gelu}, {"gelu_tanh", kernels::Activation::GeluTanh},
    {"silu", kernels::Activation::Silu}, {"squared_relu", kernels::Activation::SquaredRelu},
};

/// Whether another op can apply what the op of this name does.
inline bool isActivation(const std::string& op) {
  for (const auto& [name, activation] : kActivations)
    if (op == name) return true;
  return false;
}

/// Throws Code::Parameter when there is no such activation.
inline kernels::Activation activationOf(const ir::Attrs& attrs, const char* op) {
  const std::string wanted = activationName(attrs);
  for (const auto& [name, activation] : kActivations)
    if (wanted == name) return activation;
  throw Error(Code::Parameter, text("[", op, "] there is no activation '", wanted,
                                    "'; expected none, relu, gelu, gelu_tanh, silu or squared_relu."));
}

/// Flops of the activation of one tensor.
inline double activationFlops(const std::string& activation, const ir::TensorType& type) {
  if (activation == "none") return 0;
  const Types types = {type};
  return costOf(findOp(activation), OpCall{types, {}}, types).flops;
}

}  // namespace fw
