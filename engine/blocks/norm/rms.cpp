// y = x / rms(x) * w. (Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.)
#include "engine/blocks/lowering.h"
#include "engine/ops/rms_norm.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const ir::Value weight =
      at.weight({.name = "weight", .shape = {x.size(-1)}, .init = initOnes(), .role = "norm", .decays = false});
  at.output("y", ir::rmsNorm(x, weight, at.real("eps")));
}

}  // namespace

BlockDef block_norm_rms() {
  return {
      .id = "norm.rms",
      .title = "RMS norm",
      .category = "norm",
      .help = "Divides each vector by its root mean square and scales each feature.",
      .paper = "Zhang and Sennrich, Root Mean Square Layer Normalization, 2019",
      .synonyms = {"RMSNorm", "normalisation"},
      .name = "norm",
      .inputs = {{.name = "x", .dims = "... D"}},
      .outputs = {{.name = "y", .dims = "... D"}},
      .params = {realParam("eps", 1e-5).label("Epsilon").range(0, 1).help("Added to the mean square.")},
      .summary = {"eps"},
      .isCausal = true,
      .lower = lower,
      .examples = {{.dims = {{"B", 2}, {"T", 7}, {"D", 6}}}},
  };
}

}  // namespace fw
