// What attention and its gradient share: where the optional inputs stand, checks, the kernel's view of a call, and the
// scores by simpler ops. Defined in attention.cpp.
#pragma once

#include "engine/ops/matmul.h"
#include "engine/ops/rules.h"
#include "kernels/attention.h"

namespace fw {

/// Index of each input; -1 where the attributes say that it is not given.
struct AttentionOperands {
  int bias = -1, keyMask = -1, keyLengths = -1, position = -1, offsets = -1, keyOffsets = -1;
  int end = 3;  // number of q, k, v and the optional inputs
};
AttentionOperands attentionOperands(const ir::Attrs& attrs);

/// Checks q, k, v and the optional inputs; sentences start with "[op] ".
void checkAttention(const OpCall& call, const char* op);

/// Sizes, strides and attributes of a call, without memory.
kernels::AttentionInputs attentionSizes(const std::vector<ir::TensorType>& inputs, const ir::Attrs& attrs);

/// The same with memory; `slopes` keeps the slopes. Throws Code::Data where positions, lengths or offsets in the CPU's
/// memory leave the keys.
kernels::AttentionInputs attentionInputs(const KernelCall& call, const char* op, std::vector<float>& slopes);

/// Pairs of a query and a key it sees, of one head of one sequence; sizes and windows alone are known.
double attentionPairs(const kernels::AttentionInputs& in);

struct AttentionScores {
  ir::Value q, k, v;  // [B,H,T,K], [B,H,S,K], [B,H,S,V]: key heads repeated
  ir::Value scores;   // [B,H,T,S]; -infinity where hidden
};
AttentionScores attentionScores(const DecomposeCall& call);

/// Batched product of the last two dimensions.
inline ir::Value product(ir::Value a, ir::Value b, bool transposesA = false, bool transposesB = false) {
  return ir::matmul(a, b, {.transposeA = transposesA, .transposeB = transposesB});
}

}  // namespace fw
