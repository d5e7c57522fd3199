// argmax: where the largest element along an axis stands.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// i64 of x's shape without `axis`; the lowest index among equals, NaN counts as the largest.
Value argmax(Value x, int axis = -1);

}  // namespace fw::ir
