// Grouped-query attention: several query heads share a key-value head. (Ainslie et al., GQA, 2023.)
#include "engine/blocks/attention.h"

namespace fw {

BlockDef block_attention_grouped_query() {
  return attentionBlock({.id = "attention.grouped_query",
                         .title = "Grouped-query attention",
                         .help = "Groups of query heads share one key and value head: a smaller cache when decoding.",
                         .paper = "Ainslie et al., GQA: Training Generalized Multi-Query Transformer Models, 2023",
                         .synonyms = {"GQA"}},
                        2, "causal");
}

}  // namespace fw
