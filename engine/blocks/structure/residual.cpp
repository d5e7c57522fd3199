// y = x + branch: the join of a residual connection. (He et al., Deep Residual Learning, 2015.)
#include "engine/blocks/lowering.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const ir::Value y = x + at.input("branch");
  at.probeSource("sublayer.in", "branch", x);
  at.probeSource("sublayer.out", "branch", y);
  at.output("y", y);
}

}  // namespace

BlockDef block_structure_residual() {
  return {
      .id = "structure.residual",
      .title = "Residual",
      .category = "structure",
      .help = "Adds a branch to the stream it was taken from. Muted, the stream passes and the branch is not computed.",
      .synonyms = {"add", "plus", "skip", "sum"},
      .name = "add",
      .inputs = {{.name = "x", .dims = "... D", .help = "The stream."},
                 {.name = "branch", .dims = "... D", .help = "What is added to it."}},
      .outputs = {{.name = "y", .dims = "... D"}},
      .isCausal = true,
      .lower = lower,
      .examples = {{.dims = {{"B", 2}, {"T", 7}, {"D", 3}}}},
  };
}

}  // namespace fw
