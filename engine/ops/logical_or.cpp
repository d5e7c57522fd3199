// logical_or: true where one of the inputs is true.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_logical_or() {
  return elementwise({
      .name = "logical_or",
      .help = "True where one of the inputs is true.",
      .rule = ElementwiseRule::Logic,
      .arity = 2,
      .tile = kernels::cpu::tile::logicalOr,
      .isSmooth = false,
  });
}

namespace ir {
Value logicalOr(Value a, Value b) { return a.builder->op("logical_or", {a, b}); }
}  // namespace ir

}  // namespace fw
