// y = (x - mean) / sqrt(variance + eps) * w + b. (Ba, Kiros and Hinton, Layer Normalization, 2016.)
#include "engine/blocks/lowering.h"
#include "engine/ops/layer_norm.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const Shape shape{x.size(-1)};
  const ir::Value weight =
      at.weight({.name = "weight", .shape = shape, .init = initOnes(), .role = "norm", .decays = false});
  const ir::Value bias =
      at.flag("bias")
          ? at.weight({.name = "bias", .shape = shape, .init = initZeros(), .role = "norm", .decays = false})
          : ir::Value{};
  at.output("y", ir::layerNorm(x, weight, bias, at.real("eps")));
}

}  // namespace

BlockDef block_norm_layer() {
  return {
      .id = "norm.layer",
      .title = "Layer norm",
      .category = "norm",
      .help = "Centres each vector, divides it by its standard deviation, scales and shifts each feature.",
      .paper = "Ba, Kiros and Hinton, Layer Normalization, 2016",
      .synonyms = {"LayerNorm", "normalisation"},
      .name = "norm",
      .inputs = {{.name = "x", .dims = "... D"}},
      .outputs = {{.name = "y", .dims = "... D"}},
      .params = {realParam("eps", 1e-5).label("Epsilon").range(0, 1).help("Added to the variance."),
                 boolParam("bias", true).label("Bias").help("Whether features are shifted.")},
      .summary = {"eps"},
      .isCausal = true,
      .lower = lower,
      .examples = {{.dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                   {.params = {{"bias", false}}, .dims = {{"B", 1}, {"T", 3}, {"D", 5}}}},
  };
}

}  // namespace fw
