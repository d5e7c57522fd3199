// greater_equal: true where a >= b.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_greater_equal() {
  return elementwise({
      .name = "greater_equal",
      .help = "True where a >= b.",
      .rule = ElementwiseRule::Comparison,
      .arity = 2,
      .tile = kernels::cpu::tile::greaterEqual,
      .integers = kernels::IntegerFunction::GreaterEqual,
      .away = {-1, -0.5, 0, 0.5, 1, 2, 0, 1, -1, 0.5, 0.5},
      .isSmooth = false,
  });
}

namespace ir {
Value greaterEqual(Value a, Value b) { return a.builder->op("greater_equal", {a, b}); }
Value greaterEqual(Value a, double b) { return greaterEqual(a, a.builder->constant(b, {}, a.dtype())); }
}  // namespace ir

}  // namespace fw
