// Products so small that packing them in panels would not pay: A is read where it lies, B row by row where it lies or
// transposed. Include after kernels/cpu/simd.h and gemm_kernel.h.
#if defined(FW_KERNELS_CPU_GEMM_SMALL) == defined(HWY_TARGET_TOGGLE)
#ifdef FW_KERNELS_CPU_GEMM_SMALL
#undef FW_KERNELS_CPU_GEMM_SMALL
#else
#define FW_KERNELS_CPU_GEMM_SMALL
#endif

#include <algorithm>
#include <array>
#include <utility>

#include "hwy/highway.h"
#include "kernels/cpu/gemm_kernel.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {

/// A column of tiles: c[rows,columns] (+)= sum over k of a[i] * b[j], for rows that are a multiple of a tile's.
struct SmallColumn {
  int64_t k;
  const float* a;
  int64_t aStride;  // from row to row where A lies along k, else from k to k; the other one is 1
  const float* b;
  int64_t bStride;
  float* c;
  int64_t ldc;
  int64_t columns;  // of a tile whose vector is not whole
  bool addsC;
  const float* bias;     // of the columns, or null
  const float* rowBias;  // of the rows, or null
};

// The tallest tiles of 1, 2, 4 and 8 vectors.
#if HWY_TARGET == HWY_AVX3
inline constexpr int smallRows1 = 16, smallRows2 = 12, smallRows4 = 6, smallRows8 = 3;
#elif HWY_TARGET == HWY_AVX2
inline constexpr int smallRows1 = 8, smallRows2 = 6, smallRows4 = 3, smallRows8 = 1;
#else
inline constexpr int smallRows1 = 4, smallRows2 = 4, smallRows4 = 2, smallRows8 = 1;
#endif

/// sum[i][j] += a[i] * b[j], one step of k, and the pointers to every third row of A go on.
template <int rows, int vectors, bool isAlongK, bool isMasked, class Mask>
HWY_INLINE void smallStep(const float* (&row)[(rows + 2) / 3], int64_t aStride, const float* b, Mask mask,
                          Vec (&sum)[rows][vectors]) {
  const F32 d;
  const int64_t lanes = laneCount();
  Vec right[vectors];
#pragma GCC unroll 8
  for (int j = 0; j < vectors; ++j) {
    if constexpr (isMasked) {
      right[j] = hn::MaskedLoad(mask, d, b + j * lanes);
    } else {
      right[j] = hn::LoadU(d, b + j * lanes);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
    const Vec left = hn::Set(d, isAlongK ? row[i / 3][i % 3 * aStride] : row[0][i]);
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) sum[i][j] = hn::MulAdd(left, right[j], sum[i][j]);
  }
  constexpr int pointers = isAlongK ? (rows + 2) / 3 : 1;
#pragma GCC unroll 8
  for (int p = 0; p < pointers; ++p) {
    row[p] += isAlongK ? 1 : aStride;
    asm volatile("" : "+r"(row[p]));  // else the compiler keeps many addresses and runs out of registers
  }
}

/// In how many chains a sum is computed. It waits four cycles for itself, and two can start in each: eight chains keep
/// the multipliers busy.
constexpr int chainsOf(int sums, bool splitsK) { return !splitsK || sums >= 8 ? 1 : sums >= 4 ? 2 : 4; }

/// The tiles of a column, one below the other.
template <int rows, int vectors, bool isAlongK, bool isMasked, int chains>
HWY_NOINLINE void computeSmallColumn(const SmallColumn& column, int64_t tiles) {
  // Pointers to every third row: the rows between are reached by one or two strides, which costs no register.
  constexpr int pointers = (rows + 2) / 3;
  const F32 d;
  const int64_t lanes = laneCount(), aStride = column.aStride, bStride = column.bStride, ldc = column.ldc;
  const auto mask = hn::FirstN(d, size_t(isMasked ? column.columns : lanes));
  const auto load = [&](const float* from) {
    if constexpr (isMasked) return hn::MaskedLoad(mask, d, from);
    return hn::LoadU(d, from);
  };
  const float* a = column.a;
  float* c = column.c;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    Vec sum[chains][rows][vectors];
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) {
      const Vec bias = column.bias == nullptr ? hn::Zero(d) : load(column.bias + j * lanes);
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i) {
        sum[0][i][j] = bias;
#pragma GCC unroll 4
        for (int chain = 1; chain < chains; ++chain) sum[chain][i][j] = hn::Zero(d);
      }
    }
    const float* b = column.b;
    const float* row[pointers];
#pragma GCC unroll 8
    for (int p = 0; p < pointers; ++p) row[p] = a + (isAlongK ? 3 * p * aStride : 3 * p);
    int64_t k = 0;
    for (; k + chains <= column.k; k += chains) {
#pragma GCC unroll 4
      for (int chain = 0; chain < chains; ++chain) {
        smallStep<rows, vectors, isAlongK, isMasked>(row, aStride, b, mask, sum[chain]);
        b += bStride;
      }
    }
    for (; k < column.k; ++k) {
      smallStep<rows, vectors, isAlongK, isMasked>(row, aStride, b, mask, sum[0]);
      b += bStride;
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < vectors; ++j) {
        Vec value = sum[0][i][j];
#pragma GCC unroll 4
        for (int chain = 1; chain < chains; ++chain) value = hn::Add(value, sum[chain][i][j]);
        if (column.rowBias != nullptr) value = hn::Add(value, hn::Set(d, column.rowBias[tile * rows + i]));
        float* out = c + i * ldc + j * lanes;
        if (column.addsC) value = hn::Add(value, load(out));
        if constexpr (isMasked) {
          hn::BlendedStore(value, mask, d, out);
        } else {
          hn::StoreU(value, d, out);
        }
      }
    }
    a += isAlongK ? rows * aStride : rows;
    c += rows * ldc;
  }
}

using SmallFunction = void (*)(const SmallColumn&, int64_t);

template <int vectors, bool isAlongK, bool isMasked, bool splitsK, int... index>
constexpr std::array<SmallFunction, sizeof...(index)> smallFunctions(std::integer_sequence<int, index...>) {
  return {computeSmallColumn<index + 1, vectors, isAlongK, isMasked, chainsOf((index + 1) * vectors, splitsK)>...};
}

/// The function for tiles of so many rows.
template <bool isAlongK, bool splitsK>
SmallFunction smallFunction(int64_t rows, int64_t vectors, bool isMasked) {
  static constexpr auto masked = smallFunctions<1, isAlongK, true, splitsK>(UpTo<smallRows1>());
  static constexpr auto of1 = smallFunctions<1, isAlongK, false, splitsK>(UpTo<smallRows1>());
  static constexpr auto of2 = smallFunctions<2, isAlongK, false, splitsK>(UpTo<smallRows2>());
  static constexpr auto of4 = smallFunctions<4, isAlongK, false, splitsK>(UpTo<smallRows4>());
  static constexpr auto of8 = smallFunctions<8, isAlongK, false, splitsK>(UpTo<smallRows8>());
  const size_t row = size_t(rows - 1);
  if (vectors == 8) return of8[row];
  if (vectors == 4) return of4[row];
  if (vectors == 2) return of2[row];
  return isMasked ? masked[row] : of1[row];
}

/// The vectors of the next column of tiles, and the tallest tile of so many.
inline std::pair<int64_t, int64_t> widestColumn(int64_t rows, int64_t vectorsLeft) {
  if (vectorsLeft >= 8 && rows <= smallRows8) return {8, smallRows8};
  if (vectorsLeft >= 4) return {4, smallRows4};
  if (vectorsLeft >= 2) return {2, smallRows2};
  return {1, smallRows1};
}

/// What k [k0,k1) adds to a part of C; `b` is the part's first column at k0, bStride apart from k to k. Where it splits
/// k into chains, the bits depend on the part.
template <bool isAlongK, bool splitsK>
void computeInPlace(const GemmArgs& args, const Block& part, int64_t k0, int64_t k1, const float* b, int64_t bStride) {
  const int64_t lanes = laneCount(), rows = part.row1 - part.row0;
  SmallColumn column;
  const bool isFirst = k0 == 0;
  column.k = k1 - k0;
  column.aStride = isAlongK ? args.a.stride : args.a.kStride;
  column.bStride = bStride;
  column.ldc = args.ldc;
  column.addsC = !isFirst || args.accumulates;
  const float* a = args.a.data + part.batch * args.a.batchStride + part.row0 * args.a.stride + k0 * args.a.kStride;
  float* c = args.c + part.batch * args.batchStrideC + part.row0 * args.ldc;
  const float* bias = isFirst ? args.bias : nullptr;
  const float* rowBias = args.biasIsPerRow && bias != nullptr ? bias + part.row0 : nullptr;
  const float* columnBias = args.biasIsPerRow ? nullptr : bias;
  for (int64_t first = part.column0; first < part.column1; first += column.columns) {
    const int64_t left = part.column1 - first;
    const auto [vectors, tallest] = widestColumn(rows, left / lanes);
    const bool isMasked = left < lanes;
    column.columns = std::min(left, vectors * lanes);
    column.b = b + first - part.column0;
    column.bias = columnBias == nullptr ? nullptr : columnBias + first;
    // Heights differ by one at most.
    int64_t tiles = 1, height = rows, tall = 0;
    if (rows > tallest) {
      tiles = int64_t((uint32_t(rows) + uint32_t(tallest) - 1) / uint32_t(tallest));
      height = int64_t(uint32_t(rows) / uint32_t(tiles));
      tall = rows - height * tiles;
    }
    column.a = a;
    column.c = c + first;
    column.rowBias = rowBias;
    if (tall > 0) {
      smallFunction<isAlongK, splitsK>(height + 1, vectors, isMasked)(column, tall);
      const int64_t done = tall * (height + 1);
      column.a += isAlongK ? done * column.aStride : done;
      column.c += done * column.ldc;
      if (rowBias != nullptr) column.rowBias += done;
    }
    smallFunction<isAlongK, splitsK>(height, vectors, isMasked)(column, tiles - tall);
  }
}

/// What k [k0,k1) adds to a part of C. Where B lies along k, `scratch` holds a panel of it as wide as a tile,
/// transposed, and a vector more.
template <bool splitsK>
void computeInPlace(const GemmArgs& args, const Block& part, int64_t k0, int64_t k1, float* scratch) {
  const auto compute = [&](const Block& of, const float* b, int64_t bStride) {
    if (args.a.kStride == 1) {
      computeInPlace<true, splitsK>(args, of, k0, k1, b, bStride);
    } else {
      computeInPlace<false, splitsK>(args, of, k0, k1, b, bStride);
    }
  };
  if (args.b.stride == 1) {
    const float* b = args.b.data + part.batch * args.b.batchStride + part.column0 + k0 * args.b.kStride;
    return compute(part, b, args.b.kStride);
  }
  Block panel = part;
  for (; panel.column0 < part.column1; panel.column0 = panel.column1) {
    panel.column1 = std::min(panel.column0 + 4 * laneCount(), part.column1);
    const int64_t columns = panel.column1 - panel.column0;
    const int64_t stride = (columns + laneCount() - 1) / laneCount() * laneCount();
    packStrided(args.b, {part.batch, panel.column0, columns, stride, k0, k1}, scratch);
    compute(panel, scratch, stride);
  }
}

// So much of a transposed B lies on the stack.
inline constexpr int64_t smallFloats = 4096;

/// A part of a product whose sides are 64 at most.
inline void computeSmallPart(const GemmArgs& args, const Block& part) {
  HWY_ALIGN float transposed[smallFloats + 64 / sizeof(float)];
  computeInPlace<true>(args, part, 0, args.k, transposed);
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
