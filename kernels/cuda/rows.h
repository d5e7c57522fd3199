// What kernels over rows share: a block a row, or a warp where rows are short, and sums by the same tree in each run.
#pragma once

#include "kernels/cuda/kernel.h"

namespace fw::kernels::FW_CUDA {

/// Threads of the block that takes a row: by its width alone, so that the order of sums is too.
inline int threadsForRow(int64_t width) { return width <= 64 ? 32 : width <= 512 ? 128 : width <= 8192 ? 256 : 1024; }

/// The largest x and the sum of e^(x - largest) of what was seen so far. (Milakov and Gimelshein, "Online normalizer
/// calculation for softmax", 2018.)
struct LargestAndSum {
  float largest = -INFINITY, sum = 0;
};

__device__ inline void see(LargestAndSum& seen, float x) {
  if (x == -INFINITY) return;  // adds nothing; the difference of two infinities would be NaN
  if (x <= seen.largest) {
    seen.sum += expf(x - seen.largest);
  } else if (x == x) {
    seen.sum = seen.sum * expf(seen.largest - x) + 1;
    seen.largest = x;
  } else {
    seen.sum = x;  // NaN
  }
}

/// Of a whole row of the block; the scratch has kWarp elements.
__device__ inline LargestAndSum seeRow(const float* x, int64_t width, SharedArray<float> scratch) {
  LargestAndSum seen;
  for (int64_t i = threadIdx.x; i < width; i += blockDim.x) see(seen, x[i]);
  const float largest = reduceBlock(seen.largest, -INFINITY, scratch, Larger());
  const float sum = seen.sum == 0 ? 0 : seen.sum * expf(seen.largest - largest);
  return {largest, reduceBlock(sum, 0.0f, scratch, Plus())};
}

}  // namespace fw::kernels::FW_CUDA
