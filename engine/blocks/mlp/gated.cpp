// y = W_down (act(W_gate x) * W_up x): SwiGLU, GeGLU, ReGLU by the activation. (Shazeer, GLU Variants Improve
// Transformer, 2020.)
#include "engine/blocks/activation.h"
#include "engine/blocks/lowering.h"
#include "engine/ops/dropout.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const bool hasBias = at.flag("bias");
  const int64_t width = at.integer("hidden");
  ir::Value hidden =
      activate(at.text("activation"), at.linear("gate", x, width, hasBias)) * at.linear("up", x, width, hasBias);
  at.probe("mlp.hidden", hidden);
  if (at.real("dropout") > 0 && at.mode() == Mode::Train)
    hidden = ir::dropout(hidden, at.randomSeed(), at.real("dropout"), at.randomStream("dropout"));
  at.output("y", at.linear("down", hidden, x.size(-1), hasBias));
}

}  // namespace

BlockDef block_mlp_gated() {
  return {
      .id = "mlp.gated",
      .title = "Gated MLP",
      .category = "mlp",
      .help =
          "A linear map gated by an activated second one, then a map back: SwiGLU with SiLU, GeGLU with GELU, ReGLU "
          "with ReLU.",
      .paper = "Shazeer, GLU Variants Improve Transformer, 2020",
      .synonyms = {"SwiGLU", "GeGLU", "ReGLU", "GLU", "feed-forward"},
      .name = "mlp",
      .inputs = {{.name = "x", .dims = "... D"}},
      .outputs = {{.name = "y", .dims = "... D"}},
      .params = {intParam("hidden", 172).label("Hidden width").help("Units of gate and value."),
                 choiceParam("activation", "silu", activationNames())
                     .label("Activation")
                     .help("Applied to the gate: silu is SwiGLU, gelu GeGLU, relu ReGLU."),
                 boolParam("bias", false).label("Bias").help("Whether the three maps have one."),
                 realParam("dropout", 0)
                     .label("Dropout")
                     .range(0, 0.99)
                     .help("Share of hidden units set to zero while training.")},
      .summary = {"hidden", "activation"},
      .isCausal = true,
      .lower = lower,
      .examples = {{.params = {{"hidden", int64_t(9)}}, .dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                   {.params = {{"hidden", int64_t(5)}, {"activation", std::string("gelu")}, {"bias", true}},
                    .dims = {{"B", 1}, {"T", 3}, {"D", 4}}}},
  };
}

}  // namespace fw
