// Fits the hash functions of binary linear attention to the similarities of tokens, without labels. (Liu et al.,
// EcoFormer, 2022, after Liu et al., Supervised Hashing with Kernels, 2012.)
#pragma once

#include <cstdint>
#include <vector>

namespace fw {

struct HashFitOptions {
  int64_t bits = 16, anchors = 25, top = 10;  // pairs that are to agree, and to differ, of each token
  int64_t steps = 100;
  double learningRate = 5e-4, momentum = 0.9;
  uint64_t seed = 1;
};

struct HashFit {
  std::vector<double> anchors;     // [m,K]
  std::vector<double> means;       // [m]
  std::vector<double> directions;  // [b,m]
  std::vector<double> startLoss;   // of each bit, with the direction that it began with; lower is better
  std::vector<double> loss;        // with the one that was kept
};

/// `tokens` are the unit vectors [T,K] of one head, at least as many as anchors. Throws Code::Parameter otherwise.
HashFit fitHashes(const std::vector<double>& tokens, int64_t width, const HashFitOptions& options);

}  // namespace fw
