// cumulative_max: running maximum along an axis.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// y[t] = max(x[0], ..., x[t]); reversed: from the end. Of equal values the first one met has the gradient.
Value cumulativeMax(Value x, int axis, bool isReversed = false);

}  // namespace fw::ir
