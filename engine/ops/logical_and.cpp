// logical_and: true where both inputs are true.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_logical_and() {
  return elementwise({
      .name = "logical_and",
      .help = "True where both inputs are true.",
      .rule = ElementwiseRule::Logic,
      .arity = 2,
      .tile = kernels::cpu::tile::logicalAnd,
      .isSmooth = false,
  });
}

namespace ir {
Value logicalAnd(Value a, Value b) { return a.builder->op("logical_and", {a, b}); }
}  // namespace ir

}  // namespace fw
