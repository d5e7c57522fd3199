// gather: elements picked along an axis.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// y[..,j,..] = x[.., indices[..,j,..], ..]: `indices` is i64 of x's shape except along `axis`.
Value gather(Value x, Value indices, int axis);

}  // namespace fw::ir
