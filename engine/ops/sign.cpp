// sign: -1, 0 or 1.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_sign() {
  return elementwise({
      .name = "sign",
      .help = "The sign: -1, 0 or 1.",
      .rule = ElementwiseRule::Number,
      .tile = kernels::cpu::tile::sign,
      .integers = kernels::IntegerFunction::Sign,
      .hasGradient = false,
      .isSmooth = false,
  });
}

namespace ir {
Value sign(Value x) { return x.builder->op("sign", {x}); }
}  // namespace ir

}  // namespace fw
