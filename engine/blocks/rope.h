// Rotary frequencies stretched for texts longer than those of the training.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fw {

struct RopeScaling {
  std::string kind = "none";   // none, linear, llama3, yarn
  double factor = 1;           // longer by this
  double low = 1, high = 4;    // turns over the original length: below `low` stretched, above `high` kept
  double length = 8192;        // positions of the training
  double attentionFactor = 0;  // yarn: cosines and sines are multiplied by this; 0: 0.1 ln(factor) + 1
};

/// Radians a position, dims/2 of them, slowest last. llama3 blends over the number of turns (Grattafiori et al., 2024),
/// yarn over the index of the pair (Peng et al., YaRN, 2023), with whole indices as bounds.
std::vector<double> scaledFrequencies(double base, int64_t dims, const RopeScaling& scaling);

/// What cosines and sines are multiplied by: 1 except for yarn.
double ropeAttentionFactor(const RopeScaling& scaling);

}  // namespace fw
