// logits = x W^T, or cap tanh(x W^T / cap): a score for each token of the vocabulary. (Press and Wolf, Using the Output
// Embedding to Improve Language Models, 2016: tied.)
#include "engine/blocks/lowering.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t vocabulary = at.integer("vocabulary");
  const auto finish = [&](ir::Value logits) {
    const double scale = at.real("scale"), cap = at.real("soft_cap");
    if (scale != 1) logits = logits * scale;
    if (cap > 0) logits = ir::tanh(logits / cap) * cap;
    at.output("logits", logits);
  };
  if (!at.flag("tied")) {
    finish(at.linear("", x, vocabulary, at.flag("bias")));
    return;
  }
  const ir::Value bias =
      at.flag("bias")
          ? at.weight({.name = "bias", .shape = {vocabulary}, .init = initZeros(), .role = "bias", .decays = false})
          : ir::Value{};
  finish(ir::linear(x, at.tiedEmbedding({vocabulary, x.size(-1)}), bias));
}

}  // namespace

BlockDef block_head_language_model() {
  return {
      .id = "head.language_model",
      .title = "Language-model head",
      .category = "embedding",
      .help = "Scores each token of the vocabulary; tied, with the table of the token embedding.",
      .paper = "Press and Wolf, Using the Output Embedding to Improve Language Models, 2016",
      .synonyms = {"LM head", "unembedding", "logits"},
      .name = "head",
      .inputs = {{.name = "x", .dims = "B T D"}},
      .outputs = {{.name = "logits", .dims = "B T V"}},
      .params = {intParam("vocabulary", 64).label("Vocabulary").help("Number of token ids."),
                 boolParam("tied", true).label("Tied").help("Uses the token embedding's table."),
                 boolParam("bias", false).label("Bias").help("Adds a number to each token's score."),
                 realParam("scale", 1).label("Scale").range(-1e6, 1e6).help("The scores are multiplied by this."),
                 realParam("soft_cap", 0)
                     .label("Soft cap")
                     .range(0, 1e6)
                     .help("Scores saturate at this, cap tanh(score / cap); 0: none.")},
      .summary = {"vocabulary", "tied"},
      .isCausal = true,
      .lower = lower,
      .examples = {{.params = {{"vocabulary", int64_t(11)}, {"tied", false}}, .dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                   {.params = {{"vocabulary", int64_t(7)}, {"tied", false}, {"soft_cap", 3.0}, {"scale", 0.5}},
                    .dims = {{"B", 1}, {"T", 3}, {"D", 5}}}},
  };
}

}  // namespace fw
