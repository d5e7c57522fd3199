// greater: true where a > b.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_greater() {
  return elementwise({
      .name = "greater",
      .help = "True where a > b.",
      .rule = ElementwiseRule::Comparison,
      .arity = 2,
      .tile = kernels::cpu::tile::greater,
      .integers = kernels::IntegerFunction::Greater,
      .away = {-1, -0.5, 0, 0.5, 1, 2, 0, 1, -1, 0.5, 0.5},
      .isSmooth = false,
  });
}

namespace ir {
Value greater(Value a, Value b) { return a.builder->op("greater", {a, b}); }
Value greater(Value a, double b) { return greater(a, a.builder->constant(b, {}, a.dtype())); }
}  // namespace ir

}  // namespace fw
