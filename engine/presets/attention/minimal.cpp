// An encoder of small pictures with symmetric attention and without MLPs. (Schelbert Geiger et al., Reducing the
// Transformer Architecture to a Minimum, 2024.)
#include "engine/presets/preset.h"
#include "engine/presets/sketch.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  Sketch sketch("Minimal transformer", catalog);
  sketch.variable("width", 64);
  sketch.add("in", {{"kind", std::string("pixels")}, {"dims", std::string("B 1 28 28")}}, "pixels");
  sketch.add("embedding.patch", {{"patch", int64_t(4)}, {"width", std::string("=width")}, {"class_token", true}});
  sketch.add("embedding.position", {{"length", int64_t(50)}});
  Sketch layer = sketch.inside(sketch.add("structure.repeat", {{"count", int64_t(6)}}));
  layer.sublayer("norm.layer", "attention.collapsed",
                 {{"similarity", std::string("collapsed")},
                  {"values", std::string("none")},
                  {"mask", std::string("bidirectional")}},
                 {}, "norm_attention");
  // The MLP is there, muted: who wants to compare switches it on.
  const NodeId sum = layer.sublayer("norm.layer", "mlp.mlp", {{"hidden", std::string("=4*width")}}, {}, "norm_mlp");
  layer.editor().setMuted(sum, true);
  layer.finish();
  sketch.add("norm.layer", {}, "norm_final");
  sketch.add("head.pooling", {{"kind", std::string("first")}});
  sketch.add("head.classification");
  sketch.add("out", {}, "logits");
  return sketch.result();
}

}  // namespace

PresetDef preset_attention_minimal() {
  return {.id = "minimal-transformer",
          .title = "Minimal transformer",
          .help =
              "Six layers for pictures of 28 pixels with one matrix each, between two tokens: no value map, no "
              "output map, and an MLP that is muted. The paper reports the same validation results on MNIST and "
              "CIFAR-10 with up to 90 % fewer parameters (abstract).",
          .paper = "Schelbert Geiger et al., Reducing the Transformer Architecture to a Minimum, 2024",
          .family = "Attention",
          .make = make};
}

}  // namespace fw
