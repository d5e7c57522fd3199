// Loops over one row of any width: whole vectors, then the rest under a mask; include after simd.h.
#if defined(FW_KERNELS_CPU_SIMD_ROWS) == defined(HWY_TARGET_TOGGLE)
#ifdef FW_KERNELS_CPU_SIMD_ROWS
#undef FW_KERNELS_CPU_SIMD_ROWS
#else
#define FW_KERNELS_CPU_SIMD_ROWS
#endif

#include <cstdint>
#include <limits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The lanes from `i` on of a row of `count`; those beyond its end are `filler`.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V loadRest(D d, const float* row, int64_t i, int64_t count, V filler) {
  const auto mask = hn::FirstN(d, size_t(count - i));
  return hn::IfThenElse(mask, hn::MaskedLoad(mask, d, row + i), filler);
}
template <class D, class V = hn::Vec<D>>
HWY_INLINE void storeRest(D d, V v, float* row, int64_t i, int64_t count) {
  hn::BlendedStore(v, hn::FirstN(d, size_t(count - i)), d, row + i);
}

/// The sum over the row of f(i, load), where load(p, filler) reads p[i...]. Sums of 2048 elements in vectors, of these
/// in f64. f must give 0 for lanes made of fillers.
template <class F>
HWY_INLINE double rowSum(int64_t count, const F& f) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = int64_t(hn::Lanes(d));
  const auto whole = [&](int64_t i)
                         HWY_ATTR { return f([&](const float* p, V) HWY_ATTR { return hn::LoadU(d, p + i); }); };
  double total = 0;
  int64_t i = 0;
  while (i < count) {
    const int64_t end = count - i > 2048 ? i + 2048 : count;
    V a = hn::Zero(d), b = a, c = a, e = a;
    for (; i + 4 * lanes <= end; i += 4 * lanes) {
      a = hn::Add(a, whole(i));
      b = hn::Add(b, whole(i + lanes));
      c = hn::Add(c, whole(i + 2 * lanes));
      e = hn::Add(e, whole(i + 3 * lanes));
    }
    for (; i + lanes <= end; i += lanes) a = hn::Add(a, whole(i));
    if (i < end) {
      b = hn::Add(b, f([&](const float* p, V filler) HWY_ATTR { return loadRest(d, p, i, count, filler); }));
      i = end;
    }
    total += double(hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(a, b), hn::Add(c, e)))));
  }
  return total;
}

/// to[i] = f(load), load as above.
template <class F>
HWY_INLINE void rowMap(int64_t count, float* to, const F& f) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = int64_t(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(f([&](const float* p, V) HWY_ATTR { return hn::LoadU(d, p + i); }), d, to + i);
  if (i < count)
    storeRest(d, f([&](const float* p, V filler) HWY_ATTR { return loadRest(d, p, i, count, filler); }), to, i, count);
}

/// The largest element; NaN may be passed over.
HWY_INLINE float rowMax(const float* x, int64_t count) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  const auto lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto a = lowest, b = a, c = a, e = a;
  int64_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    a = hn::Max(a, hn::LoadU(d, x + i));
    b = hn::Max(b, hn::LoadU(d, x + i + lanes));
    c = hn::Max(c, hn::LoadU(d, x + i + 2 * lanes));
    e = hn::Max(e, hn::LoadU(d, x + i + 3 * lanes));
  }
  for (; i + lanes <= count; i += lanes) a = hn::Max(a, hn::LoadU(d, x + i));
  if (i < count) b = hn::Max(b, loadRest(d, x, i, count, lowest));
  return hn::GetLane(hn::MaxOfLanes(d, hn::Max(hn::Max(a, b), hn::Max(c, e))));
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // FW_KERNELS_CPU_SIMD_ROWS
