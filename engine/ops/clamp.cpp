// clamp: y = min(max(x, low), high).
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_clamp() {
  return elementwise({
      .name = "clamp",
      .help = "The number held between two bounds.",
      .tile = kernels::cpu::tile::clamp,
      .flops = 2,
      .vjp = [](const VjpCall& c) -> Grads { return {ir::where(ir::equal(c.input(0), c.output(0)), c.grad(0), 0.0)}; },
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> {
        return {ir::minimum(ir::maximum(c.input(0), c.attrs.real("low")), c.attrs.real("high"))};
      },
      .constants =
          [](const ir::Attrs& a) {
            return std::vector<float>{float(a.real("low")), float(a.real("high"))};
          },
      .away = {-1.9, -1.3, -0.8, -0.3, 0.4, 0.7, 1.1, 1.8, 2.3, -2.6, 0.25},
      .attrs = {{"low", -1.0}, {"high", 1.5}},
  });
}

namespace ir {
Value clamp(Value x, double low, double high) {
  if (!(low <= high))
    throw Error(Code::Parameter, text("[clamp] the bounds are ", low, " and ", high, "; expected low <= high."));
  return x.builder->op("clamp", {x}, {{"low", low}, {"high", high}});
}
}  // namespace ir

}  // namespace fw
