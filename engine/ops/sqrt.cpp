// sqrt: y = x^(1/2).
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_sqrt() {
  return elementwise({
      .name = "sqrt",
      .help = "The square root.",
      .tile = kernels::cpu::tile::sqrt,
      .vjp = [](const VjpCall& c) -> Grads { return {c.grad(0) * 0.5 / c.output(0)}; },
      .low = 0.1,
      .high = 4,
  });
}

namespace ir {
Value sqrt(Value x) { return x.builder->op("sqrt", {x}); }
}  // namespace ir

}  // namespace fw
