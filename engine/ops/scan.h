// scan: a body graph run once for each index of the leading axis, with values carried along.
#pragma once

#include <functional>
#include <vector>

#include "engine/ir/builder.h"

namespace fw::ir {

struct ScanResult {
  std::vector<Value> carries;  // in the body: the next carries; outside: the last ones
  std::vector<Value> ys;       // in the body: one step's [...]; outside: stacked [T, ...]
};

/// What a body is given: values of the body's own builder.
struct ScanStep {
  Builder& builder;
  std::vector<Value> carries, xs, consts;
};

/// c[t+1], y[t] = body(c[t], x[t], consts), t = 0..T-1 (T-1..0 when reversed). `xs` are [T, ...]; `length` is needed
/// only without xs. The gradient is another scan that recomputes each step from its saved carries.
ScanResult scan(Builder& builder, const std::vector<Value>& carries, const std::vector<Value>& xs,
                const std::vector<Value>& consts, const std::function<ScanResult(const ScanStep&)>& body,
                bool isReversed = false, int64_t length = -1);

}  // namespace fw::ir
