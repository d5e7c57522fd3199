// silu_gradient: dx = dy (s + x s (1 - s)), s = sigmoid(x).
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_silu_gradient() {
  return elementwise({
      .name = "silu_gradient",
      .help = "The gradient of silu.",
      .arity = 2,
      .tile = kernels::cpu::tile::siluGradient,
      .flops = 12,
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> {
        const ir::Value x = c.input(0);
        const ir::Value s = ir::sigmoid(x);
        return {c.input(1) * (s + x * s * (1.0 - s))};
      },
      .low = -5,
      .high = 5,
  });
}

namespace ir {
Value siluGradient(Value x, Value dy) { return x.builder->op("silu_gradient", {x, dy}); }
}  // namespace ir

}  // namespace fw
