// Attention backward on tensor cores. The block that owns keys has its scores and weights with a key a row, so that
// they are the left side of dv = P^T dO and dk = scale dS^T q as they stand in its registers; the one that owns queries
// has a query a row, for dq = scale dS k. Scores are computed again in both: each result has one writer.
#include "kernels/cuda/attention_tiles.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kOthers = 32;  // rows, for the owner of keys, or keys, for the owner of rows, of a tile

/// Bytes of the rows a block owns, in two operands, and of two stages of two operands of the others.
template <int W>
constexpr int64_t tileBytes() {
  return 2 * sharedBytes<Bf16>(kOwnRows * tileStep(W)) + 2 * sharedBytes<Bf16>(2 * kOthers * tileStep(W));
}

/// What each row of a tile brings along, for the owner of keys.
struct RowFacts {
  SharedArray<float> logSumExp, delta;
  SharedArray<int> begin, end;
};

constexpr int64_t factBytes() { return 2 * sharedBytes<float>(2 * kOthers) + 2 * sharedBytes<int>(2 * kOthers); }

__device__ float weightOf(float score, float logSumExp) {
  return score == -INFINITY || logSumExp == -INFINITY ? 0 : exponential(score - logSumExp);
}

template <int W>
__global__ void __launch_bounds__(kTensorThreads)
    keyGradientBf16Kernel(AttentionGradientArgs args, RoundedAttention rounded, int64_t tiles, const float* slopes,
                          const float* delta) {
  constexpr int step = tileStep(W);
  const AttentionInputs& in = args.in;
  SharedMemory memory;
  const SharedArray<Bf16> k = memory.array<Bf16>(kOwnRows * step), v = memory.array<Bf16>(kOwnRows * step);
  const SharedArray<Bf16> q = memory.array<Bf16>(2 * kOthers * step), dOut = memory.array<Bf16>(2 * kOthers * step);
  RowFacts facts;
  facts.logSumExp = memory.array<float>(2 * kOthers);
  facts.delta = memory.array<float>(2 * kOthers);
  facts.begin = memory.array<int>(2 * kOthers);
  facts.end = memory.array<int>(2 * kOthers);

  const Rows all = rowsOfBlock(in, tiles);
  const int64_t firstKey = blockIdx.x % tiles * kOwnRows;
  const int64_t count = all.s.keys - firstKey < kOwnRows ? all.s.keys - firstKey : kOwnRows;
  if (count <= 0) return;
  const auto tileAt = [&](int64_t first) {
    Rows rows = all;
    rows.first = first;
    rows.count = all.count - first < kOthers ? all.count - first : kOthers;
    return rows;
  };
  /// The first tile from `first` on that sees keys of the block.
  const auto nextTile = [&](int64_t first) {
    for (; first < all.count; first += kOthers) {
      const KeyRange any = tileAt(first).visible(in);
      if (any.end > firstKey && any.begin < firstKey + count) break;
    }
    return first;
  };
  const auto copyRows = [&](const Rows& rows, int stage) {
    const auto index = [&](int r) { return rows.index(in, r); };
    copyTile<W>(q + stage * kOthers * step, kOthers, rows.count, rounded.q, rounded.keyStep, index);
    copyTile<W>(dOut + stage * kOthers * step, kOthers, rows.count, rounded.dOut, rounded.valueStep, index);
    const int r = int(threadIdx.x), at = stage * kOthers + r;
    if (r >= kOthers) return;
    const bool isThere = r < rows.count;
    const int64_t byHead = isThere ? rows.indexByHead(in, r) : 0;
    const KeyRange range = isThere ? visibleKeys(in, rows.s, rows.query(r)) : KeyRange{0, 0};
    facts.logSumExp[at] = isThere ? args.logSumExp[byHead] : -INFINITY;
    facts.delta[at] = isThere ? delta[byHead] : 0;
    facts.begin[at] = int(range.begin);
    facts.end[at] = int(range.end);
  };

  const auto ownIndex = [&](int j) { return keyIndex(in, all, firstKey + j); };
  copyTile<W>(k, kOwnRows, count, rounded.k, rounded.keyStep, ownIndex);
  copyTile<W>(v, kOwnRows, count, rounded.v, rounded.valueStep, ownIndex);
  int64_t first = nextTile(0);
  if (first < all.count) copyRows(tileAt(first), 0);
  closeCopies();

  const int firstRow = int(threadIdx.x) / kWarp * 16;
  TileC dk[W / 8], dv[W / 8];
  int stage = 0;
  while (first < all.count) {
    const Rows rows = tileAt(first);
    const int64_t next = nextTile(first + kOthers);
    if (next < all.count) copyRows(tileAt(next), stage ^ 1);
    closeCopies();
    waitForCopies<1>();
    __syncthreads();
    if (firstRow < count) {
      TileC weights[kOthers / 8], dScores[kOthers / 8];
      multiplyRows<W, kOthers>(weights, k + firstRow * step, q + stage * kOthers * step);
      multiplyRows<W, kOthers>(dScores, v + firstRow * step, dOut + stage * kOthers * step);
#pragma unroll
      for (int n = 0; n < kOthers / 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int r = 8 * n + tileColumn(i), at = stage * kOthers + r;
          const int64_t j = firstKey + firstRow + tileRow(i);
          const KeyRange range = {facts.begin[at], facts.end[at]};
          float score = in.scale * weights[n].x[i];
          if (!isPlain(in, slopes))
            score = scoreOf(in, slopes, rows, range, r, j, weights[n].x[i]);
          else if (j < range.begin || j >= range.end)
            score = -INFINITY;
          const float weight = weightOf(score, facts.logSumExp[at]);
          weights[n].x[i] = weight;
          dScores[n].x[i] = weight * (dScores[n].x[i] - facts.delta[at]);
        }
      addWeighted<W, kOthers>(dv, weights, dOut + stage * kOthers * step);
      addWeighted<W, kOthers>(dk, dScores, q + stage * kOthers * step);
    }
    __syncthreads();  // before the step after the next one comes in
    first = next;
    stage ^= 1;
  }
  waitForCopies<0>();

#pragma unroll
  for (int n = 0; n < W / 8; ++n)
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int row = firstRow + tileRow(i), c = 8 * n + tileColumn(i);
      if (row >= count) continue;
      if (c < in.keyWidth) args.dk[ownIndex(row) * in.keyWidth + c] = in.scale * dk[n].x[i];
      if (c < in.valueWidth) args.dv[ownIndex(row) * in.valueWidth + c] = dv[n].x[i];
    }
}

template <int W>
__global__ void __launch_bounds__(kTensorThreads)
    queryGradientBf16Kernel(AttentionGradientArgs args, RoundedAttention rounded, int64_t tiles, const float* slopes,
                            const float* delta) {
  constexpr int step = tileStep(W);
  const AttentionInputs& in = args.in;
  SharedMemory memory;
  const SharedArray<Bf16> q = memory.array<Bf16>(kOwnRows * step), dOut = memory.array<Bf16>(kOwnRows * step);
  const SharedArray<Bf16> k = memory.array<Bf16>(2 * kOthers * step), v = memory.array<Bf16>(2 * kOthers * step);
  const Rows rows = ownRowsOfBlock(in, tiles);
  if (rows.count <= 0) return;

  const KeyRange any = rows.visible(in);
  const auto copyKeys = [&](int64_t first, int stage) {
    const auto index = [&](int j) { return keyIndex(in, rows, first + j); };
    copyTile<W>(k + stage * kOthers * step, kOthers, any.end - first, rounded.k, rounded.keyStep, index);
    copyTile<W>(v + stage * kOthers * step, kOthers, any.end - first, rounded.v, rounded.valueStep, index);
  };
  const auto ownIndex = [&](int r) { return rows.index(in, r); };
  copyTile<W>(q, kOwnRows, rows.count, rounded.q, rounded.keyStep, ownIndex);
  copyTile<W>(dOut, kOwnRows, rows.count, rounded.dOut, rounded.valueStep, ownIndex);
  copyKeys(any.begin, 0);
  closeCopies();

  const int firstRow = int(threadIdx.x) / kWarp * 16;
  KeyRange ranges[2] = {};
  float logSumExp[2] = {-INFINITY, -INFINITY}, deltas[2] = {};
  for (int half = 0; half < 2; ++half) {
    const int r = firstRow + tileRow(2 * half);
    if (r >= rows.count) continue;
    ranges[half] = visibleKeys(in, rows.s, rows.query(r));
    logSumExp[half] = args.logSumExp[rows.indexByHead(in, r)];
    deltas[half] = delta[rows.indexByHead(in, r)];
  }
  TileC dq[W / 8];
  int stage = 0;
  for (int64_t first = any.begin; first < any.end; first += kOthers, stage ^= 1) {
    if (first + kOthers < any.end) copyKeys(first + kOthers, stage ^ 1);
    closeCopies();
    waitForCopies<1>();
    __syncthreads();
    if (firstRow < rows.count) {
      TileC weights[kOthers / 8], dScores[kOthers / 8];
      multiplyRows<W, kOthers>(weights, q + firstRow * step, k + stage * kOthers * step);
      multiplyRows<W, kOthers>(dScores, dOut + firstRow * step, v + stage * kOthers * step);
#pragma unroll
      for (int n = 0; n < kOthers / 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int half = i / 2;
          const float score = scoreOf(in, slopes, rows, ranges[half], firstRow + tileRow(i),
                                      first + 8 * n + tileColumn(i), weights[n].x[i]);
          dScores[n].x[i] = weightOf(score, logSumExp[half]) * (dScores[n].x[i] - deltas[half]);
        }
      addWeighted<W, kOthers>(dq, dScores, k + stage * kOthers * step);
    }
    __syncthreads();  // before the step after the next one comes in
  }
  waitForCopies<0>();

#pragma unroll
  for (int n = 0; n < W / 8; ++n)
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int row = firstRow + tileRow(i), c = 8 * n + tileColumn(i);
      if (row < rows.count && c < in.keyWidth) args.dq[ownIndex(row) * in.keyWidth + c] = in.scale * dq[n].x[i];
    }
}

}  // namespace

int64_t tensorGradientBytes(const AttentionInputs& in) { return roundedAttentionBytes(in, true); }

void tensorGradients(const Launch& launch, const AttentionGradientArgs& args, const float* slopes, const float* delta,
                     void* workspace) {
  const AttentionInputs& in = args.in;
  const RoundedAttention rounded = roundAttention(launch, in, args.dOut, workspace);
  const int64_t keyTiles = ceilDivide(in.keys, kOwnRows);
  const int64_t rowTiles = ceilDivide(in.queries * (in.heads / in.keyHeads), kOwnRows);
  withTileWidth(in, [&](auto width) {
    start(launch, "attentionKeyGradientBf16", keyGradientBf16Kernel<width()>, in.sequences * in.keyHeads * keyTiles,
          kTensorThreads, tileBytes<width()>() + factBytes(), args, rounded, keyTiles, slopes, delta);
    start(launch, "attentionQueryGradientBf16", queryGradientBf16Kernel<width()>, in.sequences * in.keyHeads * rowTiles,
          kTensorThreads, tileBytes<width()>(), args, rounded, rowTiles, slopes, delta);
  });
}

}  // namespace fw::kernels::FW_CUDA
