// What causal_conv1d and the gradient of its weight share.
#pragma once

#include "engine/ops/concat.h"
#include "engine/ops/pad.h"
#include "engine/ops/rules.h"
#include "engine/ops/slice.h"

namespace fw {

constexpr int64_t longestCausalKernel = 64;

inline void checkCausalKernel(const char* op, int64_t kernel) {
  if (kernel >= 1 && kernel <= longestCausalKernel) return;
  throw Error(Code::Shape, text("[", op, "] a kernel of ", kernel, " steps; expected 1 to ", longestCausalKernel, "."));
}

inline void checkHistory(const char* op, const Shape& history, const Shape& x, int64_t kernel) {
  const Shape expected = {x[0], kernel - 1, x[2]};
  if (history != expected)
    throw Error(Code::Shape, text("[", op, "] the history is ", history, "; expected ", expected, "."));
}

/// x after its history or after zeros: [B,K-1+T,D].
inline ir::Value afterHistory(ir::Value x, ir::Value history, int64_t kernel) {
  if (kernel == 1) return x;
  if (history.isValid()) return ir::concat({history, x}, 1);
  return ir::pad(x, {0, kernel - 1, 0}, {0, 0, 0});
}

}  // namespace fw
