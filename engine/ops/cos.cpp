// cos: the cosine of x in radians.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_cos() {
  return elementwise({
      .name = "cos",
      .help = "The cosine.",
      .tile = kernels::cpu::tile::cos,
      .flops = 4,
      .vjp = [](const VjpCall& c) -> Grads { return {-(c.grad(0) * ir::sin(c.input(0)))}; },
      .low = -8,
      .high = 8,
  });
}

namespace ir {
Value cos(Value x) { return x.builder->op("cos", {x}); }
}  // namespace ir

}  // namespace fw
