// rsqrt: y = x^(-1/2).
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_rsqrt() {
  return elementwise({
      .name = "rsqrt",
      .help = "One divided by the square root.",
      .tile = kernels::cpu::tile::rsqrt,
      .flops = 2,
      .vjp = [](const VjpCall& c) -> Grads {
        const ir::Value y = c.output(0);
        return {c.grad(0) * (y * ir::square(y)) * -0.5};
      },
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> { return {1.0 / ir::sqrt(c.input(0))}; },
      .low = 0.2,
      .high = 4,
  });
}

namespace ir {
Value rsqrt(Value x) { return x.builder->op("rsqrt", {x}); }
}  // namespace ir

}  // namespace fw
