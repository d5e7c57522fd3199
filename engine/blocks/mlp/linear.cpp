// y = W x + b.
#include "engine/blocks/lowering.h"

namespace fw {
namespace {

void lower(Lowering& at) { at.output("y", at.linear("", at.input("x"), at.integer("out"), at.flag("bias"))); }

}  // namespace

BlockDef block_mlp_linear() {
  return {
      .id = "mlp.linear",
      .title = "Linear",
      .category = "mlp",
      .help = "One linear map of each vector.",
      .synonyms = {"dense", "projection", "fully connected"},
      .name = "linear",
      .inputs = {{.name = "x", .dims = "... D"}},
      .outputs = {{.name = "y", .dims = "... E"}},
      .params = {intParam("out", 64).label("Width out").help("Size of each result."),
                 boolParam("bias", true).label("Bias").help("Whether a vector is added.")},
      .summary = {"out"},
      .isCausal = true,
      .lower = lower,
      .examples = {{.params = {{"out", int64_t(5)}}, .dims = {{"B", 2}, {"T", 7}, {"D", 6}}}},
  };
}

}  // namespace fw
