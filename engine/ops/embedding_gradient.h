// embedding_gradient: the gradient of embedding with respect to its table.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// tokens i64 [...], dy [...,D] -> [V,D]: row v is the sum of dy over the positions that hold v, in their order.
Value embeddingGradient(Value tokens, Value dy, int64_t vocabulary);

}  // namespace fw::ir
