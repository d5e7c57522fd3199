// prod: the product over dimensions.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// Over all dimensions.
Value prod(Value x);
/// Over `axes` (negative: from the end); `keep`: they stay with size 1. Throws Code::Shape on an axis that is not there
/// or is named twice.
Value prod(Value x, const std::vector<int64_t>& axes, bool keep = false);

}  // namespace fw::ir
