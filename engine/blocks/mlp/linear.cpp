// y = act(W x + b).
#include "engine/blocks/activation.h"
#include "engine/blocks/lowering.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  at.output("y", activate(at.text("activation"), at.linear("", at.input("x"), at.integer("out"), at.flag("bias"))));
}

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
      .params =
          {intParam("out", 64).label("Width out").help("Size of each result."),
           boolParam("bias", true).label("Bias").help("Whether a vector is added."),
           choiceParam("activation", "none", activationNames()).label("Activation").help("Applied to the result.")},
      .summary = {"out"},
      .isCausal = true,
      .lower = lower,
      .examples = {{.params = {{"out", int64_t(5)}}, .dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                   {.params = {{"out", int64_t(3)}, {"activation", std::string("gelu")}},
                    .dims = {{"B", 1}, {"T", 3}, {"D", 4}}}},
  };
}

}  // namespace fw
