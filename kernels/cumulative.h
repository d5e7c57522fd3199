// Running sum, product or maximum along one axis.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

enum class CumulativeKind { Sum, Prod, Max };

struct CumulativeArgs {
  const float* x = nullptr;  // [outer,size,inner]
  float* y = nullptr;        // [outer,size,inner]
  int64_t outer = 0, size = 0, inner = 0;
  CumulativeKind kind = CumulativeKind::Sum;
  bool isReversed = false;   // from the end
  bool isExclusive = false;  // without the element itself: begins with 0, 1 or -infinity
};

namespace cpu {

/// Sums and products run in double. Whatever follows a NaN is NaN.
void cumulative(const Launch& launch, const CumulativeArgs& args);

}  // namespace cpu
}  // namespace fw::kernels
