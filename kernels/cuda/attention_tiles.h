// What attention's kernels on tensor cores share: operands rounded to bf16, rows of a tile brought to shared memory,
// products of a warp's 16 rows with it.
#pragma once

#include <type_traits>

#include "kernels/cuda/attention_parts.h"
#include "kernels/cuda/round_rows.h"

namespace fw::kernels::FW_CUDA {

constexpr int kTensorWarps = 8, kTensorThreads = kTensorWarps * kWarp;
constexpr int kOwnRows = 16 * kTensorWarps;  // rows, or keys, that a block owns

/// q, k, v and dOut with padded rows.
struct RoundedAttention {
  const Bf16 *q, *k, *v, *dOut;
  int64_t keyStep, valueStep;
};

inline int64_t queryRows(const AttentionInputs& in) { return in.batch * in.queries * in.heads; }
inline int64_t keyRows(const AttentionInputs& in) { return in.batch * in.keys * in.keyHeads; }

inline int64_t roundedAttentionBytes(const AttentionInputs& in, bool hasGradient) {
  return roundedBytes(queryRows(in), in.keyWidth) + roundedBytes(keyRows(in), in.keyWidth) +
         roundedBytes(keyRows(in), in.valueWidth) + (hasGradient ? roundedBytes(queryRows(in), in.valueWidth) : 0);
}

/// `dOut` may be null.
inline RoundedAttention roundAttention(const Launch& launch, const AttentionInputs& in, const float* dOut,
                                       void* workspace) {
  auto* to = static_cast<Bf16*>(workspace);
  const auto round = [&](const float* x, int64_t rows, int64_t width) {
    Bf16* const rounded = to;
    roundRows(launch, {x, 1, rows, width, width, 0}, rounded);
    to += roundedBytes(rows, width) / int64_t(sizeof(Bf16));
    return rounded;
  };
  RoundedAttention rounded = {};
  rounded.keyStep = paddedRow(in.keyWidth);
  rounded.valueStep = paddedRow(in.valueWidth);
  rounded.q = round(in.q, queryRows(in), in.keyWidth);
  rounded.k = round(in.k, keyRows(in), in.keyWidth);
  rounded.v = round(in.v, keyRows(in), in.valueWidth);
  if (dOut != nullptr) rounded.dOut = round(dOut, queryRows(in), in.valueWidth);
  return rounded;
}

/// f(std::integral_constant) of the narrowest tile that holds both widths.
template <class F>
void withTileWidth(const AttentionInputs& in, const F& f) {
  const int64_t width = in.keyWidth > in.valueWidth ? in.keyWidth : in.valueWidth;
  if (width <= 32) return f(std::integral_constant<int, 32>());
  if (width <= 64) return f(std::integral_constant<int, 64>());
  f(std::integral_constant<int, 128>());
}

/// Starts to copy `count` rows, row r from `data + index(r) * length`, into `rows` rows of W; zeros in what is left.
template <int W, class Index>
__device__ void copyTile(SharedArray<Bf16> to, int rows, int64_t count, const Bf16* data, int64_t length,
                         const Index& index) {
  constexpr int chunks = W / 8;
  for (int n = int(threadIdx.x); n < rows * chunks; n += kTensorThreads) {
    const int r = n / chunks, c = n % chunks * 8;
    const bool isThere = r < count && c < length;
    copyEight(to + (r * tileStep(W) + c), isThere ? data + index(r) * length + c : data, isThere);
  }
}

/// The row of [B,S,Hkv] of key j of the block's sequence.
__device__ inline int64_t keyIndex(const AttentionInputs& in, const Rows& rows, int64_t j) {
  return (rows.s.keyRow + j) * in.keyHeads + rows.keyHead;
}

/// C = A B^T of 16 rows of `a` and `columns` rows of `b`, both W wide.
template <int W, int columns>
__device__ void multiplyRows(TileC (&c)[columns / 8], SharedArray<Bf16> a, SharedArray<Bf16> b) {
  constexpr int step = tileStep(W);
#pragma unroll
  for (int n = 0; n < columns / 8; ++n) c[n] = {};
#pragma unroll
  for (int k = 0; k < W; k += 16) {
    const TileA x = loadA(a + k, step);
#pragma unroll
    for (int n = 0; n < columns; n += 16) {
      TileB y[2];
      loadB(y, b + (n * step + k), step);
      multiply(c[n / 8], x, y[0]);
      multiply(c[n / 8 + 1], x, y[1]);
    }
  }
}

/// C += A B of the weights in `a`, [16, depth], and `depth` rows of `b`, W wide.
template <int W, int depth>
__device__ void addWeighted(TileC (&c)[W / 8], const TileC (&a)[depth / 8], SharedArray<Bf16> b) {
  constexpr int step = tileStep(W);
#pragma unroll
  for (int k = 0; k < depth; k += 16) {
    const TileA x = asA(a[k / 8], a[k / 8 + 1]);
#pragma unroll
    for (int n = 0; n < W; n += 16) {
      TileB y[2];
      loadB<true>(y, b + (k * step + n), step);
      multiply(c[n / 8], x, y[0]);
      multiply(c[n / 8 + 1], x, y[1]);
    }
  }
}

/// Row and column inside its tile of a lane's element `i` of C.
__device__ inline int tileRow(int i) { return int(threadIdx.x) % kWarp / 4 + i / 2 * 8; }
__device__ inline int tileColumn(int i) { return int(threadIdx.x) % 4 * 2 + i % 2; }

/// Whether scores are no more than scaled products.
__device__ inline bool isPlain(const AttentionInputs& in, const float* slopes) {
  return in.keyMask == nullptr && in.bias == nullptr && slopes == nullptr;
}

__device__ inline float exponential(float x) { return exp2f(1.44269504f * x); }

/// The rows of the block: `tiles` blocks a key head.
__device__ inline Rows rowsOfBlock(const AttentionInputs& in, int64_t tiles) {
  Rows rows;
  rows.keyHead = blockIdx.x / tiles % in.keyHeads;
  rows.s = attentionSequence(in, blockIdx.x / tiles / in.keyHeads);
  rows.group = in.heads / in.keyHeads;
  rows.first = 0;
  rows.count = rows.s.queries * rows.group;
  return rows;
}

/// Of those, the ones that the block owns, kOwnRows at most; none where the count is not positive.
__device__ inline Rows ownRowsOfBlock(const AttentionInputs& in, int64_t tiles) {
  Rows rows = rowsOfBlock(in, tiles);
  rows.first = blockIdx.x % tiles * kOwnRows;
  rows.count -= rows.first;
  if (rows.count > kOwnRows) rows.count = kOwnRows;
  return rows;
}

}  // namespace fw::kernels::FW_CUDA
