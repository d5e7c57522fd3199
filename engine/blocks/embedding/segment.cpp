// y[t] = x[t] + table[types[t]]: which of two texts a token belongs to. (Devlin et al., BERT, 2018.)
#include "engine/blocks/lowering.h"
#include "engine/ops/embedding.h"
#include "engine/ops/slice.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const ir::Value table = at.weight({.name = "weight",
                                     .shape = {at.integer("types"), x.size(-1)},
                                     .init = initNormal(0.02),
                                     .role = "embedding_segment",
                                     .decays = false});
  at.output("y", x + (at.hasInput("types") ? ir::embedding(table, at.input("types")) : ir::slice(table, 0, 0, 1)));
}

}  // namespace

BlockDef block_embedding_segment() {
  return {
      .id = "embedding.segment",
      .title = "Segment embedding",
      .category = "embedding",
      .help = "Adds a learned vector for the segment of each token; without segments given, that of the first.",
      .paper = "Devlin et al., BERT: Pre-training of Deep Bidirectional Transformers, 2018",
      .synonyms = {"token type", "sentence A and B"},
      .name = "segments",
      .inputs = {{.name = "x", .dims = "B T D"},
                 {.name = "types",
                  .dims = "B T",
                  .kind = PortKind::Tokens,
                  .isOptional = true,
                  .help = "The segment of each token, from 0 on."}},
      .outputs = {{.name = "y", .dims = "B T D"}},
      .params = {intParam("types", 2).label("Segments").help("How many there are.")},
      .summary = {"types"},
      .isCausal = true,
      .lower = lower,
      .examples = {{.params = {{"types", int64_t(1)}}, .dims = {{"B", 2}, {"T", 7}, {"D", 6}}}},
  };
}

}  // namespace fw
