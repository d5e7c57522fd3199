// A Y: shared layers, then one branch for understanding pictures and one for drawing them. (Li et al., UniFork, 2025.)
#include "engine/presets/preset.h"
#include "engine/presets/sketch.h"

namespace fw {
namespace {

void addLayers(Sketch& sketch, int64_t count) {
  const NodeId layers = sketch.add("structure.repeat", {{"count", count}});
  Sketch layer = sketch.inside(layers);
  layer.sublayer("norm.rms", "attention.multi_head", {{"heads", int64_t(4)}}, {}, "norm_attention");
  layer.sublayer("norm.rms", "mlp.gated", {{"hidden", int64_t(256)}}, {}, "norm_mlp");
  layer.finish();
}

Architecture make(const Catalog& catalog) {
  constexpr int64_t kVocabulary = 67;
  Sketch sketch("Forked shapes", catalog);
  sketch.variable("width", 96);
  sketch.add("in", {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  sketch.add("embedding.token", {{"vocabulary", kVocabulary}, {"width", std::string("=width")}});
  addLayers(sketch, 3);
  const NodeId fork = sketch.add("structure.fork");
  for (const char* branch : {"understanding", "generation"}) {
    Sketch inside = sketch.inside(fork, branch);
    addLayers(inside, 3);
    inside.add("norm.rms", {}, "norm_final");
    inside.add("head.language_model", {{"vocabulary", kVocabulary}, {"tied", false}});
    inside.finish();
  }
  sketch.add("out", {}, "logits");
  return sketch.result();
}

}  // namespace

PresetDef preset_templates_forked_shapes() {
  return {.id = "forked-shapes",
          .title = "Forked shapes",
          .help = "Shared layers and two branches: one names small pictures, the other draws them.",
          .paper = "Li et al., UniFork, 2025",
          .family = "Templates",
          .isTemplate = true,
          .task = "image_text",
          .steps = 1000,
          .learningRate = 2e-3,
          .batch = 16,
          .make = make};
}

}  // namespace fw
