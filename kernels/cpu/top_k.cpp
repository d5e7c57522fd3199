// The largest elements of each row by a heap of keys, and the place of the largest along an axis. Both pass over runs
// of elements that cannot matter with one comparison an element.
#include "kernels/top_k.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/top_k.cpp"
#include "kernels/cpu/simd.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The first NaN, or else the first of the largest.
int64_t argmaxRow(const float* x, int64_t size) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d)), whole = size / lanes * lanes;
  float best = x[0];
  bool hasNaN = false;
  int64_t i = 0;
  if (whole > 0) {
    auto most = hn::LoadU(d, x);
    auto isNaN = hn::IsNaN(most);
    for (; i < whole; i += lanes) {
      const auto v = hn::LoadU(d, x + i);
      isNaN = hn::Or(isNaN, hn::IsNaN(v));
      most = hn::Max(most, v);
    }
    hasNaN = !hn::AllFalse(d, isNaN);
    best = hn::GetLane(hn::MaxOfLanes(d, most));
  }
  for (; i < size; ++i) {
    hasNaN = hasNaN || std::isnan(x[i]);
    best = std::max(best, x[i]);
  }
  if (hasNaN) return std::find_if(x, x + size, [](float v) { return std::isnan(v); }) - x;
  const auto wanted = hn::Set(d, best);
  for (i = 0; i < whole; i += lanes)
    if (const intptr_t at = hn::FindFirstTrue(d, hn::Eq(hn::LoadU(d, x + i), wanted)); at >= 0) return i + at;
  while (x[i] != best) ++i;
  return i;
}

void argmaxRows(const ArgmaxArgs& args, int64_t begin, int64_t end) {
  for (int64_t o = begin; o < end; ++o) args.y[o] = argmaxRow(args.x + o * args.size, args.size);
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fw::kernels::cpu {
namespace {
HWY_EXPORT(argmaxRows);

constexpr int64_t chunkElements = 16384;
constexpr int64_t run = 16;

// Orders as the elements do, NaN on top, both zeros equal; among equals the lower index has the larger key.
uint64_t keyOf(float value, int64_t index) {
  uint32_t bits = 0xffffffffu;
  if (!std::isnan(value)) {
    value += 0.0f;  // -0 becomes +0
    std::memcpy(&bits, &value, sizeof bits);
    bits = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  }
  return uint64_t(bits) << 32 | (0xffffffffu - uint32_t(index));
}

int64_t indexOf(uint64_t key) { return int64_t(0xffffffffu - uint32_t(key)); }

bool isAnyAbove(const float* x, float bound) {
  int above = 0;
  for (int64_t i = 0; i < run; ++i) above |= !(x[i] <= bound);
  return above != 0;
}

// The row of indices first holds a heap of keys whose root is the least of the k largest so far.
void topKRow(const float* x, int64_t width, int64_t k, float* values, int64_t* indices) {
  uint64_t* keys = reinterpret_cast<uint64_t*>(indices);
  for (int64_t i = 0; i < k; ++i) keys[i] = keyOf(x[i], i);
  std::make_heap(keys, keys + k, std::greater<>());
  int64_t i = k;
  while (i < width) {
    if (i + run <= width && !isAnyAbove(x + i, x[indexOf(keys[0])])) {
      i += run;
      continue;
    }
    for (const int64_t end = std::min(width, i + run); i < end; ++i) {
      const uint64_t key = keyOf(x[i], i);
      if (key <= keys[0]) continue;
      std::pop_heap(keys, keys + k, std::greater<>());
      keys[k - 1] = key;
      std::push_heap(keys, keys + k, std::greater<>());
    }
  }
  std::sort_heap(keys, keys + k, std::greater<>());
  for (int64_t j = 0; j < k; ++j) {
    indices[j] = indexOf(keys[j]);
    values[j] = x[indices[j]];
  }
}

bool isBetter(float value, float best) { return value > best || (std::isnan(value) && !std::isnan(best)); }

}  // namespace

void topK(const Launch& launch, const TopKArgs& args) {
  if (args.k == 0) return;
  const int64_t grain = std::max<int64_t>(1, chunkElements / args.width);
  parallelFor(launch, args.rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r)
      topKRow(args.x + r * args.width, args.width, args.k, args.values + r * args.k, args.indices + r * args.k);
  });
}

void argmax(const Launch& launch, const ArgmaxArgs& args) {
  const int64_t n = args.inner, slab = args.size * n;
  if (n == 1) {
    const auto range = HWY_DYNAMIC_DISPATCH(argmaxRows);
    parallelFor(launch, args.outer, std::max<int64_t>(1, chunkElements / args.size),
                [&](int64_t begin, int64_t end) { range(args, begin, end); });
    return;
  }
  const int64_t blocks = (n + run - 1) / run;
  const int64_t grain = std::max<int64_t>(1, chunkElements / (args.size * run));
  parallelFor(launch, args.outer * blocks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const int64_t o = b / blocks, first = b % blocks * run, width = std::min(run, n - first);
      const float* x = args.x + o * slab + first;
      float best[run];
      int64_t place[run] = {};
      std::copy(x, x + width, best);
      for (int64_t j = 1; j < args.size; ++j)
        for (int64_t i = 0; i < width; ++i)
          if (isBetter(x[j * n + i], best[i])) best[i] = x[j * n + i], place[i] = j;
      std::copy(place, place + width, args.y + o * n + first);
    }
  });
}

}  // namespace fw::kernels::cpu
#endif
