// top_k: the k largest elements along the last axis in descending order, and their indices.
#include "engine/ops/top_k.h"

#include "engine/ops/rules.h"
#include "engine/ops/scatter_add.h"
#include "kernels/kernels.h"
#include "kernels/top_k.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "top_k", 1, 1);
  expectDType(call, 0, DType::F32, "top_k", "x is");
  const int axis = axisIn(call.shape(0), -1, "top_k");
  const int64_t k = call.attrs.integer("k"), width = call.shape(0)[axis];
  if (k < 0 || k > width || width > int64_t(UINT32_MAX))
    throw Error(Code::Parameter,
                text("[top_k] k is ", k, ", the last axis has ", width, " elements; expected 0 to ", width, "."));
  const Shape shape = call.shape(0).with(axis, k);
  return {{DType::F32, shape}, {DType::I64, shape}};
}

Grads vjp(const VjpCall& call) {
  return {ir::scatterAdd(call.builder.zerosLike(call.input(0)), call.output(1), call.grad(0), -1)};
}

void run(const KernelCall& call) {
  const int64_t width = call.inputShape(0)[-1], k = call.outputShape(0)[-1];
  const int64_t rows = call.inputShape(0).product(0, call.inputShape(0).rank() - 1);
  call.launch.kernels->topK(call.launch, {call.input(0), call.output(0), call.output<int64_t>(1), rows, width, k});
}

}  // namespace

OpDef op_top_k() {
  return {
      .name = "top_k",
      .help = "The largest elements along the last axis, in descending order, and their indices.",
      .infer = infer,
      .vjp = vjp,
      .kernel = run,
      .examples =
          {
              {.inputs = {{.shape = {3, 7}}}, .attrs = {{"k", int64_t(2)}}, .isSmooth = false},
              {.inputs = {{.shape = {2, 3, 33}}}, .attrs = {{"k", int64_t(33)}}, .isSmooth = false},
              {.inputs = {{.shape = {1}}}, .attrs = {{"k", int64_t(1)}}, .isSmooth = false},
          },
  };
}

namespace ir {
TopK topK(Value x, int64_t k) {
  const std::vector<Value> results = x.builder->ops("top_k", {x}, {{"k", k}});
  return {results[0], results[1]};
}
}  // namespace ir

}  // namespace fw
