// Convolution of images, grouped, with stride, padding and dilation; and its two gradients.
//
// y[n,o,p,q] = bias[o] + sum over c,r,s of weight[o,c,r,s] x[n, g C/G + c, p strideY + r dilationY - top, q strideX + s
// dilationX - left], where g = o / (O/G); x is 0 outside. A 1-d convolution is one of images of height 1.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

/// x: [batch, channels, height, width]   weight: [outputs, channels/groups, kernelHeight, kernelWidth]   y: [batch,
/// outputs, outHeight, outWidth]
struct Conv2dShape {
  int64_t batch = 0, channels = 0, height = 0, width = 0;
  int64_t outputs = 0, kernelHeight = 0, kernelWidth = 0;
  int64_t outHeight = 0, outWidth = 0;
  int64_t strideY = 1, strideX = 1, top = 0, left = 0, dilationY = 1, dilationX = 1, groups = 1;
};

namespace cpu {

// Each gives the same bits for any number of threads; the workspace is as many bytes as the function beside it says.

/// `bias` may be null.
void conv2d(const Launch& launch, const Conv2dShape& shape, const float* x, const float* weight, const float* bias,
            float* y, void* workspace);
int64_t conv2dWorkspace(const Conv2dShape& shape, int threads);

/// dx from dy.
void conv2dInputGradient(const Launch& launch, const Conv2dShape& shape, const float* dy, const float* weight,
                         float* dx, void* workspace);
int64_t conv2dInputGradientWorkspace(const Conv2dShape& shape, int threads);

/// dweight from x and dy.
void conv2dWeightGradient(const Launch& launch, const Conv2dShape& shape, const float* x, const float* dy,
                          float* dweight, void* workspace);
int64_t conv2dWeightGradientWorkspace(const Conv2dShape& shape, int threads);

}  // namespace cpu
}  // namespace fw::kernels
