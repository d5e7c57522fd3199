// cast: the same numbers as another dtype.
#include "kernels/cast.h"
#include "kernels/kernels.h"

#include "engine/ops/elementwise.h"
#include "engine/ops/rules.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "cast", 1, 1);
  return {{dtypeOf(call.attrs, "cast"), call.shape(0)}};
}

Grads vjp(const VjpCall& call) {
  if (!isFloat(call.output(0).dtype())) return {};
  return {ir::cast(call.grad(0), call.input(0).dtype())};
}

void run(const KernelCall& call) {
  const auto element = [](const ir::TensorType& type) { return kernels::Element(int(type.dtype)); };
  call.launch.kernels->cast(call.launch, {call.inputs[0], call.outputs[0], call.outputShape(0).count(),
                                          element(call.inputTypes[0]), element(call.outputTypes[0])});
}

OpExample example(DType from, DType to, double low, double high, double tolerance = 1e-5) {
  return {.inputs = {{.shape = {3, 33}, .dtype = from, .low = low, .high = high}},
          .attrs = {{"dtype", std::string(name(to))}},
          .tolerance = tolerance,
          .isSmooth = false};
}

}  // namespace

OpDef op_cast() {
  return {
      .name = "cast",
      .help = "The same numbers as another dtype.",
      .infer = infer,
      .vjp = vjp,
      .kernel = run,
      .examples = {example(DType::F32, DType::I64, -9, 9), example(DType::I64, DType::F32, -9, 9),
                   example(DType::F32, DType::Bool, -1, 1), example(DType::Bool, DType::F32, 0, 2),
                   example(DType::F32, DType::BF16, -9, 9, 4e-3), example(DType::F32, DType::F16, -9, 9, 1e-3),
                   example(DType::I32, DType::I8, -9, 9), example(DType::F32, DType::F32, -9, 9)},
  };
}

namespace ir {
Value cast(Value x, DType dtype) {
  if (x.dtype() == dtype) return x;
  return x.builder->op("cast", {x}, {{"dtype", std::string(name(dtype))}});
}
}  // namespace ir

}  // namespace fw
