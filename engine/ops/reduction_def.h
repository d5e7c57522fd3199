// How a reduction is defined: its kernel, and its gradient; the rules are shared.
#pragma once

#include <string>
#include <vector>

#include "engine/ir/op.h"
#include "kernels/reduce.h"

namespace fw {

struct ReductionDef {
  std::string name;
  std::string help;
  kernels::Reduction kernel = kernels::Reduction::Sum;
  bool isMean = false;
  std::function<Grads(const VjpCall&)> vjp = nullptr;
  std::function<std::vector<ir::Value>(const DecomposeCall&)> decompose = nullptr;
  /// Values of the examples that are far from each other, where a gradient jumps when two meet.
  bool keepsApart = false;
};

/// The whole op. Attributes: "axes" (each once, negative from the end) and "keep" (reduced dimensions stay, of size 1).
OpDef reduction(ReductionDef def);

namespace ir {

/// All axes of a value.
std::vector<int64_t> allAxes(const Value& x);
/// A result or its gradient with the reduced dimensions of `x` put back as size 1.
Value withReducedDims(Value result, const Value& x, const Attrs& attrs);
Value reduce(const std::string& op, Value x, const std::vector<int64_t>& axes, bool keep);

}  // namespace ir
}  // namespace fw
