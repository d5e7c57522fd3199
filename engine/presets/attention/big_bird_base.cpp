// BigBird-base: BERT with blocks of 64 tokens that see their neighbours, the ends and three random blocks. (Zaheer et
// al., 2020)
#include "engine/presets/encoder.h"
#include "engine/presets/preset.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  return encoder({.name = "BigBird",
                  .vocabulary = 50358,
                  .positions = 4096,
                  .types = 2,
                  .dims = "B 1024",
                  .attentionBlock = "attention.big_bird",
                  .attention = {{"heads", int64_t(12)}, {"bias", std::string("all")}}},
                 catalog);
}

}  // namespace

PresetDef preset_attention_big_bird_base() {
  return {.id = "big-bird-base",
          .title = "BigBird",
          .help =
              "12 layers of width 768, blocks of 64 tokens, three random ones each; the input has 1,024 tokens of at "
              "most 4,096: 127,468,800 parameters. The paper shows that such sparse attention keeps what full "
              "attention can express, and better results on long documents.",
          .paper = "Zaheer et al., Big Bird: Transformers for Longer Sequences, 2020",
          .family = "Attention",
          .make = make};
}

}  // namespace fw
