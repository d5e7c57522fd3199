// y = W2 act(W1 x + b1) + b2. (Vaswani et al., Attention Is All You Need, 2017.)
#include "engine/blocks/activation.h"
#include "engine/blocks/lowering.h"
#include "engine/ops/dropout.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const bool hasBias = at.flag("bias");
  ir::Value hidden = activate(at.text("activation"), at.linear("up", x, at.integer("hidden"), hasBias));
  at.probe("mlp.hidden", hidden);
  if (at.real("dropout") > 0 && at.mode() == Mode::Train)
    hidden = ir::dropout(hidden, at.randomSeed(), at.real("dropout"), at.randomStream("dropout"));
  at.output("y", at.linear("down", hidden, x.size(-1), hasBias));
}

}  // namespace

BlockDef block_mlp_mlp() {
  return {
      .id = "mlp.mlp",
      .title = "MLP",
      .category = "mlp",
      .help = "Two linear maps with an activation between them, at each position alone.",
      .paper = "Vaswani et al., Attention Is All You Need, 2017",
      .synonyms = {"feed-forward", "FFN", "GELU MLP", "ReLU MLP", "channel mixer"},
      .name = "mlp",
      .inputs = {{.name = "x", .dims = "... D"}},
      .outputs = {{.name = "y", .dims = "... D"}},
      .params = {intParam("hidden", 256).label("Hidden width").help("Units between the two maps."),
                 choiceParam("activation", "gelu", activationNames())
                     .label("Activation")
                     .help("Applied to the hidden units."),
                 boolParam("bias", true).label("Bias").help("Whether both maps have one."),
                 realParam("dropout", 0)
                     .label("Dropout")
                     .range(0, 0.99)
                     .help("Share of hidden units set to zero while training.")},
      .summary = {"hidden", "activation"},
      .isCausal = true,
      .lower = lower,
      .examples = {{.params = {{"hidden", int64_t(9)}}, .dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                   {.params = {{"hidden", int64_t(5)}, {"activation", std::string("squared_relu")}, {"bias", false}},
                    .dims = {{"B", 1}, {"T", 3}, {"D", 4}}},
                   {.params = {{"hidden", int64_t(3)}, {"activation", std::string("quick_gelu")}},
                    .dims = {{"B", 1}, {"T", 3}, {"D", 4}}}},
  };
}

}  // namespace fw
