// A linear recurrence along one axis: h[t] = a[t] h[t-1] + x[t], element by element.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

struct LinearRecurrenceArgs {
  const float* a = nullptr;      // [outer,T,inner]
  const float* x = nullptr;      // [outer,T,inner]
  const float* state = nullptr;  // optional [outer,inner]: h[-1]; behind the end where reversed
  float* h = nullptr;            // [outer,T,inner]
  int64_t outer = 0, time = 0, inner = 0;
  bool isReversed = false;  // h[t] = a[t] h[t+1] + x[t]
};

namespace cpu {

void linearRecurrence(const Launch& launch, const LinearRecurrenceArgs& args);

}  // namespace cpu
}  // namespace fw::kernels
