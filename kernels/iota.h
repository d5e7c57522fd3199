// Counting along an axis.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

/// y[o,j,i] = start + step * j
template <class T>
struct IotaArgs {
  T* y;  // [outer, size, inner]
  int64_t outer, size, inner;
  T start, step;
};

namespace cpu {
void iota(const Launch& launch, const IotaArgs<float>& args);
void iota(const Launch& launch, const IotaArgs<int32_t>& args);
void iota(const Launch& launch, const IotaArgs<int64_t>& args);
}  // namespace cpu

}  // namespace fw::kernels
