// A Llama's folder of any size in no time: the header of its safetensors is whole, its tensors are a hole of zeros.
#pragma once

#include <cstdint>
#include <string>

namespace fw {

struct LlamaSizes {
  int64_t vocabulary = 32000, width = 2048, hidden = 5632, layers = 10;
};

/// Writes config.json and model.safetensors (BF16) into `folder`; returns the bytes of the latter.
int64_t writeSparseLlama(const std::string& folder, const LlamaSizes& sizes);

}  // namespace fw
