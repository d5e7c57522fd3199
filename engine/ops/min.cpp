// min: y = the smallest value of x over dimensions, NaN where one is.
#include "engine/ops/min.h"

#include "engine/ops/elementwise.h"
#include "engine/ops/reduction_def.h"
#include "engine/ops/sum.h"

namespace fw {

OpDef op_min() {
  return reduction({
      .name = "min",
      .help = "The smallest value over dimensions.",
      .kernel = kernels::Reduction::Min,
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
Value min(Value x) { return reduce("min", x, allAxes(x), false); }
Value min(Value x, const std::vector<int64_t>& axes, bool keep) { return reduce("min", x, axes, keep); }
}  // namespace ir

}  // namespace fw
