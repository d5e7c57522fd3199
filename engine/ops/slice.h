// slice: a box of a tensor, with steps.
#pragma once

#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

/// x[starts[0]:stops[0]:steps[0], ...] with 0 <= start <= stop <= size and step >= 1 in every dimension.
Value slice(Value x, const std::vector<int64_t>& starts, const std::vector<int64_t>& stops,
            const std::vector<int64_t>& steps);

/// The indices start, start+step, ... below stop of one axis; negative ones count from the end.
Value slice(Value x, int axis, int64_t start, int64_t stop, int64_t step = 1);

}  // namespace fw::ir
