// Attention of few queries over many keys: the keys are cut into parts of a fixed size, each part leaves its maximum,
// sum and unnormalised output, and the parts are joined in order. (Dao et al., "Flash-Decoding", 2023.)
#pragma once

#include "kernels/attention.h"

namespace fw::kernels::cpu {

constexpr int64_t kKeysPerPart = 512;
constexpr int64_t kDecodeRows =
    8;  // up to so many queries a key head, a key is dotted with each; above, queries fill lanes

/// Where one part leaves its results; row = query * heads + head.
struct AttentionPart {
  float* out = nullptr;      // [T,H,V]
  float* maximum = nullptr;  // [T,H], in units of log 2
  float* sum = nullptr;      // [T,H]
};

struct AttentionParts {
  int64_t count = 0;   // parts of each sequence; 0: the keys are not cut
  int64_t floats = 0;  // of one part
};

/// Cuts the keys where that pays; from sizes alone.
inline AttentionParts attentionParts(const AttentionInputs& in) {
  if (in.queryOffsets != nullptr || in.keys == 0 || in.queries == 0 || in.heads == 0) return {};
  const int64_t rows = in.queries * in.heads / in.keyHeads;
  const bool hasFewTasks = in.batch * in.keyHeads < 16 && in.keys >= 4 * kKeysPerPart && rows <= 128;
  if (rows > kDecodeRows && !hasFewTasks) return {};
  return {(in.keys + kKeysPerPart - 1) / kKeysPerPart, in.queries * in.heads * (in.valueWidth + 2)};
}

inline AttentionPart attentionPart(const AttentionArgs& args, const AttentionParts& parts, int64_t index) {
  const int64_t rows = args.in.queries * args.in.heads;
  float* out = args.workspace + index * parts.floats;
  float* maximum = out + rows * args.in.valueWidth;
  return {out, maximum, maximum + rows};
}

/// One part of one sequence, all heads, for at most kDecodeRows queries a key head.
void attentionDecode(const AttentionArgs& args, const AttentionSequence& s, KeyRange keys, AttentionPart part);

/// Joins the parts of query `row` counted over [B,T].
void attentionCombine(const AttentionArgs& args, const AttentionParts& parts, int64_t row);

}  // namespace fw::kernels::cpu
