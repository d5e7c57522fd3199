// Llama 2 7B with rotations stretched for 64k tokens. (Peng et al., YaRN, 2023)
#include "engine/presets/preset.h"
#include "engine/presets/transformer.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  return transformer({.name = "YaRN Llama 2 64k",
                      .vocabulary = 32000,
                      .width = 4096,
                      .layers = 32,
                      .attention = {{"heads", int64_t(32)},
                                    {"rope_scaling", std::string("yarn")},
                                    {"rope_factor", 16.0},
                                    {"rope_low", 1.0},
                                    {"rope_high", 32.0},
                                    {"rope_length", int64_t(4096)}},
                      .mlpParams = {{"hidden", int64_t(11008)}},
                      .isTied = false},
                     catalog);
}

}  // namespace

PresetDef preset_attention_yarn_llama() {
  return {.id = "yarn-llama-2-64k",
          .title = "YaRN Llama 2 64k",
          .help =
              "Llama 2 7B with frequencies stretched 16 times: pairs up to the 20th stay, those from the 46th on are "
              "stretched fully, and scores are raised by 1.277 twice. The paper reports a loss that keeps falling up "
              "to 64k tokens (figure of sliding-window perplexity).",
          .paper = "Peng et al., YaRN: Efficient Context Window Extension of Large Language Models, 2023",
          .family = "Attention",
          .make = make};
}

}  // namespace fw
