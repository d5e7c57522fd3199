// iota: y[o,j,i] = start + step * j.
#include "engine/ops/iota.h"

#include "engine/ops/rules.h"
#include "kernels/iota.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "iota", 0, 0);
  const DType dtype = dtypeOf(call.attrs, "iota");
  if (dtype != DType::F32 && dtype != DType::I32 && dtype != DType::I64)
    throw Error(Code::Type, text("[iota] cannot count in ", name(dtype), "; expected f32, i32 or i64."));
  const Shape shape(call.attrs.list("shape"));
  axisIn(shape, call.attrs.integer("axis"), "iota");
  return {{dtype, shape}};
}

void run(const KernelCall& call) {
  const Shape& shape = call.outputShape(0);
  const AxisView view = viewAt(shape, axisIn(shape, call.attrs.integer("axis"), "iota"));
  call.launch.kernels->iota(call.launch, {call.outputs[0], kernels::Element(int(call.outputTypes[0].dtype)), view.outer,
                                          view.size, view.inner, call.attrs.real("start"), call.attrs.real("step")});
}

}  // namespace

OpDef op_iota() {
  const auto example = [](const char* dtype, std::vector<int64_t> shape, int64_t axis, double start, double step) {
    return OpExample{
        .attrs = {{"shape", shape}, {"axis", axis}, {"dtype", std::string(dtype)}, {"start", start}, {"step", step}}};
  };
  return {
      .name = "iota",
      .help = "Counts along an axis.",
      .infer = infer,
      .kernel = run,
      .hasGradient = false,
      .examples = {example("i64", {33}, 0, 0, 1), example("f32", {3, 7, 5}, 1, -1, 0.5),
                   example("i32", {3, 7}, 1, 5, -2)},
  };
}

namespace ir {
Value iota(Builder& builder, const Shape& shape, int axis, DType dtype, double start, double step) {
  return builder.op("iota", {},
                    {{"shape", shape.dims()},
                     {"axis", int64_t(axisIn(shape, axis, "iota"))},
                     {"dtype", std::string(name(dtype))},
                     {"start", start},
                     {"step", step}});
}
}  // namespace ir

}  // namespace fw
