// mean: y = the sum of x over dimensions, divided by how many elements each has.
#include "engine/ops/mean.h"

#include "engine/ops/broadcast_to.h"
#include "engine/ops/reduction_def.h"
#include "engine/ops/sum.h"

namespace fw {
namespace {

/// One over the elements of each mean.
double share(const ir::Value& x, const ir::Value& result) {
  return double(result.shape().count()) / double(x.shape().count());
}

}  // namespace

OpDef op_mean() {
  return reduction({
      .name = "mean",
      .help = "The mean over dimensions.",
      .isMean = true,
      .vjp = [](const VjpCall& c) -> Grads {
        const ir::Value dy = c.grad(0) * share(c.input(0), c.output(0));
        return {ir::broadcastTo(ir::withReducedDims(dy, c.input(0), c.attrs), c.input(0).shape())};
      },
      .decompose = [](const DecomposeCall& c) -> std::vector<ir::Value> {
        const ir::Value total = ir::sum(c.input(0), c.attrs.list("axes"), c.attrs.flag("keep"));
        return {total * share(c.input(0), total)};
      },
  });
}

namespace ir {
Value mean(Value x) { return reduce("mean", x, allAxes(x), false); }
Value mean(Value x, const std::vector<int64_t>& axes, bool keep) { return reduce("mean", x, axes, keep); }
}  // namespace ir

}  // namespace fw
