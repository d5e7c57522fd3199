// scatter_add: elements added along an axis.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// y = x, then y[.., indices[..,j,..], ..] += updates[..,j,..] in ascending order of j: always the same bits. `indices`
/// (i64) and `updates` have x's shape except along `axis`.
Value scatterAdd(Value x, Value indices, Value updates, int axis);

}  // namespace fw::ir
