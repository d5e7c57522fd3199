// A small language model of bytes.
#include "engine/presets/preset.h"
#include "engine/presets/transformer.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  return transformer({.name = "Character model",
                      .vocabulary = 256,
                      .width = 96,
                      .layers = 4,
                      .attention = {{"heads", int64_t(4)}},
                      .mlpParams = {{"hidden", int64_t(256)}}},
                     catalog);
}

}  // namespace

PresetDef preset_templates_char_lm() {
  return {.id = "char-lm",
          .title = "Character model",
          .help = "Four layers learn to write, byte by byte, in a toy language or in the style of any text file.",
          .family = "Templates",
          .isTemplate = true,
          .task = "char_lm",
          .steps = 500,
          .learningRate = 2e-3,
          .batch = 16,
          .make = make};
}

}  // namespace fw
