// y = scale table[tokens]: a vector for each token id.
#include "engine/blocks/lowering.h"
#include "engine/ops/embedding.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const Shape shape{at.integer("vocabulary"), at.integer("width")};
  const ir::Value table = at.weight({.name = "weight",
                                     .shape = shape,
                                     .init = initNormal(at.real("init_std")),
                                     .role = "embedding",
                                     .decays = false});
  const ir::Value rows = ir::embedding(table, at.input("tokens"));
  at.output("y", at.real("scale") == 1 ? rows : rows * at.real("scale"));
}

}  // namespace

BlockDef block_embedding_token() {
  return {
      .id = "embedding.token",
      .title = "Token embedding",
      .category = "embedding",
      .help = "Looks a vector up for each token id. A language-model head can be tied to its table.",
      .synonyms = {"lookup", "wte", "vocabulary"},
      .name = "embedding",
      .inputs = {{.name = "tokens", .dims = "B T", .kind = PortKind::Tokens, .help = "Token ids."}},
      .outputs = {{.name = "y", .dims = "B T D"}},
      .params =
          {intParam("vocabulary", 64).label("Vocabulary").help("Number of token ids."),
           intParam("width", 64).label("Width").help("Size of each vector."),
           realParam("init_std", 0.02).label("Init std").range(0, 10).help("Standard deviation of the starting table."),
           realParam("scale", 1)
               .label("Scale")
               .range(-1e6, 1e6)
               .help("The vectors are multiplied by this: the root of the width in Gemma.")},
      .summary = {"vocabulary", "width"},
      .isCausal = true,
      .lower = lower,
      .examples = {{.params = {{"vocabulary", int64_t(11)}, {"width", int64_t(6)}}, .dims = {{"B", 2}, {"T", 7}}},
                   {.params = {{"vocabulary", int64_t(7)}, {"width", int64_t(3)}, {"scale", 1.75}},
                    .dims = {{"B", 1}, {"T", 3}}}},
  };
}

}  // namespace fw
