// max: y = the largest value of x over dimensions, NaN where one is.
#include "engine/ops/max.h"

#include "engine/ops/elementwise.h"
#include "engine/ops/reduction_def.h"
#include "engine/ops/sum.h"

namespace fw {

OpDef op_max() {
  return reduction({
      .name = "max",
      .help = "The largest value over dimensions.",
      .kernel = kernels::Reduction::Max,
      .vjp = [](const VjpCall& c) -> Grads {
        const ir::Value x = c.input(0);
        const ir::Value isChosen = ir::equal(x, ir::withReducedDims(c.output(0), x, c.attrs));
        const ir::Value winners = ir::sum(ir::cast(isChosen, DType::F32), c.attrs.list("axes"), true);
        const ir::Value share = ir::withReducedDims(c.grad(0), x, c.attrs) / winners;
        return {ir::where(isChosen, share, 0.0)};
      },
      .keepsApart = true,
  });
}

namespace ir {
Value max(Value x) { return reduce("max", x, allAxes(x), false); }
Value max(Value x, const std::vector<int64_t>& axes, bool keep) { return reduce("max", x, axes, keep); }
}  // namespace ir

}  // namespace fw
