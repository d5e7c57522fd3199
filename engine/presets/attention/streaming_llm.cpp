// Llama 2 7B that reads on for ever: four sinks and the latest 2,000 tokens. (Xiao et al., 2023)
#include "engine/presets/preset.h"
#include "engine/presets/transformer.h"

namespace fw {
namespace {

Architecture make(const Catalog& catalog) {
  return transformer({.name = "Streaming Llama 2",
                      .vocabulary = 32000,
                      .width = 4096,
                      .layers = 32,
                      .attention = {{"heads", int64_t(32)}, {"sinks", int64_t(4)}, {"window", int64_t(2000)}},
                      .mlpParams = {{"hidden", int64_t(11008)}},
                      .isTied = false,
                      .attentionBlock = "attention.streaming"},
                     catalog);
}

}  // namespace

PresetDef preset_attention_streaming_llm() {
  return {.id = "streaming-llm",
          .title = "Streaming Llama 2",
          .help =
              "Llama 2 7B whose cache keeps 4 sinks and the latest 2,000 tokens: memory does not grow with the text. "
              "The paper reports a stable loss over 4 million tokens, and decoding up to 22.2 times faster than a "
              "window that is computed again (abstract).",
          .paper = "Xiao et al., Efficient Streaming Language Models with Attention Sinks, 2023",
          .family = "Attention",
          .make = make};
}

}  // namespace fw
