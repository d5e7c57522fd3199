// The mixture-of-experts models that sparse-query attention was compared on. (Filipek, Sparse Query Attention, 2025.)
#include "engine/presets/preset.h"
#include "engine/presets/transformer.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  return transformer(
      {.name = "Sparse queries with experts",
       .vocabulary = 5000,
       .width = 128,
       .layers = 6,
       .attention = {{"variant", std::string("ssqa")}, {"width_heads", int64_t(8)}, {"bias", std::string("o")}},
       .mlp = "experts.mixture",
       .mlpParams = {{"experts", int64_t(12)},
                     {"top_k", int64_t(2)},
                     {"hidden", int64_t(256)},
                     {"bias", true},
                     {"router_bias", true}},
       .isTied = false,
       .attentionBlock = "attention.sparse_query",
       .hasFinalNorm = false,
       .hasHeadBias = true},
      catalog);
}

}  // namespace

PresetDef preset_attention_sparse_query_experts() {
  return {.id = "sqa-experts",
          .title = "Sparse queries with experts",
          .help =
              "6 layers of width 128, 12 experts of which two are chosen, half of the 8 heads (sSQA): 8,617,168 "
              "parameters. In the paper's small mixtures of experts the symmetric form trains faster than grouped "
              "queries at nearly the same loss (table of the MoE models).",
          .paper = "Filipek, Sparse Query Attention (SQA), 2025",
          .family = "Attention",
          .make = make};
}

}  // namespace fw
