// cumulative_max: y[t] = max(x[0], ..., x[t]). What follows a new maximum sends its gradient there: with
// r[t] = dy[t] + r[t+1] where t+1 brings no new maximum, dx = r where t brings one.
#include "engine/ops/cumulative_max.h"

#include <limits>

#include "engine/ops/cumulative_rules.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/linear_recurrence.h"
#include "engine/ops/shifted.h"

namespace fw {
namespace {

Grads vjp(const VjpCall& call) {
  const ir::Value y = call.output(0);
  const int axis = y.shape().axis(int(call.attrs.integer("axis")));
  const bool isReversed = call.attrs.flag("reverse", false);
  // Equal to the one before: no new maximum. NaN, before the first one, equals nothing.
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  const ir::Value old = ir::cast(ir::equal(y, ir::shifted(y, axis, isReversed, nothing)), DType::F32);
  const ir::Value r =
      ir::linearRecurrence(ir::shifted(old, axis, !isReversed, 0.0), call.grad(0), axis, {}, !isReversed);
  return {r * (1.0 - old)};
}

}  // namespace

OpDef op_cumulative_max() {
  OpDef op = cumulativeOp("cumulative_max", "Running maximum along an axis.", kernels::CumulativeKind::Max);
  op.vjp = vjp;
  op.examples = {cumulativeExample({3, 9, 5}, 1, false), cumulativeExample({7, 9}, -1, true),
                 cumulativeExample({1, 3}, 0, false)};
  return op;
}

namespace ir {
Value cumulativeMax(Value x, int axis, bool isReversed) {
  return x.builder->op(
      "cumulative_max", {x},
      {{"axis", int64_t(axisIn(x.shape(), axis, "cumulative_max"))}, {"reverse", isReversed}, {"exclusive", false}});
}
}  // namespace ir

}  // namespace fw
