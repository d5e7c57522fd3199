// An encoder of small pictures whose layers alternate between softmax and cosine attention. (Liu et al., Neural
// Architecture Search on Efficient Transformers and Beyond, 2022.)
#include "engine/presets/preset.h"
#include "engine/presets/sketch.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  Sketch sketch("Mixed attention", catalog);
  sketch.variable("width", 192);
  sketch.add("in", {{"kind", std::string("pixels")}, {"dims", std::string("B 3 32 32")}}, "pixels");
  sketch.add("embedding.patch", {{"patch", int64_t(4)}, {"width", std::string("=width")}});
  sketch.add("embedding.position", {{"length", int64_t(64)}});
  const NodeId layers = sketch.add("structure.repeat", {{"count", int64_t(12)}, {"pattern", std::string("SC")}});
  for (const auto& [letter, kind] : {std::pair{"S", "softmax"}, {"C", "cosine"}}) {
    Sketch layer = sketch.inside(layers, letter);
    layer.sublayer("norm.layer", "attention.cosine",
                   {{"heads", int64_t(3)},
                    {"kind", std::string(kind)},
                    {"mask", std::string("bidirectional")},
                    {"max_length", int64_t(64)},
                    {"bias", std::string("all")}},
                   {}, "norm_attention");
    layer.sublayer("norm.layer", "mlp.mlp", {{"hidden", std::string("=4*width")}}, {}, "norm_mlp");
    layer.finish();
  }
  sketch.add("norm.layer", {}, "norm_final");
  sketch.add("head.pooling");
  sketch.add("head.classification");
  sketch.add("out", {}, "logits");
  return sketch.result();
}

}  // namespace

PresetDef preset_attention_mixed_cosine() {
  return {.id = "mixed-cosine",
          .title = "Mixed attention",
          .help =
              "Twelve layers of width 192 for pictures of 32 pixels, softmax and cosine attention in turn, with the "
              "same maps. The paper finds that mixtures keep the accuracy of softmax at notably lower cost, which "
              "linear attention alone does not (abstract).",
          .paper = "Liu et al., Neural Architecture Search on Efficient Transformers and Beyond, 2022",
          .family = "Attention",
          .make = make};
}

}  // namespace fw
