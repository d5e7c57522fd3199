// One wide layer for texts of bytes: all heads of a deep stack side by side. (Brown et al., Wide Attention, 2022.)
#include "engine/presets/preset.h"
#include "engine/presets/sketch.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  Sketch sketch("Wide attention", catalog);
  sketch.variable("width", 256);
  sketch.add("in", {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  sketch.add("embedding.token", {{"vocabulary", int64_t(257)}, {"width", std::string("=width")}});
  sketch.add("embedding.position", {{"length", int64_t(4000)}});
  Sketch layer = sketch.inside(sketch.add("structure.repeat", {{"count", int64_t(1)}}));
  layer.sublayer("norm.layer", "attention.multi_head",
                 {{"heads", int64_t(16)},
                  {"head_width", int64_t(64)},
                  {"positions", std::string("none")},
                  {"mask", std::string("bidirectional")},
                  {"bias", std::string("all")}},
                 {}, "norm_attention");
  layer.sublayer("norm.layer", "mlp.mlp", {{"hidden", int64_t(1024)}}, {}, "norm_mlp");
  layer.finish();
  sketch.add("norm.layer", {}, "norm_final");
  sketch.add("head.pooling", {{"kind", std::string("first")}});
  sketch.add("head.classification", {{"classes", int64_t(2)}});
  sketch.add("out", {}, "logits");
  return sketch.result();
}

}  // namespace

PresetDef preset_attention_wide_text() {
  return {.id = "wide-text",
          .title = "Wide attention",
          .help =
              "One layer with 16 heads of 64 for texts of bytes (classes of the Long Range Arena): 1,578,496 "
              "parameters in the layer, half of those of four layers with 4 heads. The paper reports 0.3 % better "
              "results on average than deep stacks, 3.1 times faster on CPU and 1.9 times on GPU (introduction).",
          .paper = "Brown et al., Wide Attention Is The Way Forward for Transformers?, 2022",
          .family = "Attention",
          .make = make};
}

}  // namespace fw
