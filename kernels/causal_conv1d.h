// Causal convolution along time, each channel by itself; and the gradient of its weight.
//
// y[b,t,d] = bias[d] + sum over k of weight[d,k] x[b, t-K+1+k, d]; before the first step lies the history, or zeros.
// Reversed in time it is the gradient of x: dx[b,t,d] = sum over k of weight[d,k] dy[b, t+K-1-k, d].
#pragma once

#include <cstdint>

#include "kernels/activation.h"
#include "kernels/launch.h"

namespace fw::kernels {

struct CausalConv1dArgs {
  const float* x = nullptr;        // [B,T,D]
  const float* weight = nullptr;   // [D,K]
  const float* bias = nullptr;     // [D]; null: none
  const float* history = nullptr;  // [B,K-1,D]: the inputs before the first; null: zeros
  float* y = nullptr;              // [B,T,D]
  int64_t batch = 0, time = 0, width = 0, kernel = 0;
  bool isReversed = false;  // reads the future instead; there is no history then
  Activation activation = Activation::None;
};

/// dweight[d,k] = sum over b,t of dy[b,t,d] x[b, t-K+1+k, d], the history as above.
struct CausalConv1dWeightGradientArgs {
  const float* x = nullptr;
  const float* dy = nullptr;       // [B,T,D]
  const float* history = nullptr;  // null: zeros
  float* dweight = nullptr;        // [D,K]
  int64_t batch = 0, time = 0, width = 0, kernel = 0;
};

namespace cpu {

/// Bytes of scratch memory.
int64_t causalConv1dWorkspace(const CausalConv1dArgs& args);
void causalConv1d(const Launch& launch, const CausalConv1dArgs& args, void* workspace);

int64_t causalConv1dWeightGradientWorkspace(const CausalConv1dWeightGradientArgs& args);
void causalConv1dWeightGradient(const Launch& launch, const CausalConv1dWeightGradientArgs& args, void* workspace);

}  // namespace cpu
}  // namespace fw::kernels
