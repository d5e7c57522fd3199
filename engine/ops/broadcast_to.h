// broadcast_to: a tensor repeated along dimensions of size 1 (NumPy rules).
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// x itself where it has the shape already. Throws Code::Shape when it does not broadcast to `shape`.
Value broadcastTo(Value x, const Shape& shape);

}  // namespace fw::ir
