// Indices as rows with a single one.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

/// y[i,d] = 1 where d = indices[i], else 0
struct OneHotArgs {
  const int64_t* indices;  // [count]
  float* y;                // [count, depth]
  int64_t count, depth;
};

namespace cpu {
/// The position of the first index outside [0, depth), having written nothing; or -1 when all is done.
int64_t oneHot(const Launch& launch, const OneHotArgs& args);
}  // namespace cpu

}  // namespace fw::kernels
