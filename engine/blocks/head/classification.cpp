// logits = W x + b: a score for each class.
#include "engine/blocks/lowering.h"

namespace fw {
namespace {

void lower(Lowering& at) { at.output("logits", at.linear("", at.input("x"), at.integer("classes"), at.flag("bias"))); }

}  // namespace

BlockDef block_head_classification() {
  return {
      .id = "head.classification",
      .title = "Classification head",
      .category = "embedding",
      .help = "Scores each class from one vector a sample.",
      .synonyms = {"classifier", "logits"},
      .name = "head",
      .inputs = {{.name = "x", .dims = "B D"}},
      .outputs = {{.name = "logits", .dims = "B N"}},
      .params = {intParam("classes", 10).label("Classes").help("Number of classes."),
                 boolParam("bias", true).label("Bias").help("Adds a number to each score.")},
      .summary = {"classes"},
      .lower = lower,
      .examples = {{.params = {{"classes", int64_t(3)}}, .dims = {{"B", 2}, {"D", 6}}}},
  };
}

}  // namespace fw
