// sum_squares: the sum of all squared elements.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// f32 scalar, accumulated in double.
Value sumSquares(Value x);

}  // namespace fw::ir
