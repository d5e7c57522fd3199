// The instructions of AMX and what they need of AVX-512.
#include "kernels/cpu/amx_tiles.h"

// GCC 12 breaks down over such code under the sanitizers.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11 && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#define HWY_COMPILE_ALL_ATTAINABLE
#define HWY_WANT_AVX3_DL
#include <hwy/targets.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#pragma GCC push_options
#pragma GCC diagnostic push
// The compiler's own _mm512_undefined_ps is at fault.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma,amx-tile,amx-bf16")

namespace fw::kernels::cpu::amx {
namespace {

/// Sixteen vectors of an operand over one chunk of k, as f32; what lies outside is zero.
struct Chunk {
  __m512 low[kTile], high[kTile];  // k 0..15 and 16..31 of each vector
};

inline __m512 lowerPairs(__m512 a, __m512 b) {
  return _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
}
inline __m512 upperPairs(__m512 a, __m512 b) {
  return _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
}

/// Turns 16 rows of 16 numbers into its columns.
inline void transpose(__m512 (&r)[kTile]) {
  __m512 t[kTile];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 4) {
    r[i] = lowerPairs(t[i], t[i + 2]);
    r[i + 1] = upperPairs(t[i], t[i + 2]);
    r[i + 2] = lowerPairs(t[i + 1], t[i + 3]);
    r[i + 3] = upperPairs(t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
    r[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
    r[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

inline __mmask16 firstLanes(int64_t count) { return __mmask16((1u << std::clamp<int64_t>(count, 0, 16)) - 1); }

/// Rows of 16 from `data`, `stride` apart: `rows` of them are there, `columns` of each.
inline void loadRows(const float* data, int64_t stride, int64_t rows, int64_t columns, __m512 (&to)[kTile]) {
  if (rows >= kTile && columns >= kTile) {
#pragma GCC unroll 16
    for (int64_t i = 0; i < kTile; ++i) to[i] = _mm512_loadu_ps(data + i * stride);
    return;
  }
  const __mmask16 mask = firstLanes(columns);
  for (int64_t i = 0; i < kTile; ++i)
    to[i] = i < rows ? _mm512_maskz_loadu_ps(mask, data + i * stride) : _mm512_setzero_ps();
}

/// The nearest bf16, as f32.
inline __m512 nearest(__m512 x) {
  const __m512i bits = _mm512_add_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x8000));
  return _mm512_castsi512_ps(_mm512_and_si512(bits, _mm512_set1_epi32(int(0xffff0000))));
}

/// Takes two vectors apart and stores each piece of both: the first in the lower halves of the lanes, the second in the
/// upper ones. `odd` becomes NaN where a piece is not finite.
inline void storePieces(__m512 first, __m512 second, Bf16* pieces, __m512& odd) {
  const __m512i upperHalf = _mm512_set1_epi32(int(0xffff0000));
  const auto store = [&](int64_t piece, __m512 low, __m512 high) {
    const __m512i both = _mm512_ternarylogic_epi32(_mm512_srli_epi32(_mm512_castps_si512(low), 16),
                                                   _mm512_castps_si512(high), upperHalf, 0xf8);  // a | (b & c)
    _mm512_store_si512(pieces + 2 * piece * kPieceSize, both);
  };
  const auto cut = [&](__m512 x) { return _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(x), upperHalf)); };
  const __m512 h0 = nearest(first), h1 = nearest(second);
  const __m512 rest0 = _mm512_sub_ps(first, h0), rest1 = _mm512_sub_ps(second, h1);
  const __m512 m0 = cut(rest0), m1 = cut(rest1);
  const __m512 l0 = _mm512_sub_ps(rest0, m0), l1 = _mm512_sub_ps(rest1, m1);
  odd = _mm512_fmadd_ps(l0, _mm512_setzero_ps(), odd);
  odd = _mm512_fmadd_ps(l1, _mm512_setzero_ps(), odd);
  store(0, h0, h1);
  store(1, m0, m1);
  store(2, l0, l1);
}

bool isFinite(__m512 odd) { return _mm512_cmp_ps_mask(odd, odd, _CMP_UNORD_Q) == 0; }

/// Vectors [first, first + 16) of the operand, k [k0, k0 + 32): as rows of k (`wantsRows`) or, transposed, with one
/// vector a lane.
template <bool wantsRows>
inline void loadChunk(const Side& x, int64_t first, int64_t count, int64_t k0, int64_t k1, Chunk& to) {
  const int64_t vectors = std::min(kTile, count - first), left = k1 - k0;
  if (x.kStride == 1) {
    const float* from = x.data + first * x.stride + k0;
    loadRows(from, x.stride, vectors, left, to.low);
    loadRows(from + kTile, x.stride, vectors, left - kTile, to.high);
  } else {
    const float* from = x.data + first + k0 * x.kStride;
    loadRows(from, x.kStride, left, vectors, to.low);
    loadRows(from + kTile * x.kStride, x.kStride, left - kTile, vectors, to.high);
  }
  if ((x.kStride == 1) == wantsRows) return;
  transpose(to.low);
  transpose(to.high);
}

struct alignas(64) TileConfig {
  uint8_t palette = 1, startRow = 0, reserved[14] = {};
  uint16_t rowBytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

/// Whether the processor has the tiles and the system lets us use them.
bool hasTiles() {
  static const bool has = [] {
    uint32_t a = 7, b = 0, c = 0, d = 0;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    constexpr uint32_t needed = (1u << 22) | (1u << 24);  // AMX-BF16, AMX-TILE
    constexpr long requestPermission = 0x1023, tileData = 18;
    return (d & needed) == needed && syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
  }();
  return has;
}

}  // namespace

bool isAvailable() {
  // What processors with tiles have beyond AVX3, the widest that tests ask for. Highway's list of the supported ones
  // would be made anew each time, which takes as long as a small product.
  constexpr int64_t extended = HWY_CHOSEN_TARGET_SHIFT(HWY_AVX3_DL);
  static_assert((HWY_TARGETS & HWY_AVX3_DL) != 0);
  hwy::ChosenTarget& chosen = hwy::GetChosenTarget();
  if (!chosen.IsInitialized()) chosen.Update(hwy::SupportedTargets());
  return (int64_t(1) << chosen.GetIndex()) <= extended && hasTiles();
}

void setUpTiles() {
  static constexpr TileConfig config;
  _tile_loadconfig(&config);
}
void releaseTiles() { _tile_release(); }

// Of a chunk's k, each is paired with the one 16 later: the order of a sum's terms is free where both sides keep to it.

bool packRows(const Side& a, int64_t first, int64_t end, int64_t k0, int64_t k1, Bf16* pieces) {
  __m512 odd = _mm512_setzero_ps();
  if (a.kStride == 1 && first + kTile <= end && k0 + kChunk <= k1) {
    const float* from = a.data + first * a.stride + k0;
    for (int64_t i = 0; i < kTile; ++i, from += a.stride)
      storePieces(_mm512_loadu_ps(from), _mm512_loadu_ps(from + kTile), pieces + i * kChunk, odd);
    return isFinite(odd);
  }
  Chunk chunk;
  loadChunk<true>(a, first, end, k0, k1, chunk);
  for (int64_t i = 0; i < kTile; ++i) storePieces(chunk.low[i], chunk.high[i], pieces + i * kChunk, odd);
  return isFinite(odd);
}

// 16 rows, each a pair of k for 16 columns in turn.
bool packColumns(const Side& b, int64_t first, int64_t end, int64_t k0, int64_t k1, Bf16* pieces) {
  __m512 odd = _mm512_setzero_ps();
  if (b.stride == 1 && first + kTile <= end && k0 + kChunk <= k1) {
    const float *from = b.data + first + k0 * b.kStride, *later = from + kTile * b.kStride;
    for (int64_t i = 0; i < kTile; ++i, from += b.kStride, later += b.kStride)
      storePieces(_mm512_loadu_ps(from), _mm512_loadu_ps(later), pieces + i * kChunk, odd);
    return isFinite(odd);
  }
  Chunk chunk;
  loadChunk<false>(b, first, end, k0, k1, chunk);
  for (int64_t i = 0; i < kTile; ++i) storePieces(chunk.low[i], chunk.high[i], pieces + i * kChunk, odd);
  return isFinite(odd);
}

void addToRows(float* c, int64_t ldc, int64_t rows, int64_t columns, const float* bias) {
  for (int64_t j = 0; j < columns; j += kTile) {
    const __mmask16 mask = firstLanes(columns - j);
    const __m512 added = _mm512_maskz_loadu_ps(mask, bias + j);
    for (int64_t i = 0; i < rows; ++i) {
      float* to = c + i * ldc + j;
      _mm512_mask_storeu_ps(to, mask, _mm512_add_ps(_mm512_maskz_loadu_ps(mask, to), added));
    }
  }
}

void multiply(const Bf16* a, const Bf16* b, int64_t chunks, float* c, int64_t ldc, bool adds) {
  const int64_t stride = ldc * int64_t(sizeof(float));
  float *right = c + kTile, *below = c + kTile * ldc, *corner = below + kTile;
  if (adds) {
    _tile_loadd(0, c, stride);
    _tile_loadd(1, right, stride);
    _tile_loadd(2, below, stride);
    _tile_loadd(3, corner, stride);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  const auto loadA = [&](int64_t piece) {
    _tile_loadd(4, a + 2 * piece * kPieceSize, 64);
    _tile_loadd(5, a + (2 * piece + 1) * kPieceSize, 64);
  };
  const auto loadB = [&](int64_t piece) {
    _tile_loadd(6, b + 2 * piece * kPieceSize, 64);
    _tile_loadd(7, b + (2 * piece + 1) * kPieceSize, 64);
  };
  const auto products = [] {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  };
  for (int64_t i = 0; i < chunks; ++i, a += kChunkSize, b += kChunkSize) {
    loadA(2);
    loadB(0);
    products();  // l h
    loadA(1);
    products();  // m h
    loadB(1);
    products();  // m m
    loadA(0);
    products();  // h m
    loadB(2);
    products();  // h l
    loadB(0);
    products();  // h h
  }
  _tile_stored(0, c, stride);
  _tile_stored(1, right, stride);
  _tile_stored(2, below, stride);
  _tile_stored(3, corner, stride);
}

}  // namespace fw::kernels::cpu::amx
#pragma GCC diagnostic pop
#pragma GCC pop_options

#else

namespace fw::kernels::cpu::amx {

bool isAvailable() { return false; }
void setUpTiles() {}
void releaseTiles() {}
bool packRows(const Side&, int64_t, int64_t, int64_t, int64_t, Bf16*) { return false; }
bool packColumns(const Side&, int64_t, int64_t, int64_t, int64_t, Bf16*) { return false; }
void addToRows(float*, int64_t, int64_t, int64_t, const float*) {}
void multiply(const Bf16*, const Bf16*, int64_t, float*, int64_t, bool) {}

}  // namespace fw::kernels::cpu::amx

#endif
