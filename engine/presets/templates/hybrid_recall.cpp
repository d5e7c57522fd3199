// A hybrid stack: Mamba and attention layers by a pattern, MLPs between them.
#include "engine/presets/preset.h"
#include "engine/presets/sketch.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  Sketch sketch("Hybrid recall", catalog);
  sketch.variable("width", 64);
  sketch.add("in", {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  sketch.add("embedding.token", {{"vocabulary", int64_t(64)}, {"width", std::string("=width")}});
  const NodeId layers = sketch.add("structure.repeat", {{"count", int64_t(8)}, {"pattern", std::string("MM*-")}});
  Sketch mamba = sketch.inside(layers, "M");
  mamba.sublayer("norm.rms", "ssm.mamba", {{"state", int64_t(8)}});
  mamba.finish();
  Sketch attention = sketch.inside(layers, "*");
  attention.sublayer("norm.rms", "attention.grouped_query", {{"heads", int64_t(4)}, {"kv_heads", int64_t(2)}});
  attention.finish();
  Sketch mlp = sketch.inside(layers, "-");
  mlp.sublayer("norm.rms", "mlp.gated", {{"hidden", int64_t(160)}});
  mlp.finish();
  sketch.add("norm.rms", {}, "norm_final");
  sketch.add("head.language_model", {{"vocabulary", int64_t(64)}, {"tied", true}});
  sketch.add("out", {}, "logits");
  return sketch.result();
}

}  // namespace

PresetDef preset_templates_hybrid_recall() {
  return {.id = "hybrid-recall",
          .title = "Hybrid recall",
          .help = "Eight layers in the pattern MM*-: Mamba, attention and gated MLPs, on the recall task.",
          .family = "Templates",
          .isTemplate = true,
          .task = "mqar",
          .steps = 500,
          .learningRate = 2e-3,
          .batch = 32,
          .make = make};
}

}  // namespace fw
