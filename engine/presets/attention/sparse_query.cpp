// The dense models that sparse-query attention was compared on. (Filipek, Sparse Query Attention, 2025.)
#include "engine/presets/preset.h"
#include "engine/presets/transformer.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  return transformer(
      {.name = "Sparse queries",
       .vocabulary = 10000,
       .width = 256,
       .layers = 8,
       .attention = {{"variant", std::string("ssqa")}, {"width_heads", int64_t(16)}, {"bias", std::string("o")}},
       .mlpParams = {{"hidden", int64_t(768)}, {"bias", true}},
       .isTied = false,
       .attentionBlock = "attention.sparse_query",
       .hasFinalNorm = false,
       .hasHeadBias = true},
      catalog);
}

}  // namespace

PresetDef preset_attention_sparse_query() {
  return {.id = "sqa",
          .title = "Sparse queries",
          .help =
              "8 layers of width 256 with half of the 16 heads (sSQA): 10,917,648 parameters. The paper reports a "
              "validation loss of 1.220 after one epoch of Wikipedia, against 1.198 with all heads, and steps of "
              "0.66 s instead of 1.27 s at 131k tokens on an A100 (tables of the dense models).",
          .paper = "Filipek, Sparse Query Attention (SQA), 2025",
          .family = "Attention",
          .make = make};
}

}  // namespace fw
