// transpose: dimensions in another order.
#pragma once

#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

/// Dimension i of the result is dimension permutation[i] of x.
Value transpose(Value x, const std::vector<int64_t>& permutation);

/// Two dimensions swapped; negative ones count from the end.
Value swapAxes(Value x, int a, int b);

}  // namespace fw::ir
