// log: y = ln x.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_log() {
  return elementwise({
      .name = "log",
      .help = "The natural logarithm.",
      .tile = kernels::cpu::tile::log,
      .flops = 4,
      .vjp = [](const VjpCall& c) -> Grads { return {c.grad(0) / c.input(0)}; },
      .low = 0.1,
      .high = 4,
  });
}

namespace ir {
Value log(Value x) { return x.builder->op("log", {x}); }
}  // namespace ir

}  // namespace fw
