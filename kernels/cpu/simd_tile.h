// Small matrix products on operands that lie in the first caches, and transposed copies: the inside of attention.
// Include after kernels/cpu/simd.h.
#if defined(FW_KERNELS_CPU_SIMD_TILE) == defined(HWY_TARGET_TOGGLE)
#ifdef FW_KERNELS_CPU_SIMD_TILE
#undef FW_KERNELS_CPU_SIMD_TILE
#else
#define FW_KERNELS_CPU_SIMD_TILE
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {

/// How the left factor lies: element (m,r) at a[m * stride + r], or at a[r * stride + m].
enum class TileLeft { Rows, Columns };

/// What C is before the product is added.
enum class TileStart { Zero, Add, Scale };

/// One block of M rows by N vectors, held in registers while r runs.
template <TileLeft left, TileStart start, int M, int N>
HWY_INLINE void tileBlock(const float* HWY_RESTRICT a, int64_t aStride, const float* HWY_RESTRICT b, int64_t bStride,
                          float* HWY_RESTRICT c, int64_t cStride, int64_t depth, const float* HWY_RESTRICT factor,
                          int64_t lastLanes) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = int64_t(hn::Lanes(d));
  const bool isWhole = lastLanes == lanes;
  V acc[M][N];
  for (int m = 0; m < M; ++m)
    for (int n = 0; n < N; ++n) {
      if constexpr (start == TileStart::Zero) {
        acc[m][n] = hn::Zero(d);
      } else {
        const float* at = c + m * cStride + n * lanes;
        acc[m][n] = (n + 1 < N || isWhole) ? hn::LoadU(d, at) : hn::MaskedLoad(hn::FirstN(d, size_t(lastLanes)), d, at);
        if constexpr (start == TileStart::Scale) acc[m][n] = hn::Mul(acc[m][n], hn::LoadU(d, factor + n * lanes));
      }
    }
  for (int64_t r = 0; r < depth; ++r) {
    V row[N];
    for (int n = 0; n < N; ++n) row[n] = hn::LoadU(d, b + r * bStride + n * lanes);
    for (int m = 0; m < M; ++m) {
      const V factorA = hn::Set(d, left == TileLeft::Rows ? a[m * aStride + r] : a[r * aStride + m]);
      for (int n = 0; n < N; ++n) acc[m][n] = hn::MulAdd(factorA, row[n], acc[m][n]);
    }
  }
  for (int m = 0; m < M; ++m)
    for (int n = 0; n < N; ++n) {
      float* at = c + m * cStride + n * lanes;
      if (n + 1 < N || isWhole)
        hn::StoreU(acc[m][n], d, at);
      else
        hn::BlendedStore(acc[m][n], hn::FirstN(d, size_t(lastLanes)), d, at);
    }
}

template <TileLeft left, TileStart start, int N>
HWY_INLINE void tileColumn(const float* a, int64_t aStride, const float* b, int64_t bStride, float* c, int64_t cStride,
                           int64_t rows, int64_t depth, const float* factor, int64_t lastLanes) {
  constexpr int big = HWY_TARGET == HWY_AVX3 ? 8 : HWY_TARGET == HWY_SCALAR ? 4 : 6;
  const int64_t step = left == TileLeft::Rows ? aStride : 1;
  int64_t m = 0;
  for (; m + big <= rows; m += big)
    tileBlock<left, start, big, N>(a + m * step, aStride, b, bStride, c + m * cStride, cStride, depth, factor,
                                   lastLanes);
  for (; m + 4 <= rows; m += 4)
    tileBlock<left, start, 4, N>(a + m * step, aStride, b, bStride, c + m * cStride, cStride, depth, factor, lastLanes);
  for (; m < rows; ++m)
    tileBlock<left, start, 1, N>(a + m * step, aStride, b, bStride, c + m * cStride, cStride, depth, factor, lastLanes);
}

/// C = start(C) + A B with C: [rows, columns], depth terms. B is read in whole vectors, so its rows hold at least
/// `columns` rounded up to whole vectors; C is written within `columns` only. `factor`: [columns], for Scale.
template <TileLeft left, TileStart start>
HWY_NOINLINE void tileProduct(const float* a, int64_t aStride, const float* b, int64_t bStride, float* c,
                              int64_t cStride, int64_t rows, int64_t columns, int64_t depth,
                              const float* factor = nullptr) {
  namespace hn = hwy::HWY_NAMESPACE;
  const int64_t lanes = int64_t(hn::Lanes(hn::ScalableTag<float>()));
  for (int64_t n = 0; n < columns;) {
    const int64_t remaining = columns - n;
    const float* part = factor == nullptr ? nullptr : factor + n;
    if (remaining > lanes) {
      const int64_t last = remaining >= 2 * lanes ? lanes : remaining - lanes;
      tileColumn<left, start, 2>(a, aStride, b + n, bStride, c + n, cStride, rows, depth, part, last);
      n += 2 * lanes;
    } else {
      tileColumn<left, start, 1>(a, aStride, b + n, bStride, c + n, cStride, rows, depth, part, remaining);
      n += lanes;
    }
  }
}

#if HWY_TARGET != HWY_SCALAR
/// Four rows by four columns: to[c * toStride + r] = factor * from[r][c].
HWY_INLINE void transposeFour(const float* const* from, int64_t column, float factor, float* to, int64_t toStride) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::FixedTag<float, 4> d;
  const hn::RepartitionToWide<decltype(d)> dw;
  const auto f = hn::Set(d, factor);
  const auto r0 = hn::Mul(f, hn::LoadU(d, from[0] + column)), r1 = hn::Mul(f, hn::LoadU(d, from[1] + column));
  const auto r2 = hn::Mul(f, hn::LoadU(d, from[2] + column)), r3 = hn::Mul(f, hn::LoadU(d, from[3] + column));
  const auto a = hn::BitCast(dw, hn::InterleaveLower(d, r0, r1)), b = hn::BitCast(dw, hn::InterleaveLower(d, r2, r3));
  const auto e = hn::BitCast(dw, hn::InterleaveUpper(d, r0, r1)), g = hn::BitCast(dw, hn::InterleaveUpper(d, r2, r3));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dw, a, b)), d, to);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dw, a, b)), d, to + toStride);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dw, e, g)), d, to + 2 * toStride);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dw, e, g)), d, to + 3 * toStride);
}
#endif

/// to[c * toStride + r] = factor * from[r][c] for `rows` rows, each given by its address, and `columns` columns.
HWY_INLINE void transposeRows(const float* const* from, int64_t rows, int64_t columns, float factor, float* to,
                              int64_t toStride) {
  int64_t r = 0;
#if HWY_TARGET != HWY_SCALAR
  for (; r + 4 <= rows; r += 4) {
    int64_t c = 0;
    for (; c + 4 <= columns; c += 4) transposeFour(from + r, c, factor, to + c * toStride + r, toStride);
    for (; c < columns; ++c)
      for (int64_t i = r; i < r + 4; ++i) to[c * toStride + i] = factor * from[i][c];
  }
#endif
  for (; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) to[c * toStride + r] = factor * from[r][c];
}

/// to[r][c] = factor[r] * from[c * fromStride + r]: the way back.
HWY_INLINE void transposeBack(const float* from, int64_t fromStride, int64_t rows, int64_t columns, const float* factor,
                              float* const* to) {
  namespace hn = hwy::HWY_NAMESPACE;
  int64_t r = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<float, 4> d;
  const hn::RepartitionToWide<decltype(d)> dw;
  for (; r + 4 <= rows; r += 4) {
    const auto f = hn::LoadU(d, factor + r);
    int64_t c = 0;
    for (; c + 4 <= columns; c += 4) {
      const float* at = from + c * fromStride + r;
      const auto c0 = hn::Mul(f, hn::LoadU(d, at)), c1 = hn::Mul(f, hn::LoadU(d, at + fromStride));
      const auto c2 = hn::Mul(f, hn::LoadU(d, at + 2 * fromStride)), c3 = hn::Mul(f, hn::LoadU(d, at + 3 * fromStride));
      const auto a = hn::BitCast(dw, hn::InterleaveLower(d, c0, c1)),
                 b = hn::BitCast(dw, hn::InterleaveLower(d, c2, c3));
      const auto e = hn::BitCast(dw, hn::InterleaveUpper(d, c0, c1)),
                 g = hn::BitCast(dw, hn::InterleaveUpper(d, c2, c3));
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dw, a, b)), d, to[r] + c);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dw, a, b)), d, to[r + 1] + c);
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dw, e, g)), d, to[r + 2] + c);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dw, e, g)), d, to[r + 3] + c);
    }
    for (; c < columns; ++c)
      for (int64_t i = r; i < r + 4; ++i) to[i][c] = factor[i] * from[c * fromStride + i];
  }
#endif
  for (; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) to[r][c] = factor[r] * from[c * fromStride + r];
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
