// cumulative_prod: running product along an axis.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// y[t] = x[0] ... x[t]; reversed: from the end; exclusive: without x[t]. The gradient is exact at zeros too.
Value cumulativeProd(Value x, int axis, bool isReversed = false, bool isExclusive = false);

}  // namespace fw::ir
