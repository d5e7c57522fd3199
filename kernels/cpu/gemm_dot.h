// Products in which one side has few vectors (a token through a weight): dot products along k, the large side read
// once. Include after kernels/cpu/simd.h.
#if defined(FW_KERNELS_CPU_GEMM_DOT) == defined(HWY_TARGET_TOGGLE)
#ifdef FW_KERNELS_CPU_GEMM_DOT
#undef FW_KERNELS_CPU_GEMM_DOT
#else
#define FW_KERNELS_CPU_GEMM_DOT
#endif

#include <algorithm>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// out[i*fewOut + j*manyOut] (+)= few row i . many row j + bias.
struct Dots {
  int64_t k;
  const float* few;
  int64_t fewStride;
  const float* many;
  int64_t manyStride;
  float* out;
  int64_t fewOut, manyOut;
  bool adds;
  const float* fewBias;   // one a row of few, or null
  const float* manyBias;  // one a row of many, or null
};

// maxFew x manyRows sums, maxFew + 1 operands.
#if HWY_TARGET == HWY_AVX3
inline constexpr int maxFew = 6;
#else
inline constexpr int maxFew = 3;
#endif
inline constexpr int manyRows = 4;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
/// The sums of the lanes of four vectors.
HWY_INLINE hn::Vec<hn::FixedTag<float, 4>> sumsOfFour(hn::Vec<hn::ScalableTag<float>> a,
                                                      hn::Vec<hn::ScalableTag<float>> b,
                                                      hn::Vec<hn::ScalableTag<float>> c,
                                                      hn::Vec<hn::ScalableTag<float>> e) {
  const hn::ScalableTag<float> d;
  const hn::Repartition<double, decltype(d)> d64;
  // In each block of 128 bits: a0+a2 b0+b2 a1+a3 b1+b3, and so for c and e; then the halves of both added.
  const auto ab = hn::BitCast(d64, hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b)));
  const auto ce = hn::BitCast(d64, hn::Add(hn::InterleaveLower(d, c, e), hn::InterleaveUpper(d, c, e)));
  const auto sums =
      hn::Add(hn::BitCast(d, hn::InterleaveLower(d64, ab, ce)), hn::BitCast(d, hn::InterleaveUpper(d64, ab, ce)));
  const hn::Half<decltype(d)> half;
  const auto folded = hn::Add(hn::LowerHalf(half, sums), hn::UpperHalf(half, sums));
#if HWY_TARGET == HWY_AVX3
  const hn::Half<decltype(half)> quarter;
  return hn::Add(hn::LowerHalf(quarter, folded), hn::UpperHalf(quarter, folded));
#else
  return folded;
#endif
}
#endif

template <int few, int many>
HWY_NOINLINE void dotTile(const Dots& dots) {
  using D = hn::ScalableTag<float>;
  using V = hn::VFromD<D>;
  const D d;
  const int64_t lanes = int64_t(hn::Lanes(d));
  V sum[few][many];
#pragma GCC unroll 8
  for (int i = 0; i < few; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < many; ++j) sum[i][j] = hn::Zero(d);
  }
  int64_t k = 0;
  for (; k + lanes <= dots.k; k += lanes) {
    V right[many];
#pragma GCC unroll 8
    for (int j = 0; j < many; ++j) right[j] = hn::LoadU(d, dots.many + j * dots.manyStride + k);
#pragma GCC unroll 8
    for (int i = 0; i < few; ++i) {
      const V left = hn::LoadU(d, dots.few + i * dots.fewStride + k);
#pragma GCC unroll 8
      for (int j = 0; j < many; ++j) sum[i][j] = hn::MulAdd(left, right[j], sum[i][j]);
    }
  }
  if (k < dots.k) {
    const auto mask = hn::FirstN(d, size_t(dots.k - k));
#pragma GCC unroll 8
    for (int j = 0; j < many; ++j) {
      const V right = hn::MaskedLoad(mask, d, dots.many + j * dots.manyStride + k);
#pragma GCC unroll 8
      for (int i = 0; i < few; ++i) {
        sum[i][j] = hn::MulAdd(hn::MaskedLoad(mask, d, dots.few + i * dots.fewStride + k), right, sum[i][j]);
      }
    }
  }
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  if constexpr (many == 4) {
    const hn::FixedTag<float, 4> four;
#pragma GCC unroll 8
    for (int i = 0; i < few; ++i) {
      auto value = sumsOfFour(sum[i][0], sum[i][1], sum[i][2], sum[i][3]);
      if (dots.fewBias != nullptr) value = hn::Add(value, hn::Set(four, dots.fewBias[i]));
      if (dots.manyBias != nullptr) value = hn::Add(value, hn::LoadU(four, dots.manyBias));
      float* out = dots.out + i * dots.fewOut;
      if (dots.manyOut == 1) {
        if (dots.adds) value = hn::Add(value, hn::LoadU(four, out));
        hn::StoreU(value, four, out);
        continue;
      }
      HWY_ALIGN float lanes[4];
      hn::Store(value, four, lanes);
      for (int j = 0; j < many; ++j) out[j * dots.manyOut] = dots.adds ? out[j * dots.manyOut] + lanes[j] : lanes[j];
    }
    return;
  }
#endif
#pragma GCC unroll 8
  for (int i = 0; i < few; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < many; ++j) {
      float value = hn::GetLane(hn::SumOfLanes(d, sum[i][j]));
      float& out = dots.out[i * dots.fewOut + j * dots.manyOut];
      if (dots.fewBias != nullptr) value += dots.fewBias[i];
      if (dots.manyBias != nullptr) value += dots.manyBias[j];
      out = dots.adds ? out + value : value;
    }
  }
}

template <int few>
void dotRows(Dots dots, int64_t count) {
  int64_t j = 0;
  for (; j + manyRows <= count; j += manyRows) {
    dotTile<few, manyRows>(dots);
    dots.many += manyRows * dots.manyStride;
    dots.out += manyRows * dots.manyOut;
    if (dots.manyBias != nullptr) dots.manyBias += manyRows;
  }
  for (; j < count; ++j) {
    dotTile<few, 1>(dots);
    dots.many += dots.manyStride;
    dots.out += dots.manyOut;
    if (dots.manyBias != nullptr) dots.manyBias += 1;
  }
}

/// All rows of few (fewCount) against manyCount rows of many.
inline void dotBlock(const Dots& dots, int64_t fewCount, int64_t manyCount) {
  // Some rows of many at a time, so that they are still in the cache for the next rows of few.
  const int64_t step = std::max<int64_t>(manyRows, 8192 / std::max<int64_t>(dots.k, 1) / manyRows * manyRows);
  for (int64_t j = 0; j < manyCount; j += step) {
    const int64_t count = std::min(step, manyCount - j);
    for (int64_t i = 0; i < fewCount; i += maxFew) {
      Dots part = dots;
      part.few += i * dots.fewStride;
      part.many += j * dots.manyStride;
      part.out += i * dots.fewOut + j * dots.manyOut;
      if (part.fewBias != nullptr) part.fewBias += i;
      if (part.manyBias != nullptr) part.manyBias += j;
      switch (std::min<int64_t>(fewCount - i, maxFew)) {
        case 1:
          dotRows<1>(part, count);
          break;
        case 2:
          dotRows<2>(part, count);
          break;
        case 3:
          dotRows<3>(part, count);
          break;
#if HWY_TARGET == HWY_AVX3
        case 4:
          dotRows<4>(part, count);
          break;
        case 5:
          dotRows<5>(part, count);
          break;
        default:
          dotRows<6>(part, count);
          break;
#endif
      }
    }
  }
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
