// square: y = x^2.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_square() {
  return elementwise({
      .name = "square",
      .help = "The product with itself.",
      .rule = ElementwiseRule::Number,
      .tile = kernels::cpu::tile::square,
      .integers = kernels::IntegerFunction::Square,
      .vjp = [](const VjpCall& c) -> Grads { return {c.grad(0) * c.input(0) * 2.0}; },
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> { return {c.input(0) * c.input(0)}; },
  });
}

namespace ir {
Value square(Value x) { return x.builder->op("square", {x}); }
}  // namespace ir

}  // namespace fw
