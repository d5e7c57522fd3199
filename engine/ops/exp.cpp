// exp: y = e^x.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_exp() {
  return elementwise({
      .name = "exp",
      .help = "The exponential function.",
      .tile = kernels::cpu::tile::exp,
      .flops = 4,
      .vjp = [](const VjpCall& c) -> Grads { return {c.grad(0) * c.output(0)}; },
  });
}

namespace ir {
Value exp(Value x) { return x.builder->op("exp", {x}); }
}  // namespace ir

}  // namespace fw
