// dynamic_slice: a window of an axis at a position known only when running.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// `length` elements of `axis` from `position` (i64 scalar) on. A window that leaves the axis is an error when running.
Value dynamicSlice(Value x, Value position, int axis, int64_t length);

}  // namespace fw::ir
