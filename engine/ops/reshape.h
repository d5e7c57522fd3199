// reshape: the same elements under another shape.
#pragma once

#include <initializer_list>
#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

/// The row-major order of the elements stays; one size may be -1: what is left.
Value reshape(Value x, const std::vector<int64_t>& sizes);
inline Value reshape(Value x, std::initializer_list<int64_t> sizes) { return reshape(x, std::vector<int64_t>(sizes)); }
inline Value reshape(Value x, const Shape& shape) { return reshape(x, shape.dims()); }

}  // namespace fw::ir
