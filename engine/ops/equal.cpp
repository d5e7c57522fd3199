// equal: true where a = b.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_equal() {
  return elementwise({
      .name = "equal",
      .help = "True where a = b.",
      .rule = ElementwiseRule::Comparison,
      .arity = 2,
      .tile = kernels::cpu::tile::equal,
      .integers = kernels::IntegerFunction::Equal,
      .away = {-1, -0.5, 0, 0.5, 1, 2, 0, 1, -1, 0.5, 0.5},
      .isSmooth = false,
  });
}

namespace ir {
Value equal(Value a, Value b) { return a.builder->op("equal", {a, b}); }
Value equal(Value a, double b) { return equal(a, a.builder->constant(b, {}, a.dtype())); }
}  // namespace ir

}  // namespace fw
