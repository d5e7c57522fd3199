// sin: the sine of x in radians.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_sin() {
  return elementwise({
      .name = "sin",
      .help = "The sine.",
      .tile = kernels::cpu::tile::sin,
      .flops = 4,
      .vjp = [](const VjpCall& c) -> Grads { return {c.grad(0) * ir::cos(c.input(0))}; },
      .low = -8,
      .high = 8,
  });
}

namespace ir {
Value sin(Value x) { return x.builder->op("sin", {x}); }
}  // namespace ir

}  // namespace fw
