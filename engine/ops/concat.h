// concat: tensors joined along an axis.
#pragma once

#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

/// One or more tensors of equal dtype and sizes except along `axis`.
Value concat(const std::vector<Value>& xs, int axis);

}  // namespace fw::ir
