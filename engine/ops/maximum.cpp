// maximum: the larger of a and b, NaN where one is.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_maximum() {
  return elementwise({
      .name = "maximum",
      .help = "The larger of two numbers.",
      .rule = ElementwiseRule::Number,
      .arity = 2,
      .tile = kernels::cpu::tile::maximum,
      .integers = kernels::IntegerFunction::Maximum,
      .vjp = [](const VjpCall& c) -> Grads {
        const ir::Value a = c.input(0), b = c.input(1), dy = c.grad(0);
        // Equal values share the gradient.
        const ir::Value ofA = ir::where(ir::equal(a, b), dy * 0.5, ir::where(ir::greater(a, b), dy, 0.0));
        return {ofA, dy - ofA};
      },
      .away = {-1.9, -1.3, -0.8, -0.3, 0.4, 0.7, 1.1, 1.8, 2.3, -2.6, 0.1},
  });
}

namespace ir {
Value maximum(Value a, Value b) { return a.builder->op("maximum", {a, b}); }
Value maximum(Value a, double b) { return maximum(a, a.builder->constant(b, {}, a.dtype())); }
}  // namespace ir

}  // namespace fw
