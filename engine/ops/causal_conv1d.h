// causal_conv1d: each channel convolved with its own past, as Mamba and its kin do before the scan.
#pragma once

#include <string>

#include "engine/ir/builder.h"

namespace fw::ir {

struct CausalConv1dOptions {
  Value bias = {};                  // [D]
  Value history = {};               // [B,K-1,D]: the inputs before the first; zeros when invalid
  std::string activation = "none";  // or relu, gelu, gelu_tanh, silu, squared_relu
  bool isReversed = false;          // looks at the future instead, where there is no history
};

/// y[b,t,d] = act(bias[d] + sum over k of weight[d,k] x[b, t-K+1+k, d]): x [B,T,D], weight [D,K] -> [B,T,D].
Value causalConv1d(Value x, Value weight, const CausalConv1dOptions& options = {});

/// The gradient of the weight, [D,kernel]; `history` may be invalid.
Value causalConv1dWeightGradient(Value x, Value dy, int64_t kernel, Value history = {});

}  // namespace fw::ir
