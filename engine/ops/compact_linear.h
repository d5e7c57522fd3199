// compact_linear: a linear map whose weight is stored in fewer bytes than f32.
#pragma once

#include <string>

#include "engine/ir/builder.h"

namespace fw::ir {

struct CompactLinearOptions {
  Value scale = {};                 // [out], needed for i8 and for nothing else
  Value bias = {};                  // [out]
  Value addend = {};                // of the result's shape, added before the activation
  std::string activation = "none";  // as in MatmulOptions
};

/// y = act(x (weight * scale)^T + bias + addend): x f32 [..., in], weight [out, in] of f16, bf16 or i8. For inference:
/// weights so stored have no gradient.
Value compactLinear(Value x, Value weight, const CompactLinearOptions& options = {});

}  // namespace fw::ir
