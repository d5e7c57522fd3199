// cache_update: new rows written into a preallocated cache, each sequence at its own position.
#pragma once

#include "engine/ir/builder.h"

namespace fw::ir {

/// `cache` [B,S,...] with rows position..position+T-1 of each sequence replaced by `rows` [B,T,...]; position: i64
/// scalar or [B]. In place where nobody else reads the cache. Rows that do not fit are an error when running.
Value cacheUpdate(Value cache, Value rows, Value position);

}  // namespace fw::ir
