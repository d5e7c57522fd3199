// pad: y[low + i (interior + 1)] = x[i] in every dimension, a constant elsewhere; its gradient is a slice.
#include "engine/ops/pad.h"

#include "engine/ops/rules.h"
#include "engine/ops/slice.h"
#include "kernels/copy.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "pad", 1, 1);
  const Shape& x = call.shape(0);
  const std::vector<int64_t>&low = call.attrs.list("low"), &high = call.attrs.list("high"),
        &interior = call.attrs.list("interior");
  const size_t rank = size_t(x.rank());
  if (low.size() != rank || high.size() != rank || interior.size() != rank)
    throw Error(Code::Parameter, text("[pad] got ", low.size(), " low, ", high.size(), " high and ", interior.size(),
                                      " interior widths for ", x, "; expected ", rank, " of each."));
  Shape y = x;
  for (int i = 0; i < x.rank(); ++i) {
    const int64_t before = low[size_t(i)], after = high[size_t(i)], between = interior[size_t(i)];
    if (before < 0 || after < 0 || between < 0)
      throw Error(Code::Parameter, text("[pad] widths ", before, ", ", after, " and ", between, " of axis ", i,
                                        "; expected none below 0."));
    y.set(i, before + after + x[i] + (x[i] > 1 ? checkedProduct(x[i] - 1, between, "pad") : 0));
  }
  return {{call.type(0).dtype, y}};
}

Cost cost(const OpCall& call) {
  return {.bytesRead = double(call.type(0).bytes()), .bytesWritten = double(infer(call)[0].bytes())};
}

Grads vjp(const VjpCall& call) {
  const Shape& x = call.input(0).shape();
  const std::vector<int64_t>&low = call.attrs.list("low"), &interior = call.attrs.list("interior");
  std::vector<int64_t> stops, steps;
  for (int i = 0; i < x.rank(); ++i) {
    const int64_t step = interior[size_t(i)] + 1;
    steps.push_back(step);
    stops.push_back(low[size_t(i)] + (x[i] == 0 ? 0 : (x[i] - 1) * step + 1));
  }
  return {ir::slice(call.grad(0), low, stops, steps)};
}

void run(const KernelCall& call) {
  const Shape &x = call.inputShape(0), &y = call.outputShape(0);
  const DType dtype = call.inputTypes[0].dtype;
  const int64_t bytes = byteSize(dtype);
  if (y.count() != x.count()) {
    const std::array<std::byte, 8> value = encode(call.attrs.real("value"), dtype);
    call.launch.kernels->fill(call.launch, {call.outputs[0], bytes, y.count(), value.data()});
  }
  const std::vector<int64_t>&low = call.attrs.list("low"), &interior = call.attrs.list("interior");
  const std::vector<int64_t> xStrides = rowMajorStrides(x), yStrides = rowMajorStrides(y);
  kernels::CopyArgs args = {call.inputs[0], nullptr, bytes, x.rank(), {}, {}, {}};
  int64_t offset = 0;
  for (int i = 0; i < x.rank(); ++i) {
    args.sizes[i] = x[i];
    args.fromStrides[i] = xStrides[size_t(i)];
    args.toStrides[i] = yStrides[size_t(i)] * (interior[size_t(i)] + 1);
    offset += yStrides[size_t(i)] * low[size_t(i)];
  }
  args.to = call.output<std::byte>(0) + offset * bytes;
  call.launch.kernels->copyStrided(call.launch, args);
}

}  // namespace

OpDef op_pad() {
  const auto example = [](const Shape& shape, std::vector<int64_t> low, std::vector<int64_t> high,
                          std::vector<int64_t> interior, double value) {
    return OpExample{.inputs = {{.shape = shape}},
                     .attrs = {{"low", low}, {"high", high}, {"interior", interior}, {"value", value}}};
  };
  return {
      .name = "pad",
      .help = "Puts a constant around a tensor and between its elements.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .kernel = run,
      .examples = {example({3, 7}, {1, 2}, {0, 3}, {0, 0}, 0),
                   example({2, 3, 5}, {0, 1, 0}, {0, 0, 2}, {3, 0, 1}, -1.5), example({33}, {0}, {0}, {0}, 2),
                   example({1}, {3}, {1}, {4}, 0)},
  };
}

namespace ir {
Value pad(Value x, const std::vector<int64_t>& low, const std::vector<int64_t>& high, std::vector<int64_t> interior,
          double value) {
  if (interior.empty()) interior.assign(size_t(x.rank()), 0);
  return x.builder->op("pad", {x}, {{"low", low}, {"high", high}, {"interior", interior}, {"value", value}});
}
}  // namespace ir

}  // namespace fw
