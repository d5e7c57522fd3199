// gelu_tanh: y = 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), which comes close to gelu.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_gelu_tanh() {
  return elementwise({
      .name = "gelu_tanh",
      .help = "GELU by its approximation with tanh.",
      .tile = kernels::cpu::tile::geluTanh,
      .flops = 8,
      .vjp = [](const VjpCall& c) -> Grads { return {ir::geluTanhGradient(c.input(0), c.grad(0))}; },
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> {
        const ir::Value x = c.input(0);
        const ir::Value inner = (x + x * x * x * 0.044715) * 0.7978845608028654;
        return {x * (ir::tanh(inner) + 1.0) * 0.5};
      },
      .low = -5,
      .high = 5,
  });
}

namespace ir {
Value geluTanh(Value x) { return x.builder->op("gelu_tanh", {x}); }
}  // namespace ir

}  // namespace fw
