// Softmax over the last dimension, its logarithm, and their gradients.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

struct SoftmaxArgs {
  const float* x;  // [rows, width]
  float* y;        // [rows, width]; may be x
  int64_t rows, width;
};

struct SoftmaxGradientArgs {
  const float* y;   // [rows, width], what the forward pass gave
  const float* dy;  // [rows, width]
  float* dx;        // [rows, width]; may be y or dy
  int64_t rows, width;
};

namespace cpu {

/// y = e^(x - max) / sum of them
void softmax(const Launch& launch, const SoftmaxArgs& args);
/// dx = y (dy - sum(dy y))
void softmaxGradient(const Launch& launch, const SoftmaxGradientArgs& args);

/// y = x - max - ln sum e^(x - max)
void logSoftmax(const Launch& launch, const SoftmaxArgs& args);
/// dx = dy - e^y sum(dy)
void logSoftmaxGradient(const Launch& launch, const SoftmaxGradientArgs& args);

}  // namespace cpu
}  // namespace fw::kernels
