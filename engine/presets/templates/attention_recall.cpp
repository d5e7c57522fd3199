// Two attention layers that learn to recall: the smallest model that solves the task.
#include "engine/presets/preset.h"
#include "engine/presets/transformer.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  return transformer({.name = "Attention recall",
                      .vocabulary = 64,
                      .width = 64,
                      .layers = 2,
                      .attention = {{"heads", int64_t(2)}},
                      .mlpParams = {{"hidden", int64_t(128)}}},
                     catalog);
}

}  // namespace

PresetDef preset_templates_attention_recall() {
  return {.id = "attention-recall",
          .title = "Attention recall",
          .help = "Two attention layers learn to recall values by their keys within a minute.",
          .paper = "Arora et al., Zoology, 2023",
          .family = "Templates",
          .isTemplate = true,
          .task = "mqar",
          .steps = 1500,
          .learningRate = 3e-3,
          .batch = 64,
          .make = make};
}

}  // namespace fw
