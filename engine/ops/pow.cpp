// pow: y = a^b.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_pow() {
  return elementwise({
      .name = "pow",
      .help = "One number to the power of another.",
      .rule = ElementwiseRule::Float,
      .arity = 2,
      .tile = kernels::cpu::tile::pow,
      .flops = 8,
      .vjp = [](const VjpCall& c) -> Grads {
        const ir::Value a = c.input(0), b = c.input(1), dy = c.grad(0);
        Grads grads(2);
        // d a^0 = 0 also where a is 0, and d 0^b = 0 although ln 0 is infinite.
        if (c.need(0)) grads[0] = dy * ir::where(ir::equal(b, 0.0), 0.0, b * ir::pow(a, b - 1.0));
        if (c.need(1)) grads[1] = dy * ir::where(ir::equal(a, 0.0), 0.0, c.output(0) * ir::log(a));
        return grads;
      },
      .low = 0.2,
      .high = 2.5,
  });
}

namespace ir {
Value pow(Value a, Value b) { return a.builder->op("pow", {a, b}); }
Value pow(Value a, double b) { return pow(a, a.builder->constant(b, {}, a.dtype())); }
}  // namespace ir

}  // namespace fw
