// slice: y[i] = x[start + i step] in every dimension; its gradient is pad with zeros between and around.
#include "engine/ops/slice.h"

#include "engine/ops/pad.h"
#include "engine/ops/rules.h"
#include "kernels/copy.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "slice", 1, 1);
  const Shape& x = call.shape(0);
  const std::vector<int64_t>&starts = call.attrs.list("starts"), &stops = call.attrs.list("stops"),
        &steps = call.attrs.list("steps");
  const size_t rank = size_t(x.rank());
  if (starts.size() != rank || stops.size() != rank || steps.size() != rank)
    throw Error(Code::Parameter, text("[slice] got ", starts.size(), " starts, ", stops.size(), " stops and ",
                                      steps.size(), " steps for ", x, "; expected ", rank, " of each."));
  Shape y = x;
  for (int i = 0; i < x.rank(); ++i) {
    const int64_t start = starts[size_t(i)], stop = stops[size_t(i)], step = steps[size_t(i)];
    if (start < 0 || stop < start || stop > x[i] || step < 1)
      throw Error(Code::Parameter, text("[slice] ", start, ":", stop, ":", step, " does not fit axis ", i, " of ", x,
                                        "; expected 0 <= start <= stop <= ", x[i], " and a step of at least 1."));
    y.set(i, (stop - start + step - 1) / step);
  }
  return {{call.type(0).dtype, y}};
}

Cost cost(const OpCall& call) {
  const double moved = double(infer(call)[0].bytes());
  return {.bytesRead = moved, .bytesWritten = moved};
}

Grads vjp(const VjpCall& call) {
  const std::vector<int64_t>&starts = call.attrs.list("starts"), &steps = call.attrs.list("steps");
  const Shape &x = call.input(0).shape(), &y = call.output(0).shape();
  std::vector<int64_t> high, interior;
  for (int i = 0; i < x.rank(); ++i) {
    const int64_t step = steps[size_t(i)];
    const int64_t covered = y[i] == 0 ? 0 : (y[i] - 1) * step + 1;
    high.push_back(x[i] - starts[size_t(i)] - covered);
    interior.push_back(step - 1);
  }
  return {ir::pad(call.grad(0), starts, high, interior)};
}

void run(const KernelCall& call) {
  const Shape &x = call.inputShape(0), &y = call.outputShape(0);
  const std::vector<int64_t>&starts = call.attrs.list("starts"), &steps = call.attrs.list("steps");
  const std::vector<int64_t> xStrides = rowMajorStrides(x), yStrides = rowMajorStrides(y);
  const int64_t bytes = byteSize(call.inputTypes[0].dtype);
  kernels::CopyArgs args = {nullptr, call.outputs[0], bytes, x.rank(), {}, {}, {}};
  int64_t offset = 0;
  for (int i = 0; i < x.rank(); ++i) {
    args.sizes[i] = y[i];
    args.fromStrides[i] = xStrides[size_t(i)] * steps[size_t(i)];
    args.toStrides[i] = yStrides[size_t(i)];
    offset += xStrides[size_t(i)] * starts[size_t(i)];
  }
  args.from = call.input<std::byte>(0) + offset * bytes;
  call.launch.kernels->copyStrided(call.launch, args);
}

}  // namespace

OpDef op_slice() {
  const auto example = [](const Shape& shape, std::vector<int64_t> starts, std::vector<int64_t> stops,
                          std::vector<int64_t> steps) {
    return OpExample{.inputs = {{.shape = shape}}, .attrs = {{"starts", starts}, {"stops", stops}, {"steps", steps}}};
  };
  return {
      .name = "slice",
      .help = "A box of a tensor, with steps.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .kernel = run,
      .examples = {example({7, 9}, {2, 0}, {5, 9}, {1, 1}), example({3, 33, 5}, {0, 1, 2}, {3, 32, 5}, {2, 3, 1}),
                   example({63}, {1}, {63}, {7}), example({3, 5}, {1, 2}, {1, 4}, {1, 1})},
  };
}

namespace ir {

Value slice(Value x, const std::vector<int64_t>& starts, const std::vector<int64_t>& stops,
            const std::vector<int64_t>& steps) {
  return x.builder->op("slice", {x}, {{"starts", starts}, {"stops", stops}, {"steps", steps}});
}

Value slice(Value x, int axis, int64_t start, int64_t stop, int64_t step) {
  const int i = axisIn(x.shape(), axis, "slice");
  std::vector<int64_t> starts(size_t(x.rank()), 0), stops = x.shape().dims(), steps(size_t(x.rank()), 1);
  starts[size_t(i)] = start < 0 ? start + x.size(i) : start;
  stops[size_t(i)] = stop < 0 ? stop + x.size(i) : stop;
  steps[size_t(i)] = step;
  return slice(x, starts, stops, steps);
}

}  // namespace ir
}  // namespace fw
