// index_add: whole rows added along an axis.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// y = x, then y[.., indices[j], ..] += updates[.., j, ..] in ascending order of j: always the same bits. `updates` has
/// x's shape with that of `indices` in the place of `axis`.
Value indexAdd(Value x, Value indices, Value updates, int axis = 0);

}  // namespace fw::ir
