// Hiformer with one layer: 38 tokens, of which the last asks. (Gui et al., Hiformer, 2023.)
#include "engine/presets/preset.h"
#include "engine/presets/sketch.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  Sketch sketch("Hiformer", catalog);
  sketch.add("in", {{"dims", std::string("B 38 128")}}, "features");
  sketch.add("attention.heterogeneous", {{"task_queries", int64_t(1)}});
  sketch.add("mlp.per_feature", {{"hidden", int64_t(512)}});
  sketch.add("head.pooling", {{"kind", std::string("last")}});
  sketch.add("head.classification", {{"classes", int64_t(1)}});
  sketch.add("out", {}, "logits");
  return sketch.result();
}

}  // namespace

PresetDef preset_attention_hiformer() {
  return {.id = "hiformer",
          .title = "Hiformer",
          .help =
              "One layer of composite attention among 38 tokens of width 128, of which the task token asks: keys of "
              "rank 128 and values of rank 1,024 make 15,876,096 parameters. The paper reports an AUC of 0.7875 at "
              "1.52 times the latency of one plain layer with 0.7795, and 2.66 % more engagement online (tables).",
          .paper = "Gui et al., Hiformer, 2023",
          .family = "Attention",
          .make = make};
}

}  // namespace fw
