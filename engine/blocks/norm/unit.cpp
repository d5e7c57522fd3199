// y = x / |x|.
#include "engine/blocks/lowering.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/sum.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  at.output("y", x * ir::rsqrt(ir::sum(ir::square(x), {-1}, true) + at.real("eps")));
}

}  // namespace

BlockDef block_norm_unit() {
  return {
      .id = "norm.unit",
      .title = "Unit length",
      .category = "norm",
      .help = "Divides each vector by its length, so that products of vectors are cosines.",
      .paper = "Radford et al., Learning Transferable Visual Models From Natural Language Supervision, 2021",
      .synonyms = {"L2", "cosine", "normalise"},
      .name = "unit",
      .inputs = {{.name = "x", .dims = "... D"}},
      .outputs = {{.name = "y", .dims = "... D"}},
      .params = {realParam("eps", 1e-24).label("Epsilon").range(0, 1).help("Added to the square of the length.")},
      .isCausal = true,
      .lower = lower,
      .examples = {{.dims = {{"B", 2}, {"T", 7}, {"D", 6}}}},
  };
}

}  // namespace fw
