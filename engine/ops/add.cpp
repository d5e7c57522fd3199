// add: y = a + b.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_add() {
  return elementwise({
      .name = "add",
      .help = "The sum.",
      .rule = ElementwiseRule::Number,
      .arity = 2,
      .tile = kernels::cpu::tile::add,
      .integers = kernels::IntegerFunction::Add,
      .vjp = [](const VjpCall& c) -> Grads {
        return {c.grad(0), c.grad(0)};
      },
  });
}

}  // namespace fw
