// Mamba 130M: 129,135,360 parameters. (Gu and Dao, 2023.)
#include "engine/presets/preset.h"
#include "engine/presets/sketch.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  Sketch sketch("Mamba 130M", catalog);
  sketch.variable("width", 768);
  sketch.add("in", {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  sketch.add("embedding.token", {{"vocabulary", int64_t(50280)}, {"width", std::string("=width")}});
  const NodeId layers = sketch.add("structure.repeat", {{"count", int64_t(24)}});
  Sketch layer = sketch.inside(layers);
  layer.sublayer("norm.rms", "ssm.mamba", {});
  layer.finish();
  sketch.add("norm.rms", {}, "norm_final");
  sketch.add("head.language_model", {{"vocabulary", int64_t(50280)}, {"tied", true}});
  sketch.add("out", {}, "logits");
  return sketch.result();
}

}  // namespace

PresetDef preset_state_space_mamba_130m() {
  return {.id = "mamba-130m",
          .title = "Mamba 130M",
          .help = "24 selective state space layers of width 768, no attention, no positions: 129,135,360 parameters.",
          .paper = "Gu and Dao, Mamba: Linear-Time Sequence Modeling with Selective State Spaces, 2023",
          .family = "State space",
          .make = make};
}

}  // namespace fw
