// Two Mamba layers that learn to copy what matters and skip the noise.
#include "engine/presets/preset.h"
#include "engine/presets/sketch.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  Sketch sketch("Mamba copy", catalog);
  sketch.variable("width", 64);
  sketch.add("in", {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  sketch.add("embedding.token", {{"vocabulary", int64_t(16)}, {"width", std::string("=width")}});
  const NodeId layers = sketch.add("structure.repeat", {{"count", int64_t(2)}});
  Sketch layer = sketch.inside(layers);
  layer.sublayer("norm.rms", "ssm.mamba", {{"state", int64_t(8)}});
  layer.finish();
  sketch.add("norm.rms", {}, "norm_final");
  sketch.add("head.language_model", {{"vocabulary", int64_t(16)}, {"tied", false}});
  sketch.add("out", {}, "logits");
  return sketch.result();
}

}  // namespace

PresetDef preset_templates_mamba_copy() {
  return {
      .id = "mamba-copy",
      .title = "Mamba copy",
      .help = "Two selective state space layers learn to repeat scattered tokens and to ignore the noise between them.",
      .paper = "Gu and Dao, Mamba, 2023",
      .family = "Templates",
      .isTemplate = true,
      .task = "selective_copy",
      .steps = 6000,
      .learningRate = 2e-3,
      .batch = 32,
      .make = make};
}

}  // namespace fw
