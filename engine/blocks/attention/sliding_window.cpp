// Sliding-window attention: each query sees the last keys only. (Beltagy, Peters and Cohan, Longformer, 2020.)
#include "engine/blocks/attention.h"

namespace fw {

BlockDef block_attention_sliding_window() {
  return attentionBlock({.id = "attention.sliding_window",
                         .title = "Sliding window",
                         .help = "Each position reads the last few only: time grows linearly with the sequence.",
                         .paper = "Beltagy, Peters and Cohan, Longformer: The Long-Document Transformer, 2020",
                         .synonyms = {"SWA", "local attention", "Mistral"}},
                        0, "sliding");
}

}  // namespace fw
