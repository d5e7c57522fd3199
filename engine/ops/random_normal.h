// random_normal: random numbers as a function of seed, stream and index.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// Normal with the given mean and standard deviation. `seed` is an i64 scalar; `stream` separates independent tensors
/// of one seed.
Value randomNormal(Value seed, const Shape& shape, double mean = 0, double deviation = 1, int64_t stream = 0);

}  // namespace fw::ir
