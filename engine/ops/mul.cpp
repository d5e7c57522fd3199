// mul: y = a b.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_mul() {
  return elementwise({
      .name = "mul",
      .help = "The product.",
      .rule = ElementwiseRule::Number,
      .arity = 2,
      .tile = kernels::cpu::tile::mul,
      .integers = kernels::IntegerFunction::Mul,
      .vjp = [](const VjpCall& c) -> Grads {
        return {c.need(0) ? c.grad(0) * c.input(1) : ir::Value(), c.need(1) ? c.grad(0) * c.input(0) : ir::Value()};
      },
  });
}

}  // namespace fw
