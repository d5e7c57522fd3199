// cumulative_sum: y[t] = x[0] + ... + x[t]; its gradient is the same sum from the other end.
#include "engine/ops/cumulative_sum.h"

#include "engine/ops/cumulative_rules.h"

namespace fw {
namespace {

Grads vjp(const VjpCall& call) {
  return {ir::cumulativeSum(call.grad(0), int(call.attrs.integer("axis")), !call.attrs.flag("reverse", false),
                            call.attrs.flag("exclusive", false))};
}

}  // namespace

OpDef op_cumulative_sum() {
  OpDef op = cumulativeOp("cumulative_sum", "Running sum along an axis.", kernels::CumulativeKind::Sum);
  op.vjp = vjp;
  op.examples = {cumulativeExample({3, 33, 5}, 1, false), cumulativeExample({7, 9}, -1, true),
                 cumulativeExample({9, 3}, 0, false, true), cumulativeExample({1}, 0, true, true)};
  return op;
}

namespace ir {
Value cumulativeSum(Value x, int axis, bool isReversed, bool isExclusive) {
  return x.builder->op("cumulative_sum", {x},
                       {{"axis", int64_t(axisIn(x.shape(), axis, "cumulative_sum"))},
                        {"reverse", isReversed},
                        {"exclusive", isExclusive}});
}
}  // namespace ir

}  // namespace fw
