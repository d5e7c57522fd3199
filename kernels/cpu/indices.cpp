// Checking indices: a block without a stray one costs one comparison an index.
#include "kernels/indices.h"

#include <algorithm>
#include <atomic>

namespace fw::kernels::cpu {

int64_t firstOutside(const Launch& launch, const int64_t* indices, int64_t count, int64_t size) {
  std::atomic<int64_t> first = count;
  parallelFor(launch, count, 16384, [&](int64_t begin, int64_t end) {
    uint64_t stray = 0;
    for (int64_t i = begin; i < end; ++i) stray |= uint64_t(uint64_t(indices[i]) >= uint64_t(size));
    if (stray == 0) return;
    int64_t at = begin;
    while (uint64_t(indices[at]) < uint64_t(size)) ++at;
    int64_t seen = first;
    while (at < seen && !first.compare_exchange_weak(seen, at)) {
    }
  });
  return first == count ? -1 : int64_t(first);
}

}  // namespace fw::kernels::cpu
