// Llama 3 8B: 8,030,261,248 parameters. (Grattafiori et al., 2024.)
#include "engine/presets/preset.h"
#include "engine/presets/transformer.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  return transformer({.name = "Llama 3 8B",
                      .vocabulary = 128256,
                      .width = 4096,
                      .layers = 32,
                      .attention = {{"heads", int64_t(32)}, {"kv_heads", int64_t(8)}, {"rope_base", 500000.0}},
                      .mlpParams = {{"hidden", int64_t(14336)}},
                      .isTied = false,
                      .attentionBlock = "attention.grouped_query"},
                     catalog);
}

}  // namespace

PresetDef preset_language_llama_3_8b() {
  return {
      .id = "llama-3-8b",
      .title = "Llama 3 8B",
      .help =
          "32 layers of width 4096, eight key-value heads, rotary positions, SwiGLU MLPs: 8,030,261,248 parameters.",
      .paper = "Grattafiori et al., The Llama 3 Herd of Models, 2024",
      .family = "Language models",
      .make = make};
}

}  // namespace fw
