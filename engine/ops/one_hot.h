// one_hot: indices as rows with a single one.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// indices i64 [...] -> f32 [...,depth]
Value oneHot(Value indices, int64_t depth);

}  // namespace fw::ir
