// Sums of columns: y[c] = sum over parts p of x[p, c], in order. The second step of every sum that is cut into parts.
#pragma once

#include "kernels/cuda/kernel.h"

namespace fw::kernels::FW_CUDA {

namespace {

__global__ void sumPartsKernel(const float* x, float* y, int64_t parts, int64_t width) {
  const int64_t c = globalIndex();
  if (c >= width) return;
  float sum = 0;
  for (int64_t p = 0; p < parts; ++p) sum += x[p * width + c];
  y[c] = sum;
}

}  // namespace

/// x: [parts, width] -> y: [width]; zeros where there are no parts.
inline void sumParts(const Launch& launch, const float* x, float* y, int64_t parts, int64_t width) {
  start(launch, "sumParts", sumPartsKernel, ceilDivide(width, 256), 256, 0, x, y, parts, width);
}

}  // namespace fw::kernels::FW_CUDA
