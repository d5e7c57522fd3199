// Copying strided boxes and filling: what transpose, slice, pad, concat, flip and the dynamic slices come down to.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

/// to[i · toStrides] = from[i · fromStrides] for every index i in the box `sizes`. Strides count elements and may be
/// negative or, for `from`, zero; the pointers are those of index 0. The two boxes do not overlap.
struct CopyArgs {
  static constexpr int maxRank = 8;
  const void* from;
  void* to;
  int64_t elementSize;  // bytes: 1, 2, 4 or 8
  int rank;
  int64_t sizes[maxRank];
  int64_t fromStrides[maxRank];
  int64_t toStrides[maxRank];
};

/// to[0..count) = the element whose bytes stand at `value`.
struct FillArgs {
  void* to;
  int64_t elementSize;  // bytes: 1, 2, 4 or 8
  int64_t count;
  const void* value;
};

namespace cpu {
void copyStrided(const Launch& launch, const CopyArgs& args);
void fill(const Launch& launch, const FillArgs& args);
/// Plain bytes; `from` and `to` do not overlap.
void copyBytes(const Launch& launch, const void* from, void* to, int64_t bytes);
/// Bytes of the caller's own memory, which may be gone afterwards, into a tensor.
void writeBytes(const Launch& launch, const void* from, void* to, int64_t bytes);
}  // namespace cpu

}  // namespace fw::kernels
