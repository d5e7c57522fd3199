// silu: y = x sigmoid(x). (Elfwing, Uchibe and Doya, "Sigmoid-Weighted Linear Units", 2017.)
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_silu() {
  return elementwise({
      .name = "silu",
      .help = "The number times its logistic function.",
      .tile = kernels::cpu::tile::silu,
      .flops = 5,
      .vjp = [](const VjpCall& c) -> Grads { return {ir::siluGradient(c.input(0), c.grad(0))}; },
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> {
        return {c.input(0) * ir::sigmoid(c.input(0))};
      },
      .low = -6,
      .high = 6,
  });
}

namespace ir {
Value silu(Value x) { return x.builder->op("silu", {x}); }
}  // namespace ir

}  // namespace fw
