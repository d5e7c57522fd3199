// Attention backward. With P = e^(S - lse), dP = dO v^T, dS = P (dP + dLse - sum_v dO out): dv = P^T dO,
// dk = scale dS^T q, dq = scale dS k, dBias = dS. One kernel owns keys (dk, dv), one owns queries (dq), one elements of
// the bias: each result has one writer, so there is no atomic addition. Scores are computed again from q and k.
#include "kernels/attention.h"

#include "kernels/cuda/attention_parts.h"
#include "kernels/cuda/kernels.h"

namespace fw::kernels::FW_CUDA {
namespace {

/// delta[b,h,t] = sum_v dO out - dLse: a warp a row of [B,T,H].
__global__ void deltaKernel(AttentionGradientArgs args, float* delta) {
  const AttentionInputs& in = args.in;
  const int64_t row = globalIndex() / kWarp;
  if (row >= in.batch * in.queries * in.heads) return;
  const int lane = int(threadIdx.x) % kWarp;
  float sum = 0;
  for (int64_t c = lane; c < in.valueWidth; c += kWarp)
    sum = fmaf(args.dOut[row * in.valueWidth + c], args.out[row * in.valueWidth + c], sum);
  sum = reduceWarp(sum, Plus());
  if (lane != 0) return;
  const int64_t h = row % in.heads, t = row / in.heads % in.queries, b = row / in.heads / in.queries;
  const int64_t at = (b * in.heads + h) * in.queries + t;
  delta[at] = args.dLogSumExp != nullptr ? sum - args.dLogSumExp[at] : sum;
}

/// What a block holds of rows and keys, and the weights between them.
struct Shared {
  SharedArray<float> q, dOut, k, v, weights, dScores;
  int K, V, S;
};

int64_t bytesOf(const AttentionInputs& in, int tile, bool ownsKeys) {
  const int64_t ofK = sharedBytes<float>(tile * paddedWidth(in.keyWidth));
  const int64_t ofV = sharedBytes<float>(tile * paddedWidth(in.valueWidth));
  return 2 * ofK + 2 * ofV + 2 * sharedBytes<float>(tile * paddedWidth(tile)) + (ownsKeys ? ofK + ofV : ofK);
}

__device__ Shared sharedOf(SharedMemory& memory, const AttentionInputs& in, int tile) {
  Shared shared;
  shared.K = paddedWidth(in.keyWidth);
  shared.V = paddedWidth(in.valueWidth);
  shared.S = paddedWidth(tile);
  shared.q = memory.array<float>(tile * shared.K);
  shared.k = memory.array<float>(tile * shared.K);
  shared.dOut = memory.array<float>(tile * shared.V);
  shared.v = memory.array<float>(tile * shared.V);
  shared.weights = memory.array<float>(tile * shared.S);
  shared.dScores = memory.array<float>(tile * shared.S);
  return shared;
}

__device__ void loadQueries(const AttentionGradientArgs& args, const Rows& rows, const Shared& shared) {
  const AttentionInputs& in = args.in;
  loadRows(shared.q, shared.K, rows.count, in.keyWidth,
           [&](int64_t r) { return in.q + rows.index(in, r) * in.keyWidth; });
  loadRows(shared.dOut, shared.V, rows.count, in.valueWidth,
           [&](int64_t r) { return args.dOut + rows.index(in, r) * in.valueWidth; });
}

__device__ void loadKeys(const AttentionInputs& in, const Rows& rows, int64_t first, int64_t count,
                         const Shared& shared) {
  loadRows(shared.k, shared.K, count, in.keyWidth,
           [&](int64_t j) { return in.k + ((rows.s.keyRow + first + j) * in.keyHeads + rows.keyHead) * in.keyWidth; });
  loadRows(shared.v, shared.V, count, in.valueWidth, [&](int64_t j) {
    return in.v + ((rows.s.keyRow + first + j) * in.keyHeads + rows.keyHead) * in.valueWidth;
  });
}

__device__ float weightOf(const AttentionInputs& in, const float* slopes, const Rows& rows, const KeyRange& range,
                          int64_t r, int64_t j, float product, float logSumExp) {
  const float score = scoreOf(in, slopes, rows, range, r, j, product);
  return score == -INFINITY || logSumExp == -INFINITY ? 0 : expf(score - logSumExp);
}

/// Weights P and dScores between the rows and keys [first, first + count), from what is loaded. Begins and ends with a
/// barrier.
__device__ void weigh(const AttentionGradientArgs& args, const float* slopes, const float* delta, const Rows& rows,
                      int64_t first, int64_t count, const Shared& shared) {
  const AttentionInputs& in = args.in;
  __syncthreads();
  multiply<false>(rowsOf(shared.q, shared.K), transposed(rowsOf(shared.k, shared.K)), shared.weights, shared.S,
                  int(rows.count), int(count), int(in.keyWidth));
  multiply<false>(rowsOf(shared.dOut, shared.V), transposed(rowsOf(shared.v, shared.V)), shared.dScores, shared.S,
                  int(rows.count), int(count), int(in.valueWidth));
  __syncthreads();
  for (int64_t n = threadIdx.x; n < rows.count * count; n += blockDim.x) {
    const int64_t r = n / count, j = n % count, at = r * shared.S + j, byHead = rows.indexByHead(in, r);
    const KeyRange range = visibleKeys(in, rows.s, rows.query(r));
    const float weight = weightOf(in, slopes, rows, range, r, first + j, shared.weights[at], args.logSumExp[byHead]);
    shared.weights[at] = weight;
    shared.dScores[at] = weight * (float(shared.dScores[at]) - delta[byHead]);
  }
  __syncthreads();
}

/// The owner of a tile of keys of one key head: dk and dv.
__global__ void keyGradientKernel(AttentionGradientArgs args, int tile, int64_t tiles, const float* slopes,
                                  const float* delta) {
  const AttentionInputs& in = args.in;
  SharedMemory memory;
  const Shared shared = sharedOf(memory, in, tile);
  const SharedArray<float> dk = memory.array<float>(tile * shared.K), dv = memory.array<float>(tile * shared.V);
  Rows rows;
  rows.keyHead = blockIdx.x / tiles % in.keyHeads;
  rows.s = attentionSequence(in, blockIdx.x / tiles / in.keyHeads);
  rows.group = in.heads / in.keyHeads;
  const int64_t first = blockIdx.x % tiles * tile;
  const int64_t count = rows.s.keys - first < tile ? rows.s.keys - first : tile, all = rows.s.queries * rows.group;
  if (count <= 0) return;
  loadKeys(in, rows, first, count, shared);
  for (int64_t n = threadIdx.x; n < count * in.keyWidth; n += blockDim.x)
    dk[n / in.keyWidth * shared.K + n % in.keyWidth] = 0;
  for (int64_t n = threadIdx.x; n < count * in.valueWidth; n += blockDim.x)
    dv[n / in.valueWidth * shared.V + n % in.valueWidth] = 0;
  for (rows.first = 0; rows.first < all; rows.first += tile) {
    rows.count = all - rows.first < tile ? all - rows.first : tile;
    const KeyRange any = rows.visible(in);
    if (any.end <= first || any.begin >= first + count) continue;  // the same for every thread
    __syncthreads();
    loadQueries(args, rows, shared);
    weigh(args, slopes, delta, rows, first, count, shared);
    multiply<true>(transposed(rowsOf(shared.weights, shared.S)), rowsOf(shared.dOut, shared.V), dv, shared.V,
                   int(count), int(in.valueWidth), int(rows.count));
    multiply<true>(transposed(rowsOf(shared.dScores, shared.S)), rowsOf(shared.q, shared.K), dk, shared.K, int(count),
                   int(in.keyWidth), int(rows.count), in.scale);
  }
  __syncthreads();
  for (int64_t n = threadIdx.x; n < count * in.keyWidth; n += blockDim.x) {
    const int64_t j = n / in.keyWidth, c = n % in.keyWidth;
    args.dk[((rows.s.keyRow + first + j) * in.keyHeads + rows.keyHead) * in.keyWidth + c] = dk[j * shared.K + c];
  }
  for (int64_t n = threadIdx.x; n < count * in.valueWidth; n += blockDim.x) {
    const int64_t j = n / in.valueWidth, c = n % in.valueWidth;
    args.dv[((rows.s.keyRow + first + j) * in.keyHeads + rows.keyHead) * in.valueWidth + c] = dv[j * shared.V + c];
  }
}

/// The owner of a tile of rows: dq.
__global__ void queryGradientKernel(AttentionGradientArgs args, int tile, int64_t tiles, const float* slopes,
                                    const float* delta) {
  const AttentionInputs& in = args.in;
  SharedMemory memory;
  const Shared shared = sharedOf(memory, in, tile);
  const SharedArray<float> dq = memory.array<float>(tile * shared.K);
  Rows rows;
  rows.keyHead = blockIdx.x / tiles % in.keyHeads;
  rows.s = attentionSequence(in, blockIdx.x / tiles / in.keyHeads);
  rows.group = in.heads / in.keyHeads;
  rows.first = blockIdx.x % tiles * tile;
  rows.count = rows.s.queries * rows.group - rows.first;
  if (rows.count <= 0) return;
  if (rows.count > tile) rows.count = tile;
  loadQueries(args, rows, shared);
  for (int64_t n = threadIdx.x; n < rows.count * in.keyWidth; n += blockDim.x)
    dq[n / in.keyWidth * shared.K + n % in.keyWidth] = 0;
  const KeyRange any = rows.visible(in);
  for (int64_t first = any.begin; first < any.end; first += tile) {
    const int64_t count = any.end - first < tile ? any.end - first : tile;
    __syncthreads();
    loadKeys(in, rows, first, count, shared);
    weigh(args, slopes, delta, rows, first, count, shared);
    multiply<true>(rowsOf(shared.dScores, shared.S), rowsOf(shared.k, shared.K), dq, shared.K, int(rows.count),
                   int(in.keyWidth), int(count), in.scale);
  }
  __syncthreads();
  for (int64_t n = threadIdx.x; n < rows.count * in.keyWidth; n += blockDim.x) {
    const int64_t r = n / in.keyWidth, c = n % in.keyWidth;
    args.dq[rows.index(in, r) * in.keyWidth + c] = dq[r * shared.K + c];
  }
}

/// The owner of an element of the bias: the sum of dScores over what was broadcast. A warp an element.
__global__ void biasGradientKernel(AttentionGradientArgs args, const float* slopes, const float* delta) {
  const AttentionInputs& in = args.in;
  const int64_t batches = in.biasBatchStride != 0 ? in.batch : 1, heads = in.biasHeadStride != 0 ? in.heads : 1;
  const int64_t queries = in.biasQueryStride != 0 ? in.queries : 1, element = globalIndex() / kWarp;
  if (element >= batches * heads * queries * in.keys) return;
  const int lane = int(threadIdx.x) % kWarp;
  int64_t rest = element;
  const int64_t key = rest % in.keys;
  rest /= in.keys;
  const int64_t t = rest % queries;
  rest /= queries;
  const int64_t h = rest % heads, b = rest / heads, group = in.heads / in.keyHeads;
  float sum = 0;
  for (int64_t n = 0; n < in.sequences; ++n) {
    Rows rows;
    rows.s = attentionSequence(in, n);
    if (in.biasBatchStride != 0 && rows.s.batch != b) continue;
    const int64_t j = key - rows.s.firstKey;
    if (j < 0 || j >= rows.s.keys) continue;
    for (int64_t head = in.biasHeadStride != 0 ? h : 0; head < (in.biasHeadStride != 0 ? h + 1 : in.heads); ++head) {
      rows.keyHead = head / group;
      rows.group = group;
      const int64_t one = t - rows.s.firstQuery;
      const int64_t begin = in.biasQueryStride != 0 ? one : 0, end = in.biasQueryStride != 0 ? one + 1 : rows.s.queries;
      for (int64_t i = begin; i < end; ++i) {
        if (i < 0 || i >= rows.s.queries) continue;
        rows.first = i * group + head % group;
        const int64_t at = rows.index(in, 0), byHead = rows.indexByHead(in, 0);
        const int64_t keyRow = (rows.s.keyRow + j) * in.keyHeads + rows.keyHead;
        float product = 0, dWeight = 0;
        for (int64_t c = lane; c < in.keyWidth; c += kWarp)
          product = fmaf(in.q[at * in.keyWidth + c], in.k[keyRow * in.keyWidth + c], product);
        for (int64_t c = lane; c < in.valueWidth; c += kWarp)
          dWeight = fmaf(args.dOut[at * in.valueWidth + c], in.v[keyRow * in.valueWidth + c], dWeight);
        product = reduceWarp(product, Plus());
        dWeight = reduceWarp(dWeight, Plus());
        const float weight =
            weightOf(in, slopes, rows, visibleKeys(in, rows.s, i), 0, j, product, args.logSumExp[byHead]);
        sum += weight * (dWeight - delta[byHead]);
      }
    }
  }
  if (lane == 0) args.dBias[element] = sum;
}

void fillZero(const Launch& launch, float* to, int64_t count) {
  const float zero = 0;
  fill(launch, {to, 4, count, &zero});
}

/// The kernels that own keys and rows, in f32.
void plainGradients(const Launch& launch, const AttentionGradientArgs& args, const float* slopes, const float* delta) {
  const AttentionInputs& in = args.in;
  const int ofKeys = tileFor([&](int tile) { return bytesOf(in, tile, true); });
  const int64_t keyTiles = ceilDivide(in.keys, ofKeys);
  start(launch, "attentionKeyGradient", keyGradientKernel, in.sequences * in.keyHeads * keyTiles, kAttentionThreads,
        bytesOf(in, ofKeys, true), args, ofKeys, keyTiles, slopes, delta);
  const int ofRows = tileFor([&](int tile) { return bytesOf(in, tile, false); });
  const int64_t rowTiles = ceilDivide(in.queries * (in.heads / in.keyHeads), ofRows);
  start(launch, "attentionQueryGradient", queryGradientKernel, in.sequences * in.keyHeads * rowTiles, kAttentionThreads,
        bytesOf(in, ofRows, false), args, ofRows, rowTiles, slopes, delta);
}

int64_t deltaFloats(const AttentionInputs& in) { return (in.batch * in.queries * in.heads + 15) / 16 * 16; }

void gradient(const Launch& launch, const AttentionGradientArgs& args, bool isOnTensorCores) {
  const AttentionInputs& in = args.in;
  const int64_t results = in.batch * in.queries * in.heads;
  const float* const slopes = beginAttention(launch, in, args.workspace);
  float* const delta = args.workspace + slopeFloats(in);
  // Rows and keys that belong to no sequence have no owner.
  fillZero(launch, args.dq, results * in.keyWidth);
  fillZero(launch, args.dk, in.batch * in.keys * in.keyHeads * in.keyWidth);
  fillZero(launch, args.dv, in.batch * in.keys * in.keyHeads * in.valueWidth);
  start(launch, "attentionDelta", deltaKernel, ceilDivide(results * kWarp, 256), 256, 0, args, delta);
  if (in.keyHeads == 0) return;
  if (isOnTensorCores)
    tensorGradients(launch, args, slopes, delta, delta + deltaFloats(in));
  else
    plainGradients(launch, args, slopes, delta);
  if (args.dBias == nullptr) return;
  const int64_t elements = (in.biasBatchStride != 0 ? in.batch : 1) * (in.biasHeadStride != 0 ? in.heads : 1) *
                           (in.biasQueryStride != 0 ? in.queries : 1) * in.keys;
  start(launch, "attentionBiasGradient", biasGradientKernel, ceilDivide(elements * kWarp, 256), 256, 0, args, slopes,
        static_cast<const float*>(delta));
}

}  // namespace

int64_t attentionGradientWorkspace(const AttentionGradientArgs& args) {
  return slopeFloats(args.in) + deltaFloats(args.in);
}

void attentionGradient(const Launch& launch, const AttentionGradientArgs& args) { gradient(launch, args, false); }

int64_t attentionGradientBf16Workspace(const AttentionGradientArgs& args) {
  return attentionGradientWorkspace(args) +
         (usesTensorCores(args.in) ? tensorGradientBytes(args.in) / int64_t(sizeof(float)) : 0);
}

void attentionGradientBf16(const Launch& launch, const AttentionGradientArgs& args) {
  gradient(launch, args, usesTensorCores(args.in));
}

}  // namespace fw::kernels::FW_CUDA
