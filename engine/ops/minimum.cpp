// minimum: the smaller of a and b, NaN where one is.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_minimum() {
  return elementwise({
      .name = "minimum",
      .help = "The smaller of two numbers.",
      .rule = ElementwiseRule::Number,
      .arity = 2,
      .tile = kernels::cpu::tile::minimum,
      .integers = kernels::IntegerFunction::Minimum,
      .vjp = [](const VjpCall& c) -> Grads {
        const ir::Value a = c.input(0), b = c.input(1), dy = c.grad(0);
        // Equal values share the gradient.
        const ir::Value ofA = ir::where(ir::equal(a, b), dy * 0.5, ir::where(ir::less(a, b), dy, 0.0));
        return {ofA, dy - ofA};
      },
      .away = {-1.9, -1.3, -0.8, -0.3, 0.4, 0.7, 1.1, 1.8, 2.3, -2.6, 0.1},
  });
}

namespace ir {
Value minimum(Value a, Value b) { return a.builder->op("minimum", {a, b}); }
Value minimum(Value a, double b) { return minimum(a, a.builder->constant(b, {}, a.dtype())); }
}  // namespace ir

}  // namespace fw
