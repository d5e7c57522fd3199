// The activations that blocks offer: the ops of the same names.
#include "engine/blocks/activation.h"

namespace fw {

const std::vector<std::string>& activationNames() {
  static const std::vector<std::string> names = {"gelu",         "gelu_tanh", "relu", "silu",
                                                 "squared_relu", "sigmoid",   "tanh", "none"};
  return names;
}

ir::Value activate(const std::string& name, ir::Value x) { return name == "none" ? x : x.builder->op(name, {x}); }

}  // namespace fw
