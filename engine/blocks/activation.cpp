// The activations that blocks offer: the ops of the same names, and one that is made of them.
#include "engine/blocks/activation.h"

#include "engine/ops/elementwise.h"

namespace fw {

const std::vector<std::string>& activationNames() {
  static const std::vector<std::string> names = {"gelu",         "gelu_tanh", "quick_gelu", "relu", "silu",
                                                 "squared_relu", "sigmoid",   "tanh",       "none"};
  return names;
}

ir::Value activate(const std::string& name, ir::Value x) {
  if (name == "none") return x;
  if (name == "quick_gelu") return x * ir::sigmoid(x * 1.702);
  return x.builder->op(name, {x});
}

}  // namespace fw
