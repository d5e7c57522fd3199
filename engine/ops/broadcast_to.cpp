// broadcast_to: a tensor repeated along dimensions of size 1 (NumPy rules).
#include "engine/ops/broadcast_to.h"

#include <algorithm>

#include "engine/ops/rules.h"
#include "kernels/copy.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "broadcast_to", 1, 1);
  const Shape shape(call.attrs.list("shape"));
  if (broadcast(call.shape(0), shape, "broadcast_to") != shape)
    throw Error(Code::Shape, text("[broadcast_to] ", call.shape(0), " does not broadcast to ", shape, "."));
  return {{call.type(0).dtype, shape}};
}

void run(const KernelCall& call) {
  const Shape& shape = call.outputShape(0);
  kernels::CopyArgs args = {.from = call.inputs[0],
                            .to = call.outputs[0],
                            .elementSize = byteSize(call.outputTypes[0].dtype),
                            .rank = shape.rank()};
  const std::vector<int64_t> from = broadcastStrides(call.inputShape(0), shape), to = rowMajorStrides(shape);
  std::copy(shape.begin(), shape.end(), args.sizes);
  std::copy(from.begin(), from.end(), args.fromStrides);
  std::copy(to.begin(), to.end(), args.toStrides);
  call.launch.kernels->copyStrided(call.launch, args);
}

OpExample example(const Shape& from, const Shape& to, DType dtype = DType::F32) {
  return {.inputs = {{.shape = from, .dtype = dtype, .low = -4, .high = 4}}, .attrs = {{"shape", to.dims()}}};
}

}  // namespace

OpDef op_broadcast_to() {
  return {
      .name = "broadcast_to",
      .help = "Repeats a tensor along dimensions of size 1.",
      .infer = infer,
      .vjp = [](const VjpCall& call) -> Grads { return {call.grad(0)}; },
      .kernel = run,
      .examples = {example({7}, {3, 7}), example({3, 1}, {2, 3, 33}), example({}, {63}),
                   example({2, 1, 3, 1}, {2, 5, 3, 7}), example({1, 3}, {4, 3}, DType::I64)},
  };
}

namespace ir {
Value broadcastTo(Value x, const Shape& shape) {
  if (x.shape() == shape) return x;
  return x.builder->op("broadcast_to", {x}, {{"shape", shape.dims()}});
}
}  // namespace ir

}  // namespace fw
