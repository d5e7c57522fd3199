// linear_recurrence: h[t] = a[t] h[t-1] + x[t] along an axis, element by element.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// a and x of one shape; `state`, h before the first step, has that shape without `axis` (absent: 0). Reversed: the
/// steps go from the end, h[t] = a[t] h[t+1] + x[t].
Value linearRecurrence(Value a, Value x, int axis, Value state = {}, bool isReversed = false);

}  // namespace fw::ir
