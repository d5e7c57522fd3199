// cumulative_prod: y[t] = x[0] ... x[t]. The gradient divides by nothing, so that zeros do no harm: with
// p[t] = x[0] ... x[t-1] and s[t] = dy[t] + x[t+1] s[t+1], dx = p s. Exclusive: s[t] = dy[t+1] + x[t+1] s[t+1].
#include "engine/ops/cumulative_prod.h"

#include "engine/ops/cumulative_rules.h"
#include "engine/ops/linear_recurrence.h"
#include "engine/ops/shifted.h"

namespace fw {
namespace {

Grads vjp(const VjpCall& call) {
  const ir::Value x = call.input(0);
  const int axis = x.shape().axis(int(call.attrs.integer("axis")));
  const bool isReversed = call.attrs.flag("reverse", false);
  const ir::Value before = ir::cumulativeProd(x, axis, isReversed, true);
  const ir::Value dy =
      call.attrs.flag("exclusive", false) ? ir::shifted(call.grad(0), axis, !isReversed, 0.0) : call.grad(0);
  return {before * ir::linearRecurrence(ir::shifted(x, axis, !isReversed, 0.0), dy, axis, {}, !isReversed)};
}

}  // namespace

OpDef op_cumulative_prod() {
  OpDef op = cumulativeOp("cumulative_prod", "Running product along an axis.", kernels::CumulativeKind::Prod);
  op.vjp = vjp;
  op.examples = {cumulativeExample({3, 9, 5}, 1, false), cumulativeExample({7, 9}, -1, true),
                 cumulativeExample({9, 3}, 0, false, true), cumulativeExample({9, 3}, 0, true, true)};
  op.examples.push_back({.inputs = {{.shape = {5}, .values = {2, 0, -1, 3, 0}}}, .attrs = {{"axis", int64_t(0)}}});
  return op;
}

namespace ir {
Value cumulativeProd(Value x, int axis, bool isReversed, bool isExclusive) {
  return x.builder->op("cumulative_prod", {x},
                       {{"axis", int64_t(axisIn(x.shape(), axis, "cumulative_prod"))},
                        {"reverse", isReversed},
                        {"exclusive", isExclusive}});
}
}  // namespace ir

}  // namespace fw
