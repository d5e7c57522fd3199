// concat: tensors joined along an axis; its gradient is the slices.
#include "engine/ops/concat.h"

#include "engine/ops/rules.h"
#include "engine/ops/slice.h"
#include "kernels/copy.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "concat", 1, SIZE_MAX);
  const int axis = axisIn(call.shape(0), call.attrs.integer("axis"), "concat");
  int64_t size = 0;
  for (size_t i = 0; i < call.count(); ++i) {
    if (call.type(i).dtype != call.type(0).dtype)
      throw Error(Code::Type, text("[concat] input ", i, " is ", call.type(i).toString(), ", input 0 is ",
                                   call.type(0).toString(), "; expected one dtype."));
    if (call.shape(i).rank() != call.shape(0).rank() || call.shape(i).with(axis, 0) != call.shape(0).with(axis, 0))
      throw Error(Code::Shape, text("[concat] input ", i, " is ", call.shape(i), ", input 0 is ", call.shape(0),
                                    "; expected equal sizes except along axis ", axis, "."));
    size += call.shape(i)[axis];
  }
  return {{call.type(0).dtype, call.shape(0).with(axis, size)}};
}

Grads vjp(const VjpCall& call) {
  const int axis = axisIn(call.input(0).shape(), call.attrs.integer("axis"), "concat");
  Grads grads(call.inputs.size());
  int64_t start = 0;
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    const int64_t stop = start + call.input(i).size(axis);
    if (call.need(i)) grads[i] = ir::slice(call.grad(0), axis, start, stop);
    start = stop;
  }
  return grads;
}

void run(const KernelCall& call) {
  const Shape& shape = call.outputShape(0);
  const int64_t bytes = byteSize(call.outputTypes[0].dtype);
  const AxisView whole = viewAt(shape, axisIn(shape, call.attrs.integer("axis"), "concat"));
  const int64_t row = whole.size * whole.inner;
  int64_t start = 0;
  for (size_t i = 0; i < call.count(); ++i) {
    const int64_t width = whole.outer == 0 ? 0 : call.inputShape(i).count() / whole.outer;
    call.launch.kernels->copyStrided(call.launch, {call.inputs[i],
                                                   call.output<std::byte>(0) + start * bytes,
                                                   bytes,
                                                   2,
                                                   {whole.outer, width},
                                                   {width, 1},
                                                   {row, 1}});
    start += width;
  }
}

}  // namespace

OpDef op_concat() {
  return {
      .name = "concat",
      .help = "Joins tensors along an axis.",
      .infer = infer,
      .vjp = vjp,
      .kernel = run,
      .examples =
          {
              {.inputs = {{.shape = {3, 7}}, {.shape = {3, 1}}, {.shape = {3, 33}}}, .attrs = {{"axis", int64_t(1)}}},
              {.inputs = {{.shape = {2, 3, 5}}, {.shape = {7, 3, 5}}}, .attrs = {{"axis", int64_t(0)}}},
              {.inputs = {{.shape = {3, 5}}}, .attrs = {{"axis", int64_t(0)}}},
              {.inputs = {{.shape = {2, 3}, .dtype = DType::I64}, {.shape = {2, 0}, .dtype = DType::I64}},
               .attrs = {{"axis", int64_t(1)}}},
          },
  };
}

namespace ir {
Value concat(const std::vector<Value>& xs, int axis) {
  if (xs.empty()) throw Error(Code::Graph, "[concat] got no inputs; expected at least 1.");
  return xs[0].builder->op("concat", xs, {{"axis", int64_t(axisIn(xs[0].shape(), axis, "concat"))}});
}
}  // namespace ir

}  // namespace fw
