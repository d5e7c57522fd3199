// random_uniform: random numbers as a function of seed, stream and index.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// Uniform in [low, high). `seed` is an i64 scalar; `stream` separates independent tensors of one seed.
Value randomUniform(Value seed, const Shape& shape, double low = 0, double high = 1, int64_t stream = 0);

}  // namespace fw::ir
