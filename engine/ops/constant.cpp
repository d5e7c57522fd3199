// constant: one value in every element, or the listed ones.
#include "engine/ops/rules.h"
#include "kernels/copy.h"
#include "kernels/kernels.h"
#include "kernels/tiles.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "constant", 0, 0);
  const ir::TensorType type = {dtypeOf(call.attrs, "constant"), Shape(call.attrs.list("shape"))};
  if (call.attrs.has("values") && int64_t(call.attrs.reals("values").size()) != type.shape.count())
    throw Error(Code::Parameter, text("[constant] got ", call.attrs.reals("values").size(), " values for ", type.shape,
                                      "; expected ", type.shape.count(), "."));
  return {type};
}

void run(const KernelCall& call) {
  const DType dtype = call.outputTypes[0].dtype;
  const int64_t bytes = byteSize(dtype);
  if (!call.attrs.has("values")) {
    const std::array<std::byte, 8> value = encode(call.attrs.real("value"), dtype);
    call.launch.kernels->fill(call.launch, {call.outputs[0], bytes, call.outputShape(0).count(), value.data()});
    return;
  }
  std::vector<std::byte> values;
  for (const double value : call.attrs.reals("values")) {
    const std::array<std::byte, 8> element = encode(value, dtype);
    values.insert(values.end(), element.begin(), element.begin() + bytes);
  }
  call.launch.kernels->writeBytes(call.launch, values.data(), call.outputs[0], int64_t(values.size()));
}

}  // namespace

OpDef op_constant() {
  const auto example = [](const char* dtype, std::vector<int64_t> shape, double value) {
    return OpExample{.attrs = {{"value", value}, {"shape", shape}, {"dtype", std::string(dtype)}}};
  };
  return {
      .name = "constant",
      .help = "One value in every element, or the listed ones.",
      .infer = infer,
      .kernel = run,
      .tile = kernels::cpu::tile::fill,
      .tileConstants = [](const ir::Attrs& attrs) { return std::vector<float>{float(attrs.real("value"))}; },
      .hasGradient = false,
      .examples = {example("f32", {}, 2.5),
                   example("f32", {3, 7}, -1),
                   example("i64", {33}, 5),
                   example("bool", {3}, 1),
                   example("bf16", {7}, 0.75),
                   {.attrs = {{"values", std::vector<double>{1, -2, 0.5}},
                              {"shape", std::vector<int64_t>{3}},
                              {"dtype", std::string("f32")}}}},
  };
}

}  // namespace fw
