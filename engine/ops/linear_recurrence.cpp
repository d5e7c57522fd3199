// linear_recurrence: h[t] = a[t] h[t-1] + x[t]. With g[t] = dh[t] + a[t+1] g[t+1], itself a linear recurrence:
// dx = g, da[t] = g[t] h[t-1], dState = a[0] g[0].
#include "engine/ops/linear_recurrence.h"

#include "engine/ops/reshape.h"
#include "engine/ops/rules.h"
#include "engine/ops/scan.h"
#include "engine/ops/shifted.h"
#include "engine/ops/transpose.h"
#include "kernels/kernels.h"
#include "kernels/linear_recurrence.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "linear_recurrence", 2, 3);
  expectDType(call, 0, DType::F32, "linear_recurrence", "a is");
  expectDType(call, 1, DType::F32, "linear_recurrence", "x is");
  const Shape& x = call.shape(1);
  if (call.shape(0) != x)
    throw Error(Code::Shape,
                text("[linear_recurrence] a is ", call.shape(0), " and x is ", x, "; expected equal shapes."));
  const int axis = axisIn(x, call.attrs.integer("axis"), "linear_recurrence");
  if (call.count() == 3) {
    expectDType(call, 2, DType::F32, "linear_recurrence", "the state is");
    if (call.shape(2) != x.without(axis))
      throw Error(Code::Shape,
                  text("[linear_recurrence] the state is ", call.shape(2), "; expected ", x.without(axis), "."));
  }
  return {call.type(1)};
}

Cost cost(const OpCall& call) {
  Cost cost = movedOnce(call, {call.type(1)});
  cost.macs = double(call.shape(1).count());
  cost.flops = 2 * cost.macs;
  return cost;
}

Grads vjp(const VjpCall& call) {
  const int axis = call.input(1).shape().axis(int(call.attrs.integer("axis")));
  const bool isReversed = call.attrs.flag("reverse", false);
  const ir::Value a = call.input(0);
  if (a.size(axis) == 0)
    return {call.builder.zerosLike(a), call.grad(0),
            call.inputs.size() > 2 ? call.builder.zerosLike(call.input(2)) : ir::Value{}};
  const ir::Value g = ir::linearRecurrence(ir::shifted(a, axis, !isReversed, 0.0), call.grad(0), axis, {}, !isReversed);
  const Shape edge = a.shape().with(axis, 1);
  const ir::Value state = call.inputs.size() > 2 ? ir::reshape(call.input(2), edge) : call.builder.constant(0, edge);
  Grads grads = {{}, g};
  if (call.need(0)) grads[0] = g * ir::shifted(call.output(0), axis, isReversed, state);
  if (call.inputs.size() > 2) {
    const int64_t first = isReversed ? a.size(axis) - 1 : 0;
    const ir::Value carried = ir::slice(a, axis, first, first + 1) * ir::slice(g, axis, first, first + 1);
    grads.push_back(ir::reshape(carried, call.input(2).shape()));
  }
  return grads;
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const ir::Value x = call.input(1);
  const int axis = x.shape().axis(int(call.attrs.integer("axis")));
  std::vector<int64_t> order = {axis}, back(size_t(x.rank()));
  for (int i = 0; i < x.rank(); ++i)
    if (i != axis) order.push_back(i);
  for (size_t i = 0; i < order.size(); ++i) back[size_t(order[i])] = int64_t(i);
  const ir::Value state = call.count() > 2 ? call.input(2) : call.builder.constant(0, x.shape().without(axis));
  const ir::ScanResult result = ir::scan(
      call.builder, {state}, {ir::transpose(call.input(0), order), ir::transpose(x, order)}, {},
      [](const ir::ScanStep& step) {
        const ir::Value h = step.xs[0] * step.carries[0] + step.xs[1];
        return ir::ScanResult{{h}, {h}};
      },
      call.attrs.flag("reverse", false));
  return {ir::transpose(result.ys[0], back)};
}

void run(const KernelCall& call) {
  const Shape& x = call.inputShape(1);
  const AxisView view = viewAt(x, x.axis(int(call.attrs.integer("axis"))));
  call.launch.kernels->linearRecurrence(
      call.launch, {call.input(0), call.input(1), call.count() > 2 ? call.input(2) : nullptr, call.output(0),
                    view.outer, view.size, view.inner, call.attrs.flag("reverse", false)});
}

}  // namespace

OpDef op_linear_recurrence() {
  const auto example = [](const Shape& shape, int64_t axis, bool hasState, bool isReversed) {
    OpExample example{.inputs = {{.shape = shape, .low = -1, .high = 1}, {.shape = shape}},
                      .attrs = {{"axis", axis}, {"reverse", isReversed}}};
    if (hasState) example.inputs.push_back({.shape = shape.without(int(axis))});
    return example;
  };
  return {
      .name = "linear_recurrence",
      .help = "Each element is a factor times the one before, plus an input.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .inPlace = {{0, 0}, {0, 1}},
      .examples = {example({2, 33, 7}, 1, true, false), example({3, 9}, 1, false, true),
                   example({7, 3, 2}, 0, true, true), example({2, 1, 3}, 1, true, false)},
  };
}

namespace ir {
Value linearRecurrence(Value a, Value x, int axis, Value state, bool isReversed) {
  std::vector<Value> inputs = {a, x};
  if (state.isValid()) inputs.push_back(state);
  return x.builder->op("linear_recurrence", inputs,
                       {{"axis", int64_t(axisIn(x.shape(), axis, "linear_recurrence"))}, {"reverse", isReversed}});
}
}  // namespace ir

}  // namespace fw
