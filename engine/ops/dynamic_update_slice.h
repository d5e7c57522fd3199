// dynamic_update_slice: a window of an axis replaced, at a position known only when running.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// x with the window of `axis` that begins at `position` (i64 scalar) replaced by `update`, whose other sizes are x's.
/// In place where nobody else reads x. A window that leaves the axis is an error when running.
Value dynamicUpdateSlice(Value x, Value update, Value position, int axis);

}  // namespace fw::ir
