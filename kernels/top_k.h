// The largest elements of each row, and the place of the largest along an axis. NaN counts as larger than every number,
// and among equals the lower index comes first.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

/// values[r,:] = the k largest of x[r,:] in descending order, indices[r,:] = where they stand.
struct TopKArgs {
  const float* x;    // [rows, width], width below 2^32
  float* values;     // [rows, k]
  int64_t* indices;  // [rows, k]
  int64_t rows, width, k;
};

/// y[o,i] = the j with the largest x[o,j,i]
struct ArgmaxArgs {
  const float* x;  // [outer, size, inner], size >= 1
  int64_t* y;      // [outer, inner]
  int64_t outer, size, inner;
};

namespace cpu {
void topK(const Launch& launch, const TopKArgs& args);
void argmax(const Launch& launch, const ArgmaxArgs& args);
}  // namespace cpu

}  // namespace fw::kernels
