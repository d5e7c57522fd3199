// A window of an axis whose position is known only when running, read and written: the cache of a decoder.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

/// y = x[:, position : position + length, :]
struct DynamicSliceArgs {
  const void* x;            // [outer, size, inner]
  const int64_t* position;  // scalar
  void* y;                  // [outer, length, inner]
  int64_t elementSize;      // bytes
  int64_t outer, size, length, inner;
};

/// y = x, then y[:, position : position + length, :] = update
struct DynamicUpdateSliceArgs {
  const void* x;            // [outer, size, inner]; may be y
  const void* update;       // [outer, length, inner]
  const int64_t* position;  // scalar
  void* y;                  // [outer, size, inner]
  int64_t elementSize;      // bytes
  int64_t outer, size, length, inner;
};

namespace cpu {
// Each returns false, having written nothing, when the window does not lie inside [0, size).
bool dynamicSlice(const Launch& launch, const DynamicSliceArgs& args);
bool dynamicUpdateSlice(const Launch& launch, const DynamicUpdateSliceArgs& args);
}  // namespace cpu

}  // namespace fw::kernels
