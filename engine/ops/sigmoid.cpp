// sigmoid: y = 1 / (1 + e^-x).
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_sigmoid() {
  return elementwise({
      .name = "sigmoid",
      .help = "The logistic function.",
      .tile = kernels::cpu::tile::sigmoid,
      .flops = 4,
      .vjp = [](const VjpCall& c) -> Grads {
        const ir::Value y = c.output(0);
        return {c.grad(0) * y * (1.0 - y)};
      },
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> {
        return {1.0 / (ir::exp(-c.input(0)) + 1.0)};
      },
  });
}

namespace ir {
Value sigmoid(Value x) { return x.builder->op("sigmoid", {x}); }
}  // namespace ir

}  // namespace fw
