// neg: y = -x.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_neg() {
  return elementwise({
      .name = "neg",
      .help = "The number with the other sign.",
      .rule = ElementwiseRule::Number,
      .tile = kernels::cpu::tile::neg,
      .integers = kernels::IntegerFunction::Neg,
      .vjp = [](const VjpCall& c) -> Grads { return {-c.grad(0)}; },
  });
}

}  // namespace fw
