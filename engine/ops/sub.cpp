// sub: y = a - b.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_sub() {
  return elementwise({
      .name = "sub",
      .help = "The difference.",
      .rule = ElementwiseRule::Number,
      .arity = 2,
      .tile = kernels::cpu::tile::sub,
      .integers = kernels::IntegerFunction::Sub,
      .vjp = [](const VjpCall& c) -> Grads {
        return {c.grad(0), c.need(1) ? -c.grad(0) : ir::Value()};
      },
  });
}

}  // namespace fw
