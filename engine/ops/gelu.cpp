// gelu: y = x P(X < x) for a standard normal X. (Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.)
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_gelu() {
  return elementwise({
      .name = "gelu",
      .help = "The number times the normal distribution function of it.",
      .tile = kernels::cpu::tile::gelu,
      .flops = 8,
      .vjp = [](const VjpCall& c) -> Grads { return {ir::geluGradient(c.input(0), c.grad(0))}; },
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> {
        const ir::Value x = c.input(0);
        return {x * (ir::erf(x * 0.7071067811865476) + 1.0) * 0.5};
      },
      .low = -5,
      .high = 5,
  });
}

namespace ir {
Value gelu(Value x) { return x.builder->op("gelu", {x}); }
}  // namespace ir

}  // namespace fw
