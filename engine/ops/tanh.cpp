// tanh: y = (e^x - e^-x) / (e^x + e^-x).
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_tanh() {
  return elementwise({
      .name = "tanh",
      .help = "The hyperbolic tangent.",
      .tile = kernels::cpu::tile::tanh,
      .flops = 6,
      .vjp = [](const VjpCall& c) -> Grads { return {c.grad(0) * (1.0 - ir::square(c.output(0)))}; },
  });
}

namespace ir {
Value tanh(Value x) { return x.builder->op("tanh", {x}); }
}  // namespace ir

}  // namespace fw
