// The innermost pieces of gemm: packing, and tiles of C held in registers. Include after kernels/cpu/simd.h.
#if defined(FW_KERNELS_CPU_GEMM_KERNEL) == defined(HWY_TARGET_TOGGLE)
#ifdef FW_KERNELS_CPU_GEMM_KERNEL
#undef FW_KERNELS_CPU_GEMM_KERNEL
#else
#define FW_KERNELS_CPU_GEMM_KERNEL
#endif

#include <algorithm>
#include <array>
#include <utility>

#include "hwy/highway.h"
#include "kernels/cpu/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using Vec = hn::VFromD<F32>;
HWY_INLINE int64_t laneCount() { return int64_t(hn::Lanes(F32())); }

// A tile of maxTileRows x tileVectors accumulators, the vectors of B and a broadcast fit the registers: 32 of AVX-512,
// 16 of AVX2.
#if HWY_TARGET == HWY_AVX3
inline constexpr int maxTileRows = 14;
#elif HWY_TARGET == HWY_AVX2
inline constexpr int maxTileRows = 6;
#else
inline constexpr int maxTileRows = 4;
#endif
inline constexpr int tileVectors = 2;

/// Walks through memory that will be needed soon, line by line: `left` lines of 64 bytes, `perRow` in each row.
struct Ahead {
  const char* line = nullptr;
  int64_t leftInRow = 1, perRow = 1;
  int64_t toNextRow = 0;  // bytes from the last line of a row to the first of the next
  int64_t left = 0;
};

/// One tile: c[rows, columns] (+)= sum over k of a[i] * b[j].
struct TileArgs {
  int64_t k;
  const float* a;
  int64_t aRowStride, aStride;  // from row to row (not read where the rows are contiguous) and from k to k
  const float* b;               // packed: its vectors of a k lie side by side, one k after the other
  float* c;
  int64_t ldc;
  int64_t columns;  // valid ones, at most the vectors' lanes
  bool addsC;
  const float* bias;     // of the columns, or null
  const float* rowBias;  // of the rows, or null
  Ahead* ahead;          // what a packed tile fetches meanwhile
};

/// How many lanes of vector `j` lie inside the tile.
HWY_INLINE size_t validLanes(const TileArgs& tile, int64_t j) {
  return size_t(std::clamp<int64_t>(tile.columns - j * laneCount(), 0, laneCount()));
}

enum class TileKind {
  Packed,      // A is packed: the fastest
  Contiguous,  // A^T as it lies: the rows of the tile side by side
  Strided,     // A as it lies: the rows aRowStride apart
};

/// sum[i][j] += a[i] * b[j], one step of k.
template <int rows, int vectors>
HWY_INLINE void multiplyStep(const float* a, int64_t aRowStride, const float* b, Vec (&sum)[rows][vectors]) {
  const F32 d;
  const int64_t lanes = laneCount();
  Vec right[vectors];
#pragma GCC unroll 8
  for (int j = 0; j < vectors; ++j) right[j] = hn::LoadU(d, b + j * lanes);
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
    const Vec left = hn::Set(d, a[i * aRowStride]);
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) sum[i][j] = hn::MulAdd(left, right[j], sum[i][j]);
  }
}

/// All steps of k. Every fourth one fetches a row of C and a line of what comes next: all at once they would hold up
/// the reads of A and B.
template <int rows, int vectors>
HWY_INLINE void multiplyFetching(const TileArgs& tile, Vec (&sum)[rows][vectors]) {
  constexpr int stepsAtATime = 4;
  const float* a = tile.a;
  const float* b = tile.b;
  constexpr int64_t aStride = rows;
  const int64_t bStride = vectors * laneCount(), groups = tile.k / stepsAtATime;
  const float* c = tile.c;
  int64_t rowsToFetch = rows;
  const auto fetchRow = [&] {
    __builtin_prefetch(c, 1);
    __builtin_prefetch(c + tile.columns - 1, 1);
    c += --rowsToFetch > 0 ? tile.ldc : 0;
  };
  for (int64_t early = rows - groups; early > 0; --early) fetchRow();
  Ahead ahead = *tile.ahead;
  for (int64_t group = 0; group < groups; ++group) {
    fetchRow();
    __builtin_prefetch(ahead.line, 0, 2);
    const bool isLastOfRow = --ahead.leftInRow == 0;
    ahead.line += isLastOfRow ? ahead.toNextRow : 64;
    if (isLastOfRow) ahead.leftInRow = ahead.perRow;
#pragma GCC unroll 4
    for (int step = 0; step < stepsAtATime; ++step) {
      multiplyStep<rows, vectors>(a, 1, b, sum);
      a += aStride;
      b += bStride;
      asm volatile("" : "+r"(a), "+r"(b));  // else the compiler keeps many addresses and runs out of registers
    }
  }
  ahead.left -= groups;
  *tile.ahead = ahead;
  for (int64_t k = groups * stepsAtATime; k < tile.k; ++k) {
    multiplyStep<rows, vectors>(a, 1, b, sum);
    a += aStride;
    b += bStride;
  }
}

/// All steps of k, C being fetched first.
template <int rows, int vectors, bool isContiguous>
HWY_INLINE void multiplyPlain(const TileArgs& tile, Vec (&sum)[rows][vectors]) {
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
    __builtin_prefetch(tile.c + i * tile.ldc, 1);
    __builtin_prefetch(tile.c + i * tile.ldc + tile.columns - 1, 1);
  }
  const float* a = tile.a;
  const float* b = tile.b;
  const int64_t aRowStride = isContiguous ? 1 : tile.aRowStride, aStride = tile.aStride;
  const int64_t bStride = vectors * laneCount();
#pragma GCC unroll 2
  for (int64_t k = 0; k < tile.k; ++k) {
    multiplyStep<rows, vectors>(a, aRowStride, b, sum);
    a += aStride;
    b += bStride;
  }
}

template <int rows, int vectors, TileKind kind>
HWY_NOINLINE void computeTile(const TileArgs& tile) {
  const F32 d;
  const int64_t lanes = laneCount();
  const bool isWhole = tile.columns == vectors * lanes;
  Vec sum[rows][vectors];
#pragma GCC unroll 8
  for (int j = 0; j < vectors; ++j) {
    Vec bias = hn::Zero(d);
    if (tile.bias != nullptr) {
      bias = isWhole ? hn::LoadU(d, tile.bias + j * lanes)
                     : hn::MaskedLoad(hn::FirstN(d, validLanes(tile, j)), d, tile.bias + j * lanes);
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) sum[i][j] = bias;
  }
  if constexpr (kind == TileKind::Packed) {
    multiplyFetching<rows, vectors>(tile, sum);
  } else {
    multiplyPlain<rows, vectors, kind == TileKind::Contiguous>(tile, sum);
  }
  if (tile.rowBias != nullptr) {
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < vectors; ++j) sum[i][j] = hn::Add(sum[i][j], hn::Set(d, tile.rowBias[i]));
    }
  }
  if (isWhole) {
    if (tile.addsC) {
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
        for (int j = 0; j < vectors; ++j) {
          sum[i][j] = hn::Add(sum[i][j], hn::LoadU(d, tile.c + i * tile.ldc + j * lanes));
        }
      }
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < vectors; ++j) hn::StoreU(sum[i][j], d, tile.c + i * tile.ldc + j * lanes);
    }
    return;
  }
#pragma GCC unroll 8
  for (int j = 0; j < vectors; ++j) {
    const auto mask = hn::FirstN(d, validLanes(tile, j));
    float* c = tile.c + j * lanes;
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
      if (tile.addsC) sum[i][j] = hn::Add(sum[i][j], hn::MaskedLoad(mask, d, c + i * tile.ldc));
      hn::BlendedStore(sum[i][j], mask, d, c + i * tile.ldc);
    }
  }
}

using TileFunction = void (*)(const TileArgs&);

template <int vectors, TileKind kind, int... index>
constexpr std::array<TileFunction, sizeof...(index)> tileFunctions(std::integer_sequence<int, index...>) {
  return {computeTile<index + 1, vectors, kind>...};
}

template <int rows>
using UpTo = std::make_integer_sequence<int, rows>;

/// The function for a tile of so many rows, and 1 or 2 vectors.
template <TileKind kind>
TileFunction tileFunction(int64_t rows, int64_t vectors) {
  static constexpr auto of1 = tileFunctions<1, kind>(UpTo<maxTileRows>());
  static constexpr auto of2 = tileFunctions<2, kind>(UpTo<maxTileRows>());
  return vectors == 2 ? of2[size_t(rows - 1)] : of1[size_t(rows - 1)];
}

inline TileFunction tileFunction(int64_t rows, int64_t vectors, TileKind kind) {
  if (kind == TileKind::Packed) return tileFunction<TileKind::Packed>(rows, vectors);
  if (kind == TileKind::Contiguous) return tileFunction<TileKind::Contiguous>(rows, vectors);
  return tileFunction<TileKind::Strided>(rows, vectors);
}

/// out[k*width + i] = row[i][k] for k < count and i < lanes; `width` may be less than the lanes: the surplus of one k
/// is overwritten by the next.
HWY_INLINE void transposeRows(const float* const* row, int64_t count, int64_t width, float* out) {
  int64_t k = 0;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  const F32 d;
  const hn::Repartition<double, F32> d64;
  for (; k + 4 <= count; k += 4) {
    Vec four[4];  // four[r]: elements k..k+3 of rows r, r+4, ..., one row a block of 128 bits
#pragma GCC unroll 8
    for (int r = 0; r < 4; ++r) {
#if HWY_TARGET == HWY_AVX3
      const Vec low = hn::OddEvenBlocks(hn::LoadDup128(d, row[r + 4] + k), hn::LoadDup128(d, row[r] + k));
      const Vec high = hn::OddEvenBlocks(hn::LoadDup128(d, row[r + 12] + k), hn::LoadDup128(d, row[r + 8] + k));
      four[r] = hn::ConcatUpperLower(d, high, low);
#else
      four[r] = hn::ConcatUpperLower(d, hn::LoadDup128(d, row[r + 4] + k), hn::LoadDup128(d, row[r] + k));
#endif
    }
    const auto low01 = hn::BitCast(d64, hn::InterleaveLower(d, four[0], four[1]));
    const auto low23 = hn::BitCast(d64, hn::InterleaveLower(d, four[2], four[3]));
    const auto high01 = hn::BitCast(d64, hn::InterleaveUpper(d, four[0], four[1]));
    const auto high23 = hn::BitCast(d64, hn::InterleaveUpper(d, four[2], four[3]));
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, low01, low23)), d, out + (k + 0) * width);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, low01, low23)), d, out + (k + 1) * width);
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, high01, high23)), d, out + (k + 2) * width);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, high01, high23)), d, out + (k + 3) * width);
  }
#endif
  const int64_t used = std::min(width, laneCount());
  for (; k < count; ++k) {
    for (int64_t i = 0; i < used; ++i) out[k * width + i] = row[i][k];
  }
}

/// Copies a panel of a strided operand; may write up to a vector past the panel's end.
inline void packStrided(const GemmOperand& operand, const PanelRequest& request, float* out) {
  const F32 d;
  const int64_t lanes = laneCount();
  const float* data = operand.data + request.batch * operand.batchStride;
  const int64_t depth = request.k1 - request.k0;
  for (int64_t v = 0; v < request.count; v += lanes) {
    if (operand.stride == 1) {
      const float* from = data + request.first + v + request.k0 * operand.kStride;
      const auto mask = hn::FirstN(d, size_t(request.count - v));
      for (int64_t k = 0; k < depth; ++k) {
        hn::StoreU(hn::MaskedLoad(mask, d, from + k * operand.kStride), d, out + k * request.width + v);
      }
      continue;
    }
    const float* row[64 / sizeof(float)];
    for (int64_t i = 0; i < lanes; ++i) {
      const int64_t index = request.first + std::min(v + i, request.count - 1);
      row[i] = data + index * operand.stride + request.k0;
    }
    transposeRows(row, depth, request.width, out + v);
  }
}

/// Copies `count` rows of so many vectors.
template <int vectors>
HWY_INLINE void copyRows(const float* from, int64_t fromStride, int64_t count, float* to, int64_t toStride) {
  const F32 d;
  const int64_t lanes = laneCount();
  for (int64_t r = 0; r < count; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) hn::StoreU(hn::LoadU(d, from + v * lanes), d, to + v * lanes);
    from += fromStride;
    to += toStride;
  }
}

/// Copies the first `valid` numbers of each row and fills it with zeros up to `width`.
inline void copyNarrowRows(const float* from, int64_t fromStride, int64_t count, int64_t valid, float* to,
                           int64_t width) {
  const F32 d;
  const int64_t lanes = laneCount();
  for (int64_t r = 0; r < count; ++r) {
    for (int64_t i = 0; i < width; i += lanes) {
      const size_t inside = size_t(std::clamp<int64_t>(valid - i, 0, lanes));
      const Vec some = hn::MaskedLoad(hn::FirstN(d, inside), d, from + i);
      hn::BlendedStore(some, hn::FirstN(d, size_t(std::min(width - i, lanes))), d, to + i);
    }
    from += fromStride;
    to += width;
  }
}

/// Copies all panels of an operand whose vectors lie side by side, along its rows as they lie in memory: the first
/// `tall` panels are `tallWidth` wide, the others `width`, the last what is left of request.width. What lies beyond
/// request.count is zero.
inline void packAlongPanels(const GemmOperand& operand, const PanelRequest& request, int64_t tall, int64_t tallWidth,
                            int64_t width, float* out) {
  constexpr int64_t rowsAtATime = 8;  // as many streams as the memory likes
  const int64_t lanes = laneCount(), depth = request.k1 - request.k0;
  const float* data = operand.data + request.batch * operand.batchStride + request.first + request.k0 * operand.kStride;
  for (int64_t k = 0; k < depth; k += rowsAtATime) {
    const int64_t rows = std::min(rowsAtATime, depth - k);
    const float* from = data + k * operand.kStride;
    float* panel = out;
    for (int64_t v = 0, t = 0; v < request.width; ++t) {
      const int64_t wide = std::min(t < tall ? tallWidth : width, request.width - v);
      const int64_t valid = std::min(request.count - v, wide), vectors = (wide + lanes - 1) / lanes;
      float* to = panel + k * wide;
      // The surplus of a row's last vector is overwritten by the next row; there is none after the last.
      int64_t whole = v + vectors * lanes <= request.count && vectors <= 2 ? rows : 0;
      if (whole > 0 && vectors * lanes > wide && k + rows == depth) --whole;
      if (vectors == 1) {
        copyRows<1>(from + v, operand.kStride, whole, to, wide);
      } else {
        copyRows<2>(from + v, operand.kStride, whole, to, wide);
      }
      if (whole < rows) {
        copyNarrowRows(from + v + whole * operand.kStride, operand.kStride, rows - whole, valid, to + whole * wide,
                       wide);
      }
      v += wide;
      panel += wide * depth;
    }
  }
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
