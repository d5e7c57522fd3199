// relu: y = max(x, 0).
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_relu() {
  return elementwise({
      .name = "relu",
      .help = "The number, or 0 where it is negative.",
      .tile = kernels::cpu::tile::relu,
      .vjp = [](const VjpCall& c) -> Grads { return {ir::where(ir::greater(c.input(0), 0.0), c.grad(0), 0.0)}; },
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> { return {ir::maximum(c.input(0), 0.0)}; },
      .away = {-1.9, -1.3, -0.8, -0.3, 0.4, 0.7, 1.1, 1.8, 2.3, -2.6, 0.25},
  });
}

namespace ir {
Value relu(Value x) { return x.builder->op("relu", {x}); }
}  // namespace ir

}  // namespace fw
