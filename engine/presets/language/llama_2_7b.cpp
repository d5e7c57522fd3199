// Llama 2 7B: 6,738,415,616 parameters. (Touvron et al., 2023.)
#include "engine/presets/preset.h"
#include "engine/presets/transformer.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  return transformer({.name = "Llama 2 7B",
                      .vocabulary = 32000,
                      .width = 4096,
                      .layers = 32,
                      .attention = {{"heads", int64_t(32)}},
                      .mlpParams = {{"hidden", int64_t(11008)}},
                      .isTied = false},
                     catalog);
}

}  // namespace

PresetDef preset_language_llama_2_7b() {
  return {.id = "llama-2-7b",
          .title = "Llama 2 7B",
          .help = "32 layers of width 4096, rotary positions, SwiGLU MLPs: 6,738,415,616 parameters.",
          .paper = "Touvron et al., Llama 2: Open Foundation and Fine-Tuned Chat Models, 2023",
          .family = "Language models",
          .make = make};
}

}  // namespace fw
