// Multi-head attention. (Vaswani et al., Attention Is All You Need, 2017.)
#include "engine/blocks/attention.h"

namespace fw {

BlockDef block_attention_multi_head() {
  return attentionBlock({.id = "attention.multi_head",
                         .title = "Multi-head attention",
                         .help = "Every position reads a weighted mean of earlier ones, once a head. Causal, sliding "
                                 "or bidirectional; rotary, ALiBi or no positions.",
                         .paper = "Vaswani et al., Attention Is All You Need, 2017",
                         .synonyms = {"MHA", "self-attention", "softmax attention"}},
                        0, "causal");
}

}  // namespace fw
