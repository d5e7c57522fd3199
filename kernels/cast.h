// Conversion between element types. Floats to integers drop the fraction, to bool test against 0; f32 to f16 and bf16
// rounds to nearest, ties to even.
#pragma once

#include <cstdint>

#include "kernels/element.h"
#include "kernels/launch.h"

namespace fw::kernels {

struct CastArgs {
  const void* x;  // [count] of `from`
  void* y;        // [count] of `to`
  int64_t count;
  Element from, to;
};

namespace cpu {

void cast(const Launch& launch, const CastArgs& args);

/// One run of values to f32 and back, on the calling thread.
void toF32(Element from, const void* x, float* y, int64_t count);
void fromF32(Element to, const float* x, void* y, int64_t count);

}  // namespace cpu
}  // namespace fw::kernels
