// pad: a constant around a tensor and between its elements.
#pragma once

#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

/// `low` elements before, `high` after and `interior` between neighbours, in every dimension, all with `value`. An
/// absent `interior` means none.
Value pad(Value x, const std::vector<int64_t>& low, const std::vector<int64_t>& high,
          std::vector<int64_t> interior = {}, double value = 0);

}  // namespace fw::ir
