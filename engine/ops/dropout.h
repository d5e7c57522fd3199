// dropout: elements set to zero at random.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// x / (1 - rate) with probability 1 - rate, else 0. `seed` is an i64 scalar; `stream` separates the dropouts of one
/// seed. The backward pass draws the same mask again instead of keeping it. (Srivastava and others, 2014.)
Value dropout(Value x, Value seed, double rate, int64_t stream);

}  // namespace fw::ir
