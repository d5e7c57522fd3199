// Whole rows picked, or added to, along an axis: embedding tables, expert buckets.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

/// y[o,j,:] = x[o, indices[j], :]
struct TakeArgs {
  const void* x;           // [outer, size, inner]
  const int64_t* indices;  // [count]
  void* y;                 // [outer, count, inner]
  int64_t elementSize;     // bytes: 1, 2, 4 or 8
  int64_t outer, size, count, inner;
};

/// y = x, then y[o, indices[j], :] += updates[o,j,:] for j ascending: equal indices add up in that order.
struct IndexAddArgs {
  const float* x;          // [outer, size, inner]; may be y; null: zeros
  const int64_t* indices;  // [count]
  const float* updates;    // [outer, count, inner]
  float* y;                // [outer, size, inner]
  int64_t outer, size, count, inner;
};

namespace cpu {
// Each returns the position of the first index outside [0, size), having written nothing; or -1 when all is done.
int64_t take(const Launch& launch, const TakeArgs& args);
int64_t indexAdd(const Launch& launch, const IndexAddArgs& args);
}  // namespace cpu

}  // namespace fw::kernels
