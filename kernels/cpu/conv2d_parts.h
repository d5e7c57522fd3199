// What the convolutions of this folder share: the parts of rows that a kernel element meets.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/conv2d.h"

namespace fw::kernels::cpu {

/// The outputs [begin,end) along one dimension whose input lies inside [0, size) for a kernel element at `offset` =
/// element * dilation - padding: the input of output i is i * stride + offset.
struct Overlap {
  int64_t begin, end;
};

inline Overlap overlap(int64_t outputs, int64_t size, int64_t stride, int64_t offset) {
  const int64_t begin = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  const int64_t end = size - offset <= 0 ? 0 : (size - offset + stride - 1) / stride;
  return {std::min(begin, outputs), std::clamp(end, std::min(begin, outputs), outputs)};
}

/// One channel in, one channel out for each group.
inline bool isDepthwise(const Conv2dShape& shape) { return shape.groups == shape.channels && shape.groups > 1; }

// Depthwise convolution (conv2d_depthwise.cpp); the output channels of a group are neighbours.
void depthwiseConv2d(const Launch& launch, const Conv2dShape& shape, const float* x, const float* weight,
                     const float* bias, float* y);
void depthwiseConv2dInputGradient(const Launch& launch, const Conv2dShape& shape, const float* dy, const float* weight,
                                  float* dx);
void depthwiseConv2dWeightGradient(const Launch& launch, const Conv2dShape& shape, const float* x, const float* dy,
                                   float* dweight);

}  // namespace fw::kernels::cpu
