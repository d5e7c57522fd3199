// y = x + a + b: two branches that read the same stream. (Wang and Komatsuzaki, GPT-J, 2021.)
#include "engine/blocks/lowering.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  for (const char* port : {"a", "b"}) {
    at.probeSource("sublayer.in", port, x);
    at.probeSource("sublayer.out", port, x + at.input(port));
  }
  at.output("y", x + at.input("a") + at.input("b"));
}

}  // namespace

BlockDef block_structure_parallel_residual() {
  return {
      .id = "structure.parallel_residual",
      .title = "Parallel residual",
      .category = "structure",
      .help = "Adds two branches, attention and MLP say, that were computed from the same stream.",
      .paper = "Wang and Komatsuzaki, GPT-J-6B, 2021",
      .synonyms = {"add", "GPT-J", "NeoX"},
      .name = "add",
      .inputs = {{.name = "x", .dims = "... D", .help = "The stream."},
                 {.name = "a", .dims = "... D"},
                 {.name = "b", .dims = "... D"}},
      .outputs = {{.name = "y", .dims = "... D"}},
      .isCausal = true,
      .lower = lower,
      .examples = {{.dims = {{"B", 2}, {"T", 7}, {"D", 3}}}},
  };
}

}  // namespace fw
