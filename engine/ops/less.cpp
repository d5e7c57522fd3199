// less: true where a < b.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_less() {
  return elementwise({
      .name = "less",
      .help = "True where a < b.",
      .rule = ElementwiseRule::Comparison,
      .arity = 2,
      .tile = kernels::cpu::tile::less,
      .integers = kernels::IntegerFunction::Less,
      .away = {-1, -0.5, 0, 0.5, 1, 2, 0, 1, -1, 0.5, 0.5},
      .isSmooth = false,
  });
}

namespace ir {
Value less(Value a, Value b) { return a.builder->op("less", {a, b}); }
Value less(Value a, double b) { return less(a, a.builder->constant(b, {}, a.dtype())); }
}  // namespace ir

}  // namespace fw
