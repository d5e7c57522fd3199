// y = x / rms(x) * w, or * (1 + w). (Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.)
#include "engine/blocks/lowering.h"
#include "engine/ops/rms_norm.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const bool isAroundOne = at.flag("around_one");
  const ir::Value weight = at.weight({.name = "weight",
                                      .shape = {x.size(-1)},
                                      .init = isAroundOne ? initZeros() : initOnes(),
                                      .role = "norm",
                                      .decays = false});
  at.output("y", ir::rmsNorm(x, isAroundOne ? 1.0 + weight : weight, at.real("eps")));
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
      .params = {realParam("eps", 1e-5).label("Epsilon").range(0, 1).help("Added to the mean square."),
                 boolParam("around_one", false)
                     .label("Around one")
                     .help("Features are scaled by 1 + weight, so that a weight of 0 changes nothing (Gemma).")},
      .summary = {"eps"},
      .isCausal = true,
      .lower = lower,
      .examples = {{.dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                   {.params = {{"around_one", true}}, .dims = {{"B", 1}, {"T", 3}, {"D", 5}}}},
  };
}

}  // namespace fw
