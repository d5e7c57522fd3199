// Softmax attention with an online softmax: out = softmax(scale q k^T + bias) v, nothing of size queries x keys in
// memory. (Dao et al., "FlashAttention", 2022; Milakov and Gimelshein, "Online normalizer calculation for softmax",
// 2018.)
#pragma once

#include <cstdint>

#include "kernels/host_device.h"
#include "kernels/launch.h"

namespace fw::kernels {

/// What forward and backward share. Query head h reads key head h / (heads / keyHeads).
///
/// Query i of a sequence stands at position i + offset on the axis of the keys, offset being position[b] where given,
/// else keys - queries: the last query stands at the last key. It sees key j where j is below the sequence's valid
/// length (keys, keyLengths[b], position[b] + queries: the least), keyMask allows j, and position - windowLeft <= j <=
/// position + windowRight.
struct AttentionInputs {
  const float* q = nullptr;  // [B,T,H,K]
  const float* k = nullptr;  // [B,S,Hkv,K]
  const float* v = nullptr;  // [B,S,Hkv,V]
  const float* bias =
      nullptr;  // optional, added to the scores; element (b,h,i,j) by the strides below, those of j lie side by side
  int64_t biasBatchStride = 0, biasHeadStride = 0, biasQueryStride = 0;  // 0 where broadcast
  const float* slopes = nullptr;        // optional [H], ALiBi: -slope * |position - j| is added
  const uint8_t* keyMask = nullptr;     // optional [B,S], nonzero = visible
  const int64_t* keyLengths = nullptr;  // optional [B]
  const int64_t* position = nullptr;    // optional [B], or one for all where positionStride is 0
  int64_t positionStride = 0;
  const int64_t* queryOffsets = nullptr;  // optional [sequences + 1]: packed sequences, with B = 1
  const int64_t* keyOffsets = nullptr;    // [sequences + 1] with queryOffsets
  int64_t sequences = 0;                  // B, or the number of packed sequences
  int64_t batch = 0, queries = 0, keys = 0, heads = 0, keyHeads = 0, keyWidth = 0, valueWidth = 0;
  int64_t windowLeft = -1,
          windowRight = -1;  // keys seen before and after the query's own position; -1: all; causal: right = 0
  float scale = 1;
};

/// One sequence of the batch or of the pack, as rows of the tensors.
struct AttentionSequence {
  int64_t batch = 0;                     // index into [B,...] tensors
  int64_t queryRow = 0, queries = 0;     // rows of q counted over [B,T]
  int64_t keyRow = 0, keys = 0;          // rows of k counted over [B,S]; keys = the valid length
  int64_t firstQuery = 0, firstKey = 0;  // index of the first row inside T and S
  int64_t offset = 0;                    // position of query 0 on the axis of the keys
};

/// x, or the nearer end of [low, high].
FW_HOST_DEVICE inline int64_t within(int64_t x, int64_t low, int64_t high) {
  return x < low ? low : x > high ? high : x;
}

/// Sequence `index`, held inside the tensors whatever the numbers in offsets, positions and lengths are.
FW_HOST_DEVICE inline AttentionSequence attentionSequence(const AttentionInputs& in, int64_t index) {
  AttentionSequence s;
  if (in.queryOffsets != nullptr) {
    s.queryRow = s.firstQuery = within(in.queryOffsets[index], 0, in.queries);
    s.queries = within(in.queryOffsets[index + 1], s.queryRow, in.queries) - s.queryRow;
    s.keyRow = s.firstKey = within(in.keyOffsets[index], 0, in.keys);
    s.keys = within(in.keyOffsets[index + 1], s.keyRow, in.keys) - s.keyRow;
    s.offset = s.keys - s.queries;
    return s;
  }
  s.batch = index;
  s.queryRow = index * in.queries;
  s.queries = in.queries;
  s.keyRow = index * in.keys;
  s.keys = in.keys;
  s.offset = in.keys - in.queries;
  if (in.position != nullptr) {
    s.offset = in.position[index * in.positionStride];
    s.keys = within(s.offset + in.queries, 0, s.keys);
  }
  if (in.keyLengths != nullptr) s.keys = within(in.keyLengths[index], 0, s.keys);
  return s;
}

/// Keys [begin, end) that query `i` of the sequence may see, the key mask aside; empty: 0, 0.
struct KeyRange {
  int64_t begin = 0, end = 0;
};

FW_HOST_DEVICE inline KeyRange visibleKeys(const AttentionInputs& in, const AttentionSequence& s, int64_t i) {
  KeyRange range{0, s.keys};
  const int64_t at = i + s.offset;
  if (in.windowLeft >= 0 && at - in.windowLeft > 0) range.begin = at - in.windowLeft;
  if (in.windowRight >= 0 && at + in.windowRight + 1 < s.keys) range.end = at + in.windowRight + 1;
  if (range.begin >= range.end) return {0, 0};
  return range;
}

struct AttentionArgs {
  AttentionInputs in;
  float* out = nullptr;        // [B,T,H,V]; 0 for a query that sees no key
  float* logSumExp = nullptr;  // [B,H,T]; -infinity for a query that sees no key
  float* workspace = nullptr;  // attentionWorkspace(in) floats
};

struct AttentionGradientArgs {
  AttentionInputs in;
  const float* out = nullptr;         // [B,T,H,V], from the forward pass
  const float* logSumExp = nullptr;   // [B,H,T]
  const float* dOut = nullptr;        // [B,T,H,V]
  const float* dLogSumExp = nullptr;  // optional [B,H,T]
  float* dq = nullptr;                // like q
  float* dk = nullptr;
  float* dv = nullptr;
  float* dBias = nullptr;      // optional, like bias: the sum over what was broadcast
  float* workspace = nullptr;  // attentionGradientWorkspace floats
};

namespace cpu {

int64_t attentionWorkspace(const AttentionInputs& in);
void attention(const Launch& launch, const AttentionArgs& args);

int64_t attentionGradientWorkspace(const AttentionGradientArgs& args);
void attentionGradient(const Launch& launch, const AttentionGradientArgs& args);

}  // namespace cpu
}  // namespace fw::kernels
