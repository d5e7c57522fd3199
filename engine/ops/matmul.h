// matmul: the product of matrices, batched, with what usually follows it.
#pragma once

#include <string>

#include "engine/ir/builder.h"

namespace fw::ir {

struct MatmulOptions {
  bool transposeA = false, transposeB = false;  // of the last two dimensions
  Value bias = {};                              // [n]
  Value addend = {};                            // of the result's shape, added before the activation
  std::string activation = "none";              // or relu, gelu, gelu_tanh, silu, squared_relu: the ops of these names
};

/// y = act(op(a) op(b) + bias + addend): [..., m, k] x [..., k, n] -> [..., m, n]; what stands before the last two
/// dimensions broadcasts (NumPy rules).
Value matmul(Value a, Value b, const MatmulOptions& options = {});

/// y = x W^T + bias: x [..., in], weight [out, in], bias [out] or invalid.
Value linear(Value x, Value weight, Value bias = {}, const std::string& activation = "none");

}  // namespace fw::ir
