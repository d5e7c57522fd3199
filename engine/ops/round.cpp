// round: the nearest whole number, ties to even.
#include "engine/ops/elementwise.h"
#include "engine/ops/elementwise_def.h"

namespace fw {

OpDef op_round() {
  return elementwise({
      .name = "round",
      .help = "Rounds to the nearest whole number, ties to even.",
      .tile = kernels::cpu::tile::round,
      .hasGradient = false,
      .isSmooth = false,
  });
}

namespace ir {
Value round(Value x) { return x.builder->op("round", {x}); }
}  // namespace ir

}  // namespace fw
