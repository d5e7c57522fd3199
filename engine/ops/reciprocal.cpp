// reciprocal: y = 1 / x.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_reciprocal() {
  return elementwise({
      .name = "reciprocal",
      .help = "One divided by the number.",
      .tile = kernels::cpu::tile::reciprocal,
      .vjp = [](const VjpCall& c) -> Grads { return {-(c.grad(0) * ir::square(c.output(0)))}; },
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> { return {1.0 / c.input(0)}; },
      .low = 0.2,
      .high = 3,
  });
}

namespace ir {
Value reciprocal(Value x) { return x.builder->op("reciprocal", {x}); }
}  // namespace ir

}  // namespace fw
