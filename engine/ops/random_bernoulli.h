// random_bernoulli: random numbers as a function of seed, stream and index.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// 1 with the given probability, else 0. `seed` is an i64 scalar; `stream` separates independent tensors of one seed.
Value randomBernoulli(Value seed, const Shape& shape, double probability, int64_t stream = 0);

}  // namespace fw::ir
