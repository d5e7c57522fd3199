// Longformer-base: RoBERTa with windows of 512 tokens and a global first token. (Beltagy, Peters and Cohan, 2020)
#include "engine/presets/encoder.h"
#include "engine/presets/preset.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  return encoder({.name = "Longformer",
                  .positions = 4096,
                  .skip = 2,
                  .attentionBlock = "attention.longformer",
                  .attention = {{"heads", int64_t(12)},
                                {"window", int64_t(256)},
                                {"globals", int64_t(1)},
                                {"mask", std::string("bidirectional")},
                                {"bias", std::string("all")}}},
                 catalog);
}

}  // namespace

PresetDef preset_attention_longformer_base() {
  return {
      .id = "longformer-base",
      .title = "Longformer",
      .help =
          "12 layers of width 768, windows of 256 tokens on each side, texts of 4,096 tokens: 148,659,456 parameters. "
          "The paper reports that it beats RoBERTa on long-document tasks (tables of its section on finetuning).",
      .paper = "Beltagy, Peters and Cohan, Longformer: The Long-Document Transformer, 2020",
      .family = "Attention",
      .make = make};
}

}  // namespace fw
