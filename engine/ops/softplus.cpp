// softplus: y = ln(1 + e^x).
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_softplus() {
  return elementwise({
      .name = "softplus",
      .help = "A smooth form of max(x, 0).",
      .tile = kernels::cpu::tile::softplus,
      .flops = 6,
      .vjp = [](const VjpCall& c) -> Grads { return {c.grad(0) * ir::sigmoid(c.input(0))}; },
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> {
        const ir::Value x = c.input(0);
        return {ir::maximum(x, 0.0) + ir::log1p(ir::exp(-ir::abs(x)))};
      },
      .low = -6,
      .high = 6,
  });
}

namespace ir {
Value softplus(Value x) { return x.builder->op("softplus", {x}); }
}  // namespace ir

}  // namespace fw
