// prod: y = the product of x over dimensions.
#include "engine/ops/prod.h"

#include "engine/ops/elementwise.h"
#include "engine/ops/reduction_def.h"
#include "engine/ops/sum.h"

namespace fw {
namespace {

/// The product of the others: of all divided by the element; where an element is 0, of the rest when it is the only
/// one.
Grads vjp(const VjpCall& c) {
  const ir::Value x = c.input(0), dy = ir::withReducedDims(c.grad(0), c.input(0), c.attrs);
  const std::vector<int64_t>& axes = c.attrs.list("axes");
  const ir::Value isZero = ir::equal(x, 0.0);
  const ir::Value zeros = ir::sum(ir::cast(isZero, DType::F32), axes, true);
  const ir::Value filled = ir::where(isZero, 1.0, x);
  const ir::Value rest = ir::prod(filled, axes, true);
  const ir::Value atZero = ir::where(ir::equal(zeros, 1.0), dy * rest, 0.0);
  const ir::Value elsewhere = ir::where(ir::equal(zeros, 0.0), dy * rest, 0.0);
  return {ir::where(isZero, atZero, elsewhere / filled)};
}

}  // namespace

OpDef op_prod() {
  return reduction({
      .name = "prod",
      .help = "The product over dimensions.",
      .kernel = kernels::Reduction::Prod,
      .vjp = vjp,
  });
}

namespace ir {
Value prod(Value x) { return reduce("prod", x, allAxes(x), false); }
Value prod(Value x, const std::vector<int64_t>& axes, bool keep) { return reduce("prod", x, axes, keep); }
}  // namespace ir

}  // namespace fw
