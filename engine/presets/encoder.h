// Encoders of texts in one function: what BERT and the long-document models after it have in common.
#pragma once

#include "engine/presets/sketch.h"

namespace fw {

struct EncoderSketch {
  std::string name;
  int64_t vocabulary = 50265, width = 768, layers = 12, hidden = 3072;
  int64_t positions = 512;   // rows of the learned table that texts use...
  int64_t skip = 0;          // ...and those before them
  int64_t types = 1;         // rows of the segment table
  std::string dims = "B T";  // of the tokens
  std::string attentionBlock;
  Params attention;
};

/// tokens -> embeddings -> norm -> layers x (attention, norm, MLP, norm after each sum) -> first token -> linear map
/// with tanh -> pooled. The width is the variable "width".
Architecture encoder(const EncoderSketch& sketch, const Catalog& catalog);

}  // namespace fw
