// logical_not: true where x is false.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_logical_not() {
  return elementwise({
      .name = "logical_not",
      .help = "True where the input is false.",
      .rule = ElementwiseRule::Logic,
      .tile = kernels::cpu::tile::logicalNot,
      .isSmooth = false,
  });
}

namespace ir {
Value logicalNot(Value x) { return x.builder->op("logical_not", {x}); }
}  // namespace ir

}  // namespace fw
