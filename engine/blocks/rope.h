// Rotary frequencies stretched for texts longer than those of the training.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fw {

struct RopeScaling {
  std::string kind = "none";   // none, linear, ntk, dynamic, llama3, yarn, longrope
  double factor = 1;           // longer by this
  double low = 1, high = 4;    // turns over the original length: below `low` stretched, above `high` kept
  double length = 8192;        // positions of the training
  double attentionFactor = 0;  // yarn, longrope: cosines and sines are multiplied by this; 0: see ropeAttentionFactor
  int64_t time = 0;            // positions that there will be: what dynamic and longrope go by
  std::vector<double> shortFactors = {}, longFactors = {};  // longrope: divide the frequencies, one each
};

/// Radians a position, dims/2 of them, slowest last. llama3 blends over the number of turns (Grattafiori et al., 2024),
/// yarn over the index of the pair (Peng et al., YaRN, 2023), with whole indices as bounds. ntk raises the base so that
/// the slowest pair turns slower by the factor (NTK-aware), dynamic as far as the text is longer than `length`;
/// longrope divides by the short factors up to `length` positions and by the long ones above (Ding et al., LongRoPE,
/// 2024). Throws Code::Parameter where longrope's factors are not dims/2 numbers above 0.
std::vector<double> scaledFrequencies(double base, int64_t dims, const RopeScaling& scaling);

/// Numbers separated by spaces; throws Code::Parameter that names `what` for anything else.
std::vector<double> numbersOf(const std::string& list, const std::string& what);

/// What cosines and sines are multiplied by: 1 except for yarn, 0.1 ln(factor) + 1, and longrope,
/// sqrt(1 + ln(factor) / ln(length)); both unless the scaling names a number.
double ropeAttentionFactor(const RopeScaling& scaling);

}  // namespace fw
