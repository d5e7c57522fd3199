// Whole rows picked, or added to, along an axis. Adding shares out columns, never indices, so that the sums of one
// element are made in one order.
#include "kernels/take.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/take.cpp"
#include "kernels/cpu/simd.h"

#include <algorithm>
#include <cstring>

#include "kernels/element.h"
#include "kernels/indices.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The columns [begin, end) of slab `o`.
void addColumns(const IndexAddArgs& args, int64_t o, int64_t begin, int64_t end) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d)), n = args.inner;
  const float* updates = args.updates + o * args.count * n;
  float* y = args.y + o * args.size * n;
  for (int64_t j = 0; j < args.count; ++j) {
    const float* update = updates + j * n;
    float* target = y + args.indices[j] * n;
    int64_t i = begin;
    for (; i + lanes <= end; i += lanes)
      hn::StoreU(hn::Add(hn::LoadU(d, target + i), hn::LoadU(d, update + i)), d, target + i);
    for (; i < end; ++i) target[i] += update[i];
  }
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {
HWY_EXPORT(addColumns);

constexpr int64_t chunkElements = 16384;

template <class T>
void takeElements(const Launch& launch, const TakeArgs& args) {
  const T* x = static_cast<const T*>(args.x);
  T* y = static_cast<T*>(args.y);
  parallelFor(launch, args.outer * args.count, chunkElements, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = x[i / args.count * args.size + args.indices[i % args.count]];
  });
}

void takeRows(const Launch& launch, const TakeArgs& args) {
  const int64_t row = args.inner * args.elementSize;
  const char* x = static_cast<const char*>(args.x);
  char* y = static_cast<char*>(args.y);
  parallelFor(launch, args.outer * args.count, std::max<int64_t>(1, 65536 / row), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      std::memcpy(y + i * row, x + (i / args.count * args.size + args.indices[i % args.count]) * row, size_t(row));
  });
}
}  // namespace

int64_t take(const Launch& launch, const TakeArgs& args) {
  const int64_t stray = firstOutside(launch, args.indices, args.count, args.size);
  if (stray >= 0) return stray;
  if (args.inner == 0) return -1;
  if (args.inner > 1) {
    takeRows(launch, args);
    return -1;
  }
  withBits(args.elementSize, [&](auto bits) { takeElements<decltype(bits)>(launch, args); });
  return -1;
}

int64_t indexAdd(const Launch& launch, const IndexAddArgs& args) {
  const int64_t stray = firstOutside(launch, args.indices, args.count, args.size);
  if (stray >= 0) return stray;
  if (args.x != args.y) {
    parallelFor(launch, args.outer * args.size * args.inner, chunkElements, [&](int64_t begin, int64_t end) {
      if (args.x)
        std::memcpy(args.y + begin, args.x + begin, size_t(end - begin) * sizeof(float));
      else
        std::memset(args.y + begin, 0, size_t(end - begin) * sizeof(float));
    });
  }
  constexpr int64_t block = 32;  // columns: two cache lines
  const auto add = HWY_DYNAMIC_DISPATCH(addColumns);
  const int64_t blocks = (args.inner + block - 1) / block;
  const int64_t grain = std::max<int64_t>(1, chunkElements / (block * std::max<int64_t>(1, args.count)));
  parallelFor(launch, args.outer * blocks, grain, [&](int64_t begin, int64_t end) {
    while (begin < end) {  // the blocks of one slab at once
      const int64_t o = begin / blocks, first = begin % blocks, last = std::min(blocks, first + end - begin);
      add(args, o, first * block, std::min(args.inner, last * block));
      begin += last - first;
    }
  });
  return -1;
}

}  // namespace fw::kernels::cpu
#endif
