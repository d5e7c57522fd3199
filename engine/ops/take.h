// take: whole rows picked along an axis.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// x[.., indices, ..]: the shape of `indices` (i64, any rank) takes the place of `axis`.
Value take(Value x, Value indices, int axis = 0);

}  // namespace fw::ir
