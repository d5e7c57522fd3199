// embedding: rows of a table picked by tokens.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// table [V,D], tokens i64 [...] -> [...,D]. The gradient is dense.
Value embedding(Value table, Value tokens);

}  // namespace fw::ir
