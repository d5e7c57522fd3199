// gelu_gradient: dx = dy (P(X < x) + x e^(-x^2/2) / sqrt(2 pi)).
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_gelu_gradient() {
  return elementwise({
      .name = "gelu_gradient",
      .help = "The gradient of gelu.",
      .arity = 2,
      .tile = kernels::cpu::tile::geluGradient,
      .flops = 12,
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> {
        const ir::Value x = c.input(0);
        const ir::Value below = (ir::erf(x * 0.7071067811865476) + 1.0) * 0.5;
        return {c.input(1) * (below + x * ir::exp(x * x * -0.5) * 0.3989422804014327)};
      },
      .low = -5,
      .high = 5,
  });
}

namespace ir {
Value geluGradient(Value x, Value dy) { return x.builder->op("gelu_gradient", {x, dy}); }
}  // namespace ir

}  // namespace fw
