// div: y = a / b, of floats.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_div() {
  return elementwise({
      .name = "div",
      .help = "The quotient.",
      .rule = ElementwiseRule::Float,
      .arity = 2,
      .tile = kernels::cpu::tile::div,
      .vjp = [](const VjpCall& c) -> Grads {
        const ir::Value g = c.grad(0) / c.input(1);
        return {g, c.need(1) ? -(g * c.output(0)) : ir::Value()};
      },
      .low = 0.3,
      .high = 3,
  });
}

}  // namespace fw
