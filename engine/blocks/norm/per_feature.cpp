// Layer norm with a scale and a shift for each feature of a table. (Gui et al., Hiformer, 2023.)
#include "engine/blocks/lowering.h"
#include "engine/ops/layer_norm.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const Shape shape = {x.size(1), x.size(2)};
  const ir::Value scale =
      at.weight({.name = "weight", .shape = shape, .init = initOnes(), .role = "norm", .decays = false});
  const ir::Value shift =
      at.weight({.name = "bias", .shape = shape, .init = initZeros(), .role = "norm", .decays = false});
  at.output("y", ir::layerNorm(x, {}, {}, at.real("eps")) * scale + shift);
}

}  // namespace

BlockDef block_norm_per_feature() {
  return {.id = "norm.per_feature",
          .title = "Norm per feature",
          .category = "norm",
          .help = "Layer norm whose scale and shift are others for each feature of a table.",
          .paper = "Gui et al., Hiformer, 2023",
          .synonyms = {"LayerNorm", "Hiformer", "tabular"},
          .name = "norm",
          .inputs = {{.name = "x", .dims = "B N D"}},
          .outputs = {{.name = "y", .dims = "B N D"}},
          .params = {realParam("eps", 1e-5).label("Epsilon").range(0, 1).help("Added to the variance.")},
          .summary = {"eps"},
          .lower = lower,
          .examples = {{.dims = {{"B", 2}, {"N", 3}, {"D", 4}}}}};
}

}  // namespace fw
