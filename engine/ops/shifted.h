// A tensor moved by one place along an axis: what recurrences need of their neighbours.
#pragma once

#include "engine/ops/concat.h"
#include "engine/ops/slice.h"

namespace fw::ir {

/// y[t] = x[t-1] with y[0] = edge; backwards: y[t] = x[t+1] with y[T-1] = edge. `edge` has size 1 along `axis`.
inline Value shifted(Value x, int axis, bool isBackwards, Value edge) {
  const int64_t size = x.size(axis);
  if (size <= 1) return size == 1 ? edge : x;
  if (isBackwards) return concat({slice(x, axis, 1, size), edge}, axis);
  return concat({edge, slice(x, axis, 0, size - 1)}, axis);
}

/// The same with a number at the edge.
inline Value shifted(Value x, int axis, bool isBackwards, double edge) {
  return shifted(x, axis, isBackwards, x.builder->constant(edge, x.shape().with(axis, 1), x.dtype()));
}

}  // namespace fw::ir
