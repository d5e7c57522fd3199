// Nearest neighbours of samples, and how many of them two representations share.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/analysis/comparison.h"

namespace fw {

/// For each sample its k nearest others.
struct Neighbours {
  int64_t k = 0;
  std::vector<std::vector<int64_t>> of;  // sorted by index
  double tiedShare = 0;                  // samples whose k-th neighbour is as near as the next one
};

/// By cosine; of equally near ones the first. k is at most rows - 1. With `isCentred` each feature's mean is taken off
/// first.
Neighbours nearestNeighbours(const Features& features, int64_t k, bool isCentred);

/// Mean share of common neighbours, in [0, 1]; k / (n - 1) by chance. (Huh et al., The Platonic Representation
/// Hypothesis, 2024.)
double sharedNeighbours(const Neighbours& x, const Neighbours& y);

}  // namespace fw
