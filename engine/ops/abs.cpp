// abs: y = |x|.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_abs() {
  return elementwise({
      .name = "abs",
      .help = "The size without the sign.",
      .rule = ElementwiseRule::Number,
      .tile = kernels::cpu::tile::abs,
      .integers = kernels::IntegerFunction::Abs,
      .vjp = [](const VjpCall& c) -> Grads { return {c.grad(0) * ir::sign(c.input(0))}; },
      .away = {-1.9, -1.3, -0.8, -0.3, 0.4, 0.7, 1.1, 1.8, 2.3, -2.6, 0.25},
  });
}

namespace ir {
Value abs(Value x) { return x.builder->op("abs", {x}); }
}  // namespace ir

}  // namespace fw
