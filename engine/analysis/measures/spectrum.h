// How many dimensions a representation really uses.
#pragma once

#include "engine/analysis/comparison.h"

namespace fw {

struct Spectrum {
  double effectiveRank = 0;       // exp of the entropy of the shares of the singular values (Roy and Vetterli, 2007)
  double participationRatio = 0;  // (sum l)^2 / sum l^2 of the variances l along the principal directions
  double anisotropy = 0;          // mean cosine of two different samples, not centred (Ethayarajh, 2019)
};

/// Of centred features, but for the anisotropy; NaN where features are constant, or there is one sample.
Spectrum spectrumOf(const Features& features);

}  // namespace fw
