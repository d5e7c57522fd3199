// Attention forward with an online softmax, tile by tile. Long rows of few queries (decoding) are split over the keys;
// the parts, each with its own maximum and sum, are joined by a second kernel. ("FlashAttention", 2022;
// "Flash-Decoding", 2023.)
#include "kernels/attention.h"

#include "kernels/cuda/attention_parts.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

/// How the work is cut, by sizes alone.
struct Cut {
  int tile = 0;          // rows and keys of a block at a time
  int64_t rowTiles = 0;  // of one sequence and key head
  int64_t splits = 1;    // over the keys
  int64_t keysPerSplit = 0;
};

int64_t bytesOf(const AttentionInputs& in, int tile) {
  const int K = paddedWidth(in.keyWidth), V = paddedWidth(in.valueWidth);
  return 2 * sharedBytes<float>(tile * K) + 2 * sharedBytes<float>(tile * V) +
         sharedBytes<float>(tile * paddedWidth(tile)) + 2 * sharedBytes<float>(tile);
}

Cut cutOf(const AttentionInputs& in) {
  Cut cut;
  cut.tile = tileFor([&](int tile) { return bytesOf(in, tile); });
  const int64_t rows = in.keyHeads > 0 ? in.queries * (in.heads / in.keyHeads) : 0;
  cut.rowTiles = ceilDivide(rows, cut.tile);
  cut.keysPerSplit = in.keys;
  constexpr int64_t leastKeys = 256, wanted = 512;
  const int64_t blocks = cut.rowTiles * in.sequences * in.keyHeads;
  if (in.queryOffsets == nullptr && cut.rowTiles == 1 && blocks > 0 && blocks < wanted && in.keys >= 2 * leastKeys) {
    const int64_t possible = in.keys / leastKeys, most = ceilDivide(wanted, blocks);
    cut.splits = possible < most ? possible : most;
    cut.keysPerSplit = ceilDivide(in.keys, cut.splits);
    cut.splits = ceilDivide(in.keys, cut.keysPerSplit);
  }
  return cut;
}

/// Parts of a split: [splits, B*T*H, V] results (each divided by its own sum), then [splits, B*T*H] log-sum-exp.
__global__ void attentionKernel(AttentionArgs args, Cut cut, const float* slopes, float* parts, float* partLogs) {
  const AttentionInputs& in = args.in;
  SharedMemory memory;
  const int K = paddedWidth(in.keyWidth), V = paddedWidth(in.valueWidth), S = paddedWidth(cut.tile);
  const SharedArray<float> q = memory.array<float>(cut.tile * K), k = memory.array<float>(cut.tile * K);
  const SharedArray<float> v = memory.array<float>(cut.tile * V), out = memory.array<float>(cut.tile * V);
  const SharedArray<float> scores = memory.array<float>(cut.tile * S);
  const SharedArray<float> largest = memory.array<float>(cut.tile), sums = memory.array<float>(cut.tile);
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp, warps = int(blockDim.x) / kWarp;

  int64_t rest = blockIdx.x;
  const int64_t split = rest % cut.splits;
  rest /= cut.splits;
  const int64_t tile = rest % cut.rowTiles;
  rest /= cut.rowTiles;
  Rows rows;
  rows.keyHead = rest % in.keyHeads;
  rows.s = attentionSequence(in, rest / in.keyHeads);
  rows.group = in.heads / in.keyHeads;
  rows.first = tile * cut.tile;
  rows.count = rows.s.queries * rows.group - rows.first;
  if (rows.count <= 0) return;
  if (rows.count > cut.tile) rows.count = cut.tile;

  loadRows(q, K, rows.count, in.keyWidth, [&](int64_t r) { return in.q + rows.index(in, r) * in.keyWidth; });
  for (int64_t n = threadIdx.x; n < rows.count * in.valueWidth; n += blockDim.x)
    out[n / in.valueWidth * V + n % in.valueWidth] = 0;
  for (int64_t r = threadIdx.x; r < rows.count; r += blockDim.x) {
    largest[r] = -INFINITY;
    sums[r] = 0;
  }
  const KeyRange any = rows.visible(in);
  const int64_t begin = within(any.begin, split * cut.keysPerSplit, any.end);
  const int64_t end = within((split + 1) * cut.keysPerSplit, begin, any.end);
  for (int64_t first = begin; first < end; first += cut.tile) {
    const int64_t count = end - first < cut.tile ? end - first : cut.tile;
    __syncthreads();  // the tiles of the step before were read
    loadRows(k, K, count, in.keyWidth, [&](int64_t j) {
      return in.k + ((rows.s.keyRow + first + j) * in.keyHeads + rows.keyHead) * in.keyWidth;
    });
    loadRows(v, V, count, in.valueWidth, [&](int64_t j) {
      return in.v + ((rows.s.keyRow + first + j) * in.keyHeads + rows.keyHead) * in.valueWidth;
    });
    __syncthreads();
    multiply<false>(rowsOf(q, K), transposed(rowsOf(k, K)), scores, S, int(rows.count), int(count), int(in.keyWidth));
    __syncthreads();
    for (int64_t r = warp; r < rows.count; r += warps) {
      const KeyRange range = visibleKeys(in, rows.s, rows.query(r));
      float most = -INFINITY;
      for (int64_t j = lane; j < count; j += kWarp) {
        const float score = scoreOf(in, slopes, rows, range, r, first + j, scores[r * S + j]);
        scores[r * S + j] = score;
        most = Larger()(most, score);
      }
      most = reduceWarp(most, Larger());
      const float before = largest[r], now = Larger()(before, most);
      const float kept = before == -INFINITY ? 0 : expf(before - now);
      float sum = 0;
      for (int64_t j = lane; j < count; j += kWarp) {
        const float score = scores[r * S + j], weight = score == -INFINITY ? 0 : expf(score - now);
        scores[r * S + j] = weight;
        sum += weight;
      }
      sum = reduceWarp(sum, Plus());
      for (int64_t c = lane; c < in.valueWidth; c += kWarp) out[r * V + c] *= kept;
      __syncwarp();
      if (lane == 0) {
        largest[r] = now;
        sums[r] = sums[r] * kept + sum;
      }
    }
    __syncthreads();
    multiply<true>(rowsOf(scores, S), rowsOf(v, V), out, V, int(rows.count), int(in.valueWidth), int(count));
  }
  __syncthreads();
  const int64_t results = in.batch * in.queries * in.heads;
  float* const to = cut.splits > 1 ? parts + split * results * in.valueWidth : args.out;
  for (int64_t n = threadIdx.x; n < rows.count * in.valueWidth; n += blockDim.x) {
    const int64_t r = n / in.valueWidth, c = n % in.valueWidth;
    const float sum = sums[r];
    to[rows.index(in, r) * in.valueWidth + c] = largest[r] == -INFINITY ? 0 : float(out[r * V + c]) / sum;
  }
  for (int64_t r = threadIdx.x; r < rows.count; r += blockDim.x) {
    const float log = largest[r] == -INFINITY ? -INFINITY : float(largest[r]) + logf(sums[r]);
    if (cut.splits > 1)
      partLogs[split * results + rows.index(in, r)] = log;
    else
      args.logSumExp[rows.indexByHead(in, r)] = log;
  }
}

/// A warp a row: out = sum over the parts of e^(log - total) part.
__global__ void joinPartsKernel(AttentionArgs args, int64_t splits, const float* parts, const float* partLogs) {
  const AttentionInputs& in = args.in;
  const int64_t results = in.batch * in.queries * in.heads, row = globalIndex() / kWarp;
  const int lane = int(threadIdx.x) % kWarp;
  if (row >= results) return;
  float largest = -INFINITY;
  for (int64_t split = 0; split < splits; ++split) largest = Larger()(largest, partLogs[split * results + row]);
  float sum = 0;
  for (int64_t split = 0; split < splits && largest != -INFINITY; ++split)
    sum += expf(partLogs[split * results + row] - largest);
  const float total = largest == -INFINITY ? -INFINITY : largest + logf(sum);
  for (int64_t c = lane; c < in.valueWidth; c += kWarp) {
    float out = 0;
    for (int64_t split = 0; split < splits && total != -INFINITY; ++split)
      out += expf(partLogs[split * results + row] - total) * parts[(split * results + row) * in.valueWidth + c];
    args.out[row * in.valueWidth + c] = out;
  }
  if (lane != 0) return;
  const int64_t h = row % in.heads, t = row / in.heads % in.queries, b = row / in.heads / in.queries;
  args.logSumExp[(b * in.heads + h) * in.queries + t] = total;
}

/// What lies in no packed sequence: no keys.
__global__ void emptyKernel(AttentionArgs args) {
  const AttentionInputs& in = args.in;
  const int64_t i = globalIndex(), results = in.batch * in.queries * in.heads;
  if (i < results * in.valueWidth) args.out[i] = 0;
  if (i < results) args.logSumExp[i] = -INFINITY;
}

__global__ void checkKernel(AttentionInputs in, Refusal refusal) {
  const int64_t n = globalIndex();
  if (in.keyLengths != nullptr && n < in.batch && (in.keyLengths[n] < 0 || in.keyLengths[n] > in.keys)) refusal.at(n);
  if (in.position != nullptr && n < in.batch) {
    const int64_t position = in.position[n * in.positionStride];
    if (position < 0 || position > in.keys - in.queries) refusal.at(n);
  }
  if (in.queryOffsets == nullptr || n > in.sequences) return;
  const int64_t query = in.queryOffsets[n], key = in.keyOffsets[n];
  if (query < (n == 0 ? 0 : in.queryOffsets[n - 1]) || query > in.queries) refusal.at(n);
  if (key < (n == 0 ? 0 : in.keyOffsets[n - 1]) || key > in.keys) refusal.at(n);
}

}  // namespace

const float* beginAttention(const Launch& launch, const AttentionInputs& in, float* workspace) {
  if (in.slopes != nullptr) writeBytes(launch, in.slopes, workspace, in.heads * int64_t(sizeof(float)));
  if (in.keyLengths != nullptr || in.position != nullptr || in.queryOffsets != nullptr) {
    const int64_t count = (in.batch > in.sequences ? in.batch : in.sequences) + 1;
    start(launch, "checkAttention", checkKernel, ceilDivide(count, 256), 256, 0, in, refusal(launch));
  }
  return in.slopes != nullptr ? workspace : nullptr;
}

const float* beginAttention(const Launch& launch, const AttentionArgs& args) {
  const AttentionInputs& in = args.in;
  const float* const slopes = beginAttention(launch, in, args.workspace);
  const int64_t results = in.batch * in.queries * in.heads;
  if (in.queryOffsets != nullptr)
    start(launch, "attentionEmpty", emptyKernel, ceilDivide(results * (in.valueWidth > 0 ? in.valueWidth : 1), 256),
          256, 0, args);
  return slopes;
}

int64_t attentionWorkspace(const AttentionInputs& in) {
  const int64_t splits = cutOf(in).splits, results = in.batch * in.queries * in.heads;
  return slopeFloats(in) + (splits > 1 ? splits * results * (in.valueWidth + 1) : 0);
}

void attention(const Launch& launch, const AttentionArgs& args) {
  const AttentionInputs& in = args.in;
  const Cut cut = cutOf(in);
  const int64_t results = in.batch * in.queries * in.heads;
  float* const parts = args.workspace + slopeFloats(in);
  float* const logs = parts + cut.splits * results * in.valueWidth;
  const float* const slopes = beginAttention(launch, args);
  start(launch, "attention", attentionKernel, in.sequences * in.keyHeads * cut.rowTiles * cut.splits, kAttentionThreads,
        bytesOf(in, cut.tile), args, cut, slopes, parts, logs);
  if (cut.splits > 1)
    start(launch, "attentionJoin", joinPartsKernel, ceilDivide(results * kWarp, 256), 256, 0, args, cut.splits,
          static_cast<const float*>(parts), static_cast<const float*>(logs));
}

}  // namespace fw::kernels::FW_CUDA
