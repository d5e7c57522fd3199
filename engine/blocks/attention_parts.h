// Pieces that kinds of attention share: heads, projections, attention by features, two attentions as one, and what
// decoding keeps of the past.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/blocks/lowering.h"

namespace fw {

struct HeadShape {
  int64_t heads = 1, width = 1;
  int64_t all() const { return heads * width; }
};

/// From "heads" and "head_width" (0: the model's width / heads). Throws Code::Shape where they do not divide it.
HeadShape headShape(const Lowering& at, int64_t width);

/// [B,T,H*K] -> [B,T,H,K]
ir::Value splitHeads(ir::Value x, int64_t heads);
/// [B,T,H,K] -> [B,T,H*K]
ir::Value joinHeads(ir::Value x);

struct HeadValues {
  ir::Value q, k, v;  // [B,T,H,K]
};
/// Linear maps "q", "k" and "v" of x with the biases that "bias" asks for.
HeadValues projectHeads(Lowering& at, ir::Value x, const HeadShape& shape);
/// The linear map "o" of the joined heads is the output "y".
void outputHeads(Lowering& at, ir::Value mixed, int64_t width);

/// Ports x and y [B,T,D], heads, head width and bias, in front of the parameters of `def`; `time` names the length.
BlockDef headsBlock(BlockDef def, const std::string& time = "T");
/// causal or bidirectional
ParamDef maskParam(const std::string& value);
/// Whether "mask" is causal; throws Code::Graph where a bidirectional block is asked to decode.
bool isCausal(const Lowering& at);

/// What the sums of weights are divided by, from those sums.
using Guard = std::function<ir::Value(ir::Value)>;

/// y_t = sum_j (q_t . k_j) v_j / guard(sum_j q_t . k_j): q, k [B,T,H,N] are features, v [B,T,H,V]. All j, or those up
/// to t: then the sums of k v^T are carried on, in decoding as the state `state` of N (V+1) numbers a head.
ir::Value featureAttention(Lowering& at, ir::Value q, ir::Value k, ir::Value v, bool isCausal, const Guard& guard,
                           const std::string& state = "sums");

/// Softmax attention over keys that two calls saw one part each of: out [B,T,H,V], logSumExp [B,H,T].
ir::Value mergedAttention(ir::Value out, ir::Value logSumExp, ir::Value otherOut, ir::Value otherLogSumExp);

/// What queries of the new tokens may look at when the first tokens and the latest ones are kept.
struct KeptRows {
  ir::Value first;   // [B,S,...]: the first tokens, fewer where the sequence is shorter
  ir::Value latest;  // [B,R+T,...]: R old ones (none outside decoding) and the new ones
};
/// In decoding, states "<name>_first" and "<name>_latest"; rows [B,T,...].
KeptRows keptRows(Lowering& at, const std::string& name, ir::Value rows, int64_t first, int64_t latest);
/// bool [B,R+T]: which of the latest rows are tokens beyond the first ones.
ir::Value areLatest(Lowering& at, ir::Value latest, int64_t time, int64_t first);
/// [1,1,T,S], added to the scores of T new tokens and the first S: 0 for those that are not later, else so low that the
/// weight is 0.
ir::Value hidesLater(Lowering& at, int64_t time, int64_t first);

/// k and v with those of the tokens before, from caches "k" and "v" with a row for each token; decoding only.
void appendToCache(Lowering& at, ir::Value& k, ir::Value& v);

/// A constant tensor.
ir::Value listed(ir::Builder& builder, std::vector<double> values, const Shape& shape, DType dtype = DType::F32);
/// `length` as a number of the graph, f32 scalar, which exports keep open.
ir::Value lengthOf(ir::Builder& builder, int64_t length);

}  // namespace fw
