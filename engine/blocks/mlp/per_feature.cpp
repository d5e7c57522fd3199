// y_n = W2_n gelu(W1_n x_n + b1_n) + b2_n: each feature of a table has an MLP of its own. (Gui et al., Hiformer, 2023.)
#include "engine/blocks/activation.h"
#include "engine/blocks/lowering.h"
#include "engine/ops/matmul.h"
#include "engine/ops/transpose.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t count = x.size(1), hidden = at.integer("hidden");
  const auto map = [&](const std::string& name, ir::Value rows, int64_t out) {
    const ir::Value weight = at.weight(name + ".weight", {count, out, rows.size(2)}, initNormal(0.02));
    const ir::Value bias = at.weight(
        {.name = name + ".bias", .shape = {count, out}, .init = initZeros(), .role = "bias", .decays = false});
    return ir::transpose(ir::matmul(ir::transpose(rows, {1, 0, 2}), weight, {.transposeB = true}), {1, 0, 2}) + bias;
  };
  at.output("y", map("down", activate(at.text("activation"), map("up", x, hidden)), x.size(2)));
}

}  // namespace

BlockDef block_mlp_per_feature() {
  return {.id = "mlp.per_feature",
          .title = "MLP per feature",
          .category = "mlp",
          .help = "Two linear maps with an activation between them, others for each feature of a table.",
          .paper = "Gui et al., Hiformer, 2023",
          .synonyms = {"Hiformer", "heterogeneous", "tabular"},
          .name = "mlp",
          .inputs = {{.name = "x", .dims = "B N D"}},
          .outputs = {{.name = "y", .dims = "B N D"}},
          .params = {intParam("hidden", 512).label("Hidden width").help("Units between the two maps."),
                     choiceParam("activation", "gelu", activationNames())
                         .label("Activation")
                         .help("Applied to the hidden units.")},
          .summary = {"hidden", "activation"},
          .lower = lower,
          .examples = {{.params = {{"hidden", int64_t(5)}}, .dims = {{"B", 2}, {"N", 3}, {"D", 4}}}}};
}

}  // namespace fw
