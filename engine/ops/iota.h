// iota: counting along an axis.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// y[..,j,..] = start + step * j along `axis`; f32, i32 or i64.
Value iota(Builder& builder, const Shape& shape, int axis = 0, DType dtype = DType::I64, double start = 0,
           double step = 1);

}  // namespace fw::ir
