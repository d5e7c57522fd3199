// What the selective scan's kernels share: how states are dealt out to lanes, and sums over them.
#pragma once

#include "kernels/cuda/kernel.h"
#include "kernels/selective_scan.h"

namespace fw::kernels::FW_CUDA {

/// The states [first, first + lanes) of every channel, a lane each.
struct Pass {
  int64_t first;
  int lanes;  // a power of two
  bool isDue;
};

inline Pass passFrom(const SelectiveScanInputs& in, int64_t first) {
  int lanes = 1;
  while (lanes < kWarp && lanes < in.stateSize - first) lanes *= 2;
  return {first, lanes, first < in.stateSize || first == 0};
}
/// With no state at all there is still a pass: y is skip x.
inline Pass firstPass(const SelectiveScanInputs& in) { return passFrom(in, 0); }
inline Pass nextPass(const SelectiveScanInputs& in, const Pass& pass) { return passFrom(in, pass.first + pass.lanes); }

__device__ inline int64_t selectiveScanChunksOn(int64_t time) {
  return (time + kSelectiveScanChunk - 1) / kSelectiveScanChunk;
}

/// The sum over the lanes of a channel, in each of them.
__device__ inline float sumOfLanes(float value, int lanes) {
  for (int offset = lanes / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(kAllLanes, value, offset);
  return value;
}

}  // namespace fw::kernels::FW_CUDA
