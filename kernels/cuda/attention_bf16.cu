// Attention forward on tensor cores: a warp owns 16 rows; scores, weights and results stay in its registers while tiles
// of keys and values come into shared memory, one step ahead. (Dao, "FlashAttention-2", 2023.)
#include "kernels/cuda/attention_tiles.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

constexpr int kKeys = 64;  // of a tile

template <int W>
constexpr int64_t bytesOf() {
  return sharedBytes<Bf16>(kOwnRows * tileStep(W)) + 2 * sharedBytes<Bf16>(2 * kKeys * tileStep(W));
}

/// What a lane knows of its two rows.
struct OwnRows {
  int64_t row[2];
  KeyRange range[2];
  float largest[2] = {-INFINITY, -INFINITY}, sum[2] = {};
};

/// Products become weights e^(score - largest so far); `kept` is what the results so far are multiplied by.
__device__ void weigh(const AttentionInputs& in, const float* slopes, const Rows& rows, int64_t first, OwnRows& own,
                      TileC (&scores)[kKeys / 8], float (&kept)[2]) {
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const KeyRange range = own.range[half];
    const bool isWhole = isPlain(in, slopes) && range.begin <= first && first + kKeys <= range.end;
    float most = -INFINITY;
#pragma unroll
    for (int n = 0; n < kKeys / 8; ++n)
#pragma unroll
      for (int i = 2 * half; i < 2 * half + 2; ++i) {
        float& score = scores[n].x[i];
        score = isWhole ? in.scale * score
                        : scoreOf(in, slopes, rows, range, own.row[half], first + 8 * n + tileColumn(i), score);
        most = Larger()(most, score);
      }
    most = Larger()(most, __shfl_xor_sync(kAllLanes, most, 1));
    most = Larger()(most, __shfl_xor_sync(kAllLanes, most, 2));
    const float before = own.largest[half], now = Larger()(before, most);
    kept[half] = before == -INFINITY ? 0 : exponential(before - now);
    float sum = 0;
#pragma unroll
    for (int n = 0; n < kKeys / 8; ++n)
#pragma unroll
      for (int i = 2 * half; i < 2 * half + 2; ++i) {
        const float score = scores[n].x[i];
        scores[n].x[i] = score == -INFINITY ? 0 : exponential(score - now);
        sum += scores[n].x[i];
      }
    own.sum[half] = own.sum[half] * kept[half] + sum;
    own.largest[half] = now;
  }
}

template <int W>
__global__ void __launch_bounds__(kTensorThreads)
    attentionBf16Kernel(AttentionArgs args, RoundedAttention rounded, int64_t tiles, const float* slopes) {
  constexpr int step = tileStep(W);
  const AttentionInputs& in = args.in;
  SharedMemory memory;
  const SharedArray<Bf16> q = memory.array<Bf16>(kOwnRows * step);
  const SharedArray<Bf16> k = memory.array<Bf16>(2 * kKeys * step), v = memory.array<Bf16>(2 * kKeys * step);
  const Rows rows = ownRowsOfBlock(in, tiles);
  if (rows.count <= 0) return;

  const KeyRange any = rows.visible(in);
  const auto copyKeys = [&](int64_t first, int stage) {
    const auto index = [&](int j) { return keyIndex(in, rows, first + j); };
    copyTile<W>(k + stage * kKeys * step, kKeys, any.end - first, rounded.k, rounded.keyStep, index);
    copyTile<W>(v + stage * kKeys * step, kKeys, any.end - first, rounded.v, rounded.valueStep, index);
  };
  copyTile<W>(q, kOwnRows, rows.count, rounded.q, rounded.keyStep, [&](int r) { return rows.index(in, r); });
  copyKeys(any.begin, 0);
  closeCopies();

  const int firstRow = int(threadIdx.x) / kWarp * 16;
  OwnRows own;
  for (int half = 0; half < 2; ++half) {
    own.row[half] = firstRow + tileRow(2 * half);
    own.range[half] = own.row[half] < rows.count ? visibleKeys(in, rows.s, rows.query(own.row[half])) : KeyRange{0, 0};
  }
  TileC out[W / 8];
  int stage = 0;
  for (int64_t first = any.begin; first < any.end; first += kKeys, stage ^= 1) {
    if (first + kKeys < any.end) copyKeys(first + kKeys, stage ^ 1);
    closeCopies();
    waitForCopies<1>();
    __syncthreads();
    if (firstRow < rows.count) {
      TileC scores[kKeys / 8];
      float kept[2];
      multiplyRows<W, kKeys>(scores, q + firstRow * step, k + stage * kKeys * step);
      weigh(in, slopes, rows, first, own, scores, kept);
#pragma unroll
      for (int n = 0; n < W / 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i) out[n].x[i] *= kept[i / 2];
      addWeighted<W, kKeys>(out, scores, v + stage * kKeys * step);
    }
    __syncthreads();  // before the step after the next one comes in
  }
  waitForCopies<0>();

  for (int half = 0; half < 2; ++half) {
    float sum = own.sum[half];
    sum += __shfl_xor_sync(kAllLanes, sum, 1);
    sum += __shfl_xor_sync(kAllLanes, sum, 2);
    const int64_t r = own.row[half];
    if (r >= rows.count) continue;
    const bool isEmpty = own.largest[half] == -INFINITY;
    float* const to = args.out + rows.index(in, r) * in.valueWidth;
#pragma unroll
    for (int n = 0; n < W / 8; ++n)
#pragma unroll
      for (int i = 2 * half; i < 2 * half + 2; ++i)
        if (const int c = 8 * n + tileColumn(i); c < in.valueWidth) to[c] = isEmpty ? 0 : out[n].x[i] / sum;
    if (threadIdx.x % 4 == 0)
      args.logSumExp[rows.indexByHead(in, r)] = isEmpty ? -INFINITY : own.largest[half] + logf(sum);
  }
}

}  // namespace

int64_t attentionBf16Workspace(const AttentionInputs& in) {
  if (!usesTensorCores(in)) return attentionWorkspace(in);
  return slopeFloats(in) + roundedAttentionBytes(in, false) / int64_t(sizeof(float));
}

void attentionBf16(const Launch& launch, const AttentionArgs& args) {
  const AttentionInputs& in = args.in;
  if (!usesTensorCores(in)) return attention(launch, args);
  const float* const slopes = beginAttention(launch, args);
  const RoundedAttention rounded = roundAttention(launch, in, nullptr, args.workspace + slopeFloats(in));
  const int64_t tiles = ceilDivide(in.queries * (in.heads / in.keyHeads), kOwnRows);
  withTileWidth(in, [&](auto width) {
    start(launch, "attentionBf16", attentionBf16Kernel<width()>, in.sequences * in.keyHeads * tiles, kTensorThreads,
          bytesOf<width()>(), args, rounded, tiles, slopes);
  });
}

}  // namespace fw::kernels::FW_CUDA
