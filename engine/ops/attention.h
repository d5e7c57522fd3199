// attention: out = softmax(scale q k^T + bias) v, in one pass over the keys.
#pragma once

#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

/// Query i stands at position i + offset among the keys: offset = S - T, so that the last query stands at the last key,
/// or `position`. It sees key j where every given condition allows it. A query that sees no key gives 0.
struct AttentionOptions {
  double scale = 0;                           // 0: 1/sqrt(K)
  bool isCausal = false;                      // as windowRight = 0
  int64_t windowLeft = -1, windowRight = -1;  // keys seen before and after the own position; -1: all
  std::vector<double> slopes = {};            // ALiBi, one a head: -slope |i + offset - j| is added to the scores
  Value bias = {};                            // f32 [B|1,H|1,T|1,S], added to the scores
  Value keyMask = {};                         // bool [B,S], true = visible
  Value keyLengths = {};                      // i64 [B]: keys below are visible
  Value position = {};    // i64 scalar or [B]: offset; keys below offset + T are visible (a cache of S)
  Value offsets = {};     // i64 [n+1], B = 1: sequence s is queries (and keys) offsets[s]..offsets[s+1]
  Value keyOffsets = {};  // i64 [n+1] where the keys are packed in another way
};

struct AttentionResult {
  Value out;        // [B,T,H,V]
  Value logSumExp;  // [B,H,T]; -infinity where no key is seen
};

/// q: [B,T,H,K], k: [B,S,Hkv,K], v: [B,S,Hkv,V]; H is a multiple of Hkv, query head h reads key head h / (H/Hkv).
AttentionResult attentionWithLogSumExp(Value q, Value k, Value v, const AttentionOptions& options = {});
Value attention(Value q, Value k, Value v, const AttentionOptions& options = {});

struct AttentionWeights {
  Value weights;    // f32 [B,H,T,S], 0 where a key is hidden
  Value isVisible;  // bool [B,H,T,S]
};

/// What a call of attention, node `node` of the builder's graph, multiplies the values by. The call itself never has it
/// in memory as a whole.
AttentionWeights attentionWeights(Builder& builder, int node);

}  // namespace fw::ir
