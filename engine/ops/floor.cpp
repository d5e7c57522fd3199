// floor: the largest whole number that is not above x.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_floor() {
  return elementwise({
      .name = "floor",
      .help = "Rounds down.",
      .tile = kernels::cpu::tile::floor,
      .hasGradient = false,
      .isSmooth = false,
  });
}

namespace ir {
Value floor(Value x) { return x.builder->op("floor", {x}); }
}  // namespace ir

}  // namespace fw
