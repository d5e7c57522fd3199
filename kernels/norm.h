// Layer norm and RMS norm over the last dimension, forward and backward, with an addition in front for residual
// streams. y = (h - mean(h)) / sqrt(var(h) + epsilon) * weight + bias with h = x + residual; RMS norm leaves out the
// mean: y = h / sqrt(mean(h^2) + epsilon) * weight. (Ba, Kiros and Hinton 2016; Zhang and Sennrich 2019.)
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

struct NormArgs {
  bool isCentred;         // layer norm
  const float* x;         // [rows, width]
  const float* residual;  // [rows, width] or nullptr: h is x
  const float* weight;    // [width] or nullptr: 1
  const float* bias;      // [width] or nullptr: 0
  float* sum;             // [rows, width], h; with a residual only
  float* y;               // [rows, width]; may be x
  int64_t rows, width;
  float epsilon;
};

struct NormGradientArgs {
  bool isCentred;
  const float* h;       // [rows, width]
  const float* dy;      // [rows, width]
  const float* weight;  // [width] or nullptr
  const float* carry;   // [rows, width] or nullptr: added to dh, the gradient that h has from elsewhere
  float* dh;            // [rows, width]; may be h, dy or carry
  float* dWeight;       // [width] or nullptr
  float* dBias;         // [width] or nullptr
  float* workspace;     // [normGradientWorkspace(args)]
  int64_t rows, width;
  float epsilon;
};

namespace cpu {

void norm(const Launch& launch, const NormArgs& args);

/// Floats of scratch memory: sums for weight and bias of parts of the rows, which are added in order.
int64_t normGradientWorkspace(const NormGradientArgs& args);

/// With n the normalised h and g = dy * weight: dh = (g - mean(g) - n mean(g n)) / deviation (mean(g) for layer norm
/// only), dWeight = sum over rows of dy n, dBias = sum of dy. Mean and deviation are computed again: cheaper than
/// keeping them.
void normGradient(const Launch& launch, const NormGradientArgs& args);

}  // namespace cpu
}  // namespace fw::kernels
