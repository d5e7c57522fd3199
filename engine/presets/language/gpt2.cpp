// GPT-2 small: 124,439,808 parameters with the tied head. (Radford et al., 2019.)
#include "engine/presets/preset.h"
#include "engine/presets/transformer.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  return transformer(
      {.name = "GPT-2",
       .vocabulary = 50257,
       .width = 768,
       .layers = 12,
       .positions = 1024,
       .norm = "norm.layer",
       .attention = {{"heads", int64_t(12)}, {"positions", std::string("none")}, {"bias", std::string("all")}},
       .mlp = "mlp.mlp",
       .mlpParams = {{"hidden", std::string("=4*width")}, {"activation", std::string("gelu_tanh")}, {"bias", true}}},
      catalog);
}

}  // namespace

PresetDef preset_language_gpt2() {
  return {
      .id = "gpt2",
      .title = "GPT-2",
      .help =
          "12 layers of width 768, learned positions, GELU MLPs, head tied to the embedding: 124,439,808 parameters.",
      .paper = "Radford et al., Language Models are Unsupervised Multitask Learners, 2019",
      .family = "Language models",
      .make = make};
}

}  // namespace fw
