// What the running sum, product and maximum share.
#pragma once

#include "engine/ops/rules.h"
#include "kernels/cumulative.h"
#include "kernels/kernels.h"

namespace fw {

/// The op of that name, without gradient and examples.
inline OpDef cumulativeOp(const char* name, const char* help, kernels::CumulativeKind kind) {
  OpDef op;
  op.name = name;
  op.help = help;
  op.infer = [name](const OpCall& call) -> Types {
    expectInputs(call, name, 1, 1);
    expectDType(call, 0, DType::F32, name, "x is");
    axisIn(call.shape(0), call.attrs.integer("axis"), name);
    return {call.type(0)};
  };
  op.cost = [](const OpCall& call) {
    Cost cost = movedOnce(call, {call.type(0)});
    cost.flops = double(call.shape(0).count());
    return cost;
  };
  op.kernel = [kind](const KernelCall& call) {
    const Shape& x = call.inputShape(0);
    const AxisView view = viewAt(x, x.axis(int(call.attrs.integer("axis"))));
    call.launch.kernels->cumulative(call.launch,
                                    {call.input(0), call.output(0), view.outer, view.size, view.inner, kind,
                                     call.attrs.flag("reverse", false), call.attrs.flag("exclusive", false)});
  };
  op.inPlace = {{0, 0}};
  return op;
}

inline OpExample cumulativeExample(const Shape& shape, int64_t axis, bool isReversed, bool isExclusive = false) {
  return {.inputs = {{.shape = shape}}, .attrs = {{"axis", axis}, {"reverse", isReversed}, {"exclusive", isExclusive}}};
}

}  // namespace fw
