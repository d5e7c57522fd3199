// less_equal: true where a <= b.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_less_equal() {
  return elementwise({
      .name = "less_equal",
      .help = "True where a <= b.",
      .rule = ElementwiseRule::Comparison,
      .arity = 2,
      .tile = kernels::cpu::tile::lessEqual,
      .integers = kernels::IntegerFunction::LessEqual,
      .away = {-1, -0.5, 0, 0.5, 1, 2, 0, 1, -1, 0.5, 0.5},
      .isSmooth = false,
  });
}

namespace ir {
Value lessEqual(Value a, Value b) { return a.builder->op("less_equal", {a, b}); }
Value lessEqual(Value a, double b) { return lessEqual(a, a.builder->constant(b, {}, a.dtype())); }
}  // namespace ir

}  // namespace fw
