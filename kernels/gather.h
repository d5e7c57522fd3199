// Elements picked, or added to, along an axis by one index an element.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

/// y[o,j,i] = x[o, indices[o,j,i], i]
struct GatherArgs {
  const void* x;           // [outer, size, inner]
  const int64_t* indices;  // [outer, count, inner]
  void* y;                 // [outer, count, inner]
  int64_t elementSize;     // bytes: 1, 2, 4 or 8
  int64_t outer, size, count, inner;
};

/// y = x, then y[o, indices[o,j,i], i] += updates[o,j,i] for j ascending: equal indices add up in that order.
struct ScatterAddArgs {
  const float* x;          // [outer, size, inner]; may be y
  const int64_t* indices;  // [outer, count, inner]
  const float* updates;    // [outer, count, inner]
  float* y;                // [outer, size, inner]
  int64_t outer, size, count, inner;
};

namespace cpu {
// Each returns the position of the first index outside [0, size), having written nothing; or -1 when all is done.
int64_t gather(const Launch& launch, const GatherArgs& args);
int64_t scatterAdd(const Launch& launch, const ScatterAddArgs& args);
}  // namespace cpu

}  // namespace fw::kernels
