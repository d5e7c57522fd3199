// Cross-entropy of logits against labels, softmax included, with label smoothing:
// loss = lse - (1 - s) x[label] - s mean(x), where lse = ln sum e^x. (Szegedy et al., "Rethinking the Inception
// Architecture", 2016.)
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

struct CrossEntropyArgs {
  const float* logits;    // [rows, classes]
  const int64_t* labels;  // [rows]; each in [0, classes) or ignored
  float* loss;            // [rows]; 0 where the label is ignored
  float* logSumExp;       // [rows]
  int64_t rows, classes;
  int64_t ignoredLabel;
  float smoothing;  // s, in [0, 1)
};

struct CrossEntropyGradientArgs {
  const float* logits;      // [rows, classes]
  const int64_t* labels;    // [rows]
  const float* logSumExp;   // [rows], what the forward pass gave
  const float* dLoss;       // [rows]
  const float* dLogSumExp;  // [rows] or nullptr: none
  float* dLogits;           // [rows, classes]; may be the logits
  int64_t rows, classes;
  int64_t ignoredLabel;
  float smoothing;
};

namespace cpu {

void crossEntropy(const Launch& launch, const CrossEntropyArgs& args);

/// dx = p (dLoss + dLogSumExp) - dLoss ((1 - s) [label] + s / classes), with p = e^(x - lse); dLoss is 0 where ignored.
void crossEntropyGradient(const Launch& launch, const CrossEntropyGradientArgs& args);

}  // namespace cpu
}  // namespace fw::kernels
