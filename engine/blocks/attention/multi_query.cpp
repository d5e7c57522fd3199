// Multi-query attention: all query heads share one key-value head. (Shazeer, 2019.)
#include "engine/blocks/attention.h"

namespace fw {

BlockDef block_attention_multi_query() {
  return attentionBlock({.id = "attention.multi_query",
                         .title = "Multi-query attention",
                         .help = "All query heads share one key and value head: the smallest cache when decoding.",
                         .paper = "Shazeer, Fast Transformer Decoding: One Write-Head is All You Need, 2019",
                         .synonyms = {"MQA"}},
                        1, "causal");
}

}  // namespace fw
