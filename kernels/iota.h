// Counting along an axis.
#pragma once

#include <cstdint>

#include "kernels/element.h"
#include "kernels/launch.h"

namespace fw::kernels {

/// y[o,j,i] = start + step * j, computed in the element's type.
struct IotaArgs {
  void* y;          // [outer, size, inner]
  Element element;  // F32, I32 or I64
  int64_t outer, size, inner;
  double start, step;
};

namespace cpu {
void iota(const Launch& launch, const IotaArgs& args);
}  // namespace cpu

}  // namespace fw::kernels
