// Average and maximum over windows of images, and their gradients.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

/// x: [planes, height, width] -> y: [planes, outHeight, outWidth]. Output (p,q) sees the rows p strideY - top ... +
/// kernelHeight - 1 and the columns likewise, as far as they lie inside.
struct Pool2dShape {
  int64_t planes = 0, height = 0, width = 0, outHeight = 0, outWidth = 0;
  int64_t kernelHeight = 1, kernelWidth = 1, strideY = 1, strideX = 1, top = 0, left = 0;
  bool countsPadding = false;  // of averages: always divides by the size of the window
};

namespace cpu {

void averagePool2d(const Launch& launch, const Pool2dShape& shape, const float* x, float* y);
void averagePool2dGradient(const Launch& launch, const Pool2dShape& shape, const float* dy, float* dx);

/// The maximum; NaN where one is inside. Each window meets at least one input.
void maxPool2d(const Launch& launch, const Pool2dShape& shape, const float* x, float* y);
/// dy goes to the first element (row by row) that is the maximum, or the first NaN.
void maxPool2dGradient(const Launch& launch, const Pool2dShape& shape, const float* x, const float* dy, float* dx);

}  // namespace cpu
}  // namespace fw::kernels
