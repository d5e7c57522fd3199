// Writes new rows into a preallocated cache, each sequence at its own position.
#pragma once

#include <cstdint>

#include "kernels/launch.h"

namespace fw::kernels {

struct CacheUpdateArgs {
  const void* cache = nullptr;        // [B,S,inner]
  const void* rows = nullptr;         // [B,T,inner]
  const int64_t* position = nullptr;  // [B], or one for all where positionStride is 0
  int64_t positionStride = 0;
  void* out = nullptr;  // [B,S,inner]; may be cache
  int64_t batch = 0, size = 0, time = 0, innerBytes = 0;
};

namespace cpu {

/// The first sequence whose rows do not fit into the cache, nothing written then; -1 where all do.
int64_t cacheUpdate(const Launch& launch, const CacheUpdateArgs& args);

}  // namespace cpu
}  // namespace fw::kernels
