// top_k: the largest elements along the last axis, and where they stand.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

struct TopK {
  Value values;   // [...,k], descending
  Value indices;  // i64 [...,k]
};

/// Among equals the lower index comes first; NaN counts as the largest.
TopK topK(Value x, int64_t k);

}  // namespace fw::ir
