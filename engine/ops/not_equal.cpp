// not_equal: true where a and b differ.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_not_equal() {
  return elementwise({
      .name = "not_equal",
      .help = "True where a and b differ.",
      .rule = ElementwiseRule::Comparison,
      .arity = 2,
      .tile = kernels::cpu::tile::notEqual,
      .integers = kernels::IntegerFunction::NotEqual,
      .away = {-1, -0.5, 0, 0.5, 1, 2, 0, 1, -1, 0.5, 0.5},
      .isSmooth = false,
  });
}

namespace ir {
Value notEqual(Value a, Value b) { return a.builder->op("not_equal", {a, b}); }
Value notEqual(Value a, double b) { return notEqual(a, a.builder->constant(b, {}, a.dtype())); }
}  // namespace ir

}  // namespace fw
