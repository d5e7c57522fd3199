// squared_relu: y = max(x, 0)^2. (So et al., "Primer", 2021.)
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_squared_relu() {
  return elementwise({
      .name = "squared_relu",
      .help = "The square of the number, or 0 where it is negative.",
      .tile = kernels::cpu::tile::squaredRelu,
      .flops = 2,
      .vjp = [](const VjpCall& c) -> Grads { return {c.grad(0) * ir::relu(c.input(0)) * 2.0}; },
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> { return {ir::square(ir::relu(c.input(0)))}; },
  });
}

namespace ir {
Value squaredRelu(Value x) { return x.builder->op("squared_relu", {x}); }
}  // namespace ir

}  // namespace fw
