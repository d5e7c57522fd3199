// Elements picked, or added to, along an axis. Adding shares out the outer indices only, so that the sums of one
// element are made in one order.
#include "kernels/gather.h"

#include <algorithm>
#include <cstring>

#include "kernels/element.h"
#include "kernels/indices.h"

namespace fw::kernels::cpu {
namespace {

constexpr int64_t chunkElements = 16384;

template <class T>
void gatherElements(const Launch& launch, const GatherArgs& args) {
  const int64_t n = args.inner;
  const T* x = static_cast<const T*>(args.x);
  T* y = static_cast<T*>(args.y);
  const int64_t grain = std::max<int64_t>(1, chunkElements / std::max<int64_t>(1, n));
  parallelFor(launch, args.outer * args.count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const T* source = x + row / args.count * args.size * n;
      const int64_t* index = args.indices + row * n;
      T* target = y + row * n;
      for (int64_t i = 0; i < n; ++i) target[i] = source[index[i] * n + i];
    }
  });
}

}  // namespace

int64_t gather(const Launch& launch, const GatherArgs& args) {
  const int64_t stray = firstOutside(launch, args.indices, args.outer * args.count * args.inner, args.size);
  if (stray >= 0) return stray;
  withBits(args.elementSize, [&](auto bits) { gatherElements<decltype(bits)>(launch, args); });
  return -1;
}

int64_t scatterAdd(const Launch& launch, const ScatterAddArgs& args) {
  const int64_t stray = firstOutside(launch, args.indices, args.outer * args.count * args.inner, args.size);
  if (stray >= 0) return stray;
  const int64_t n = args.inner, slab = args.size * n;
  const int64_t grain = std::max<int64_t>(1, chunkElements / std::max<int64_t>(1, slab + args.count * n));
  parallelFor(launch, args.outer, grain, [&](int64_t begin, int64_t end) {
    if (args.x != args.y)
      std::memcpy(args.y + begin * slab, args.x + begin * slab, size_t((end - begin) * slab) * sizeof(float));
    for (int64_t row = begin * args.count; row < end * args.count; ++row) {
      float* target = args.y + row / args.count * slab;
      const int64_t* index = args.indices + row * n;
      const float* update = args.updates + row * n;
      for (int64_t i = 0; i < n; ++i) target[index[i] * n + i] += update[i];
    }
  });
  return -1;
}

}  // namespace fw::kernels::cpu
