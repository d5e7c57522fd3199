// flip: dimensions reversed.
#pragma once

#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

/// Reverses each of `axes`; negative ones count from the end.
Value flip(Value x, const std::vector<int64_t>& axes);

}  // namespace fw::ir
