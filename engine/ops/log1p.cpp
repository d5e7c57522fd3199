// log1p: y = ln(1 + x).
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_log1p() {
  return elementwise({
      .name = "log1p",
      .help = "ln(1 + x), without loss for small x.",
      .tile = kernels::cpu::tile::log1p,
      .flops = 4,
      .vjp = [](const VjpCall& c) -> Grads { return {c.grad(0) / (c.input(0) + 1.0)}; },
      .low = -0.8,
      .high = 4,
  });
}

namespace ir {
Value log1p(Value x) { return x.builder->op("log1p", {x}); }
}  // namespace ir

}  // namespace fw
