// erf: 2 / sqrt(pi) times the integral of e^(-t^2) over [0, x].
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_erf() {
  return elementwise({
      .name = "erf",
      .help = "The error function.",
      .tile = kernels::cpu::tile::erf,
      .flops = 6,
      .vjp = [](const VjpCall& c) -> Grads {
        return {c.grad(0) * ir::exp(-ir::square(c.input(0))) * 1.1283791670955126};
      },
  });
}

namespace ir {
Value erf(Value x) { return x.builder->op("erf", {x}); }
}  // namespace ir

}  // namespace fw
