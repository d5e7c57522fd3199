// Decoder-only transformers in one function: what GPT-2, Llama and the small templates have in common.
#pragma once

#include "engine/presets/sketch.h"

namespace fw {

struct TransformerSketch {
  std::string name;
  int64_t vocabulary = 64, width = 64, layers = 2;
  int64_t positions = 0;  // rows of a learned position table; 0: none
  std::string norm = "norm.rms";
  Params normParams;
  Params attention;  // of attention.multi_head
  std::string mlp = "mlp.gated";
  Params mlpParams;
  bool isTied = true;
  std::string attentionBlock = "attention.multi_head";
  bool hasFinalNorm = true, hasHeadBias = false;
};

/// tokens -> embedding (+ positions) -> layers x (norm, attention, norm, mlp) -> norm -> head -> logits. The width is
/// the variable "width".
Architecture transformer(const TransformerSketch& sketch, const Catalog& catalog);

}  // namespace fw
