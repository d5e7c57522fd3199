// What attention's kernels share: the rows of a block, which keys they see, scores. A block takes rows of one key head:
// row r is query r / group in head keyHead * group + r % group, so that heads that share keys read them once.
#pragma once

#include "kernels/attention.h"
#include "kernels/cuda/kernel.h"
#include "kernels/cuda/tile.h"

namespace fw::kernels::FW_CUDA {

/// The rows [first, first + count) of a block.
struct Rows {
  AttentionSequence s;
  int64_t keyHead, group, first, count;

  __device__ int64_t query(int64_t r) const { return (first + r) / group; }
  __device__ int64_t head(int64_t r) const { return keyHead * group + (first + r) % group; }
  /// Of [B,T,H].
  __device__ int64_t index(const AttentionInputs& in, int64_t r) const {
    return (s.queryRow + query(r)) * in.heads + head(r);
  }
  /// Of [B,H,T].
  __device__ int64_t indexByHead(const AttentionInputs& in, int64_t r) const {
    return (s.batch * in.heads + head(r)) * in.queries + s.firstQuery + query(r);
  }
  /// No row sees a key outside: later queries begin and end no earlier.
  __device__ KeyRange visible(const AttentionInputs& in) const {
    const KeyRange first = visibleKeys(in, s, query(0)), last = visibleKeys(in, s, query(count - 1));
    return {first.begin, last.begin < last.end ? last.end : s.keys};
  }
};

/// The score of row r and key j from their product, or -infinity where the key is hidden.
__device__ inline float scoreOf(const AttentionInputs& in, const float* slopes, const Rows& rows, const KeyRange& range,
                                int64_t r, int64_t j, float product) {
  const AttentionSequence& s = rows.s;
  if (j < range.begin || j >= range.end) return -INFINITY;
  if (in.keyMask != nullptr && in.keyMask[s.batch * in.keys + s.firstKey + j] == 0) return -INFINITY;
  float score = in.scale * product;
  const int64_t i = rows.query(r), h = rows.head(r);
  if (in.bias != nullptr)
    score += in.bias[s.batch * in.biasBatchStride + h * in.biasHeadStride + (s.firstQuery + i) * in.biasQueryStride +
                     s.firstKey + j];
  if (slopes != nullptr) {
    const int64_t apart = i + s.offset - j;
    score -= slopes[h] * float(apart < 0 ? -apart : apart);
  }
  return score;
}

/// `count` rows of `width` numbers into shared memory, `ld` apart; from(r) is where row r lies.
template <class From>
__device__ void loadRows(SharedArray<float> to, int ld, int64_t count, int64_t width, const From& from) {
  for (int64_t n = threadIdx.x; n < count * width; n += blockDim.x) {
    const int64_t r = n / width, c = n % width;
    to[r * ld + c] = from(r)[c];
  }
}

constexpr int kAttentionThreads = 256;

/// An odd distance between rows: lanes that walk down a column meet no bank twice.
__host__ __device__ inline int paddedWidth(int64_t width) { return int(width | 1); }

/// The largest tile for which `bytes(tile)` fits.
template <class Bytes>
int tileFor(const Bytes& bytes) {
  constexpr int64_t limit = 160 * 1024;  // of the 163 KB that a block may have on sm_80
  int tile = 64;
  while (tile > 1 && bytes(tile) > limit) tile /= 2;
  return tile;
}

/// ALiBi's slopes come in the CPU's memory; here they lie at the head of the workspace.
inline int64_t slopeFloats(const AttentionInputs& in) { return (in.heads + 15) / 16 * 16; }

/// Brings the slopes to the device (null where there are none) and refuses positions, lengths and offsets that leave
/// the keys.
const float* beginAttention(const Launch& launch, const AttentionInputs& in, float* workspace);
/// The same, and the results of queries that lie in no packed sequence.
const float* beginAttention(const Launch& launch, const AttentionArgs& args);

/// Whether tensor cores take the call: they have tiles for widths up to 128, and few queries (decoding) read each key
/// but once.
inline bool usesTensorCores(const AttentionInputs& in) {
  return in.keyWidth <= 128 && in.valueWidth <= 128 && in.queries >= 16 && in.keys >= 16;
}
/// dq, dk and dv on tensor cores; `workspace` has tensorGradientBytes(in).
int64_t tensorGradientBytes(const AttentionInputs& in);
void tensorGradients(const Launch& launch, const AttentionGradientArgs& args, const float* slopes, const float* delta,
                     void* workspace);

}  // namespace fw::kernels::FW_CUDA
