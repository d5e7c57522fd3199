// gelu_tanh_gradient: dx = dy (s + x s (1 - s) u'), with s = sigmoid(u), u = 2 sqrt(2/pi) (x + 0.044715 x^3).
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_gelu_tanh_gradient() {
  return elementwise({
      .name = "gelu_tanh_gradient",
      .help = "The gradient of gelu_tanh.",
      .arity = 2,
      .tile = kernels::cpu::tile::geluTanhGradient,
      .flops = 12,
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> {
        const ir::Value x = c.input(0);
        const ir::Value s = ir::sigmoid((x + x * x * x * 0.044715) * 1.5957691216057308);
        const ir::Value slope = x * x * 0.21406444881780076 + 1.5957691216057308;
        return {c.input(1) * (s + x * s * (1.0 - s) * slope)};
      },
      .low = -5,
      .high = 5,
  });
}

namespace ir {
Value geluTanhGradient(Value x, Value dy) { return x.builder->op("gelu_tanh_gradient", {x, dy}); }
}  // namespace ir

}  // namespace fw
