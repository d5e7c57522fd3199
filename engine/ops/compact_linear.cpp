// compact_linear: y = act(x (W s)^T + bias + addend), W of f16 or bf16, or of i8 with a scale s for each output.
#include "engine/ops/compact_linear.h"

#include "engine/ops/activation.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reshape.h"
#include "engine/ops/rules.h"
#include "kernels/compact_linear.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

/// Which inputs there are: x, weight, then scale, bias and addend, each of which may be absent.
struct Form {
  Form(const ir::TensorType& weight, const ir::Attrs& attrs, size_t inputs)
      : hasScale(weight.dtype == DType::I8),
        hasAddend(attrs.flag("accumulate", false)),
        hasBias(inputs > 2 + size_t(hasScale) + size_t(hasAddend)),
        activation(activationName(attrs)) {}

  bool hasScale, hasAddend, hasBias;
  std::string activation;

  size_t bias() const { return 2 + size_t(hasScale); }
  size_t addend() const { return bias() + size_t(hasBias); }
  size_t count() const { return addend() + size_t(hasAddend); }
};

Types infer(const OpCall& call) {
  expectInputs(call, "compact_linear", 2, 5);
  const ir::TensorType& weight = call.type(1);
  const Form form(weight, call.attrs, call.count());
  expectDType(call, 0, DType::F32, "compact_linear", "x is");
  if (weight.dtype != DType::F16 && weight.dtype != DType::BF16 && weight.dtype != DType::I8)
    throw Error(Code::Type, text("[compact_linear] the weight is ", name(weight.dtype), "; expected f16, bf16 or i8."));
  if (form.count() != call.count())
    throw Error(Code::Graph, text("[compact_linear] has ", call.count(), " inputs; expected ", form.count(),
                                  form.hasScale ? " with the scale." : "."));
  activationOf(call.attrs, "compact_linear");
  if (weight.shape.rank() != 2 || call.shape(0).rank() < 1 || call.shape(0)[-1] != weight.shape[1])
    throw Error(Code::Shape, text("[compact_linear] x is ", call.shape(0), " and the weight ", weight.shape,
                                  "; expected [..., in] and [out, in]."));
  Shape y = call.shape(0);
  y.set(y.rank() - 1, weight.shape[0]);
  const auto expectShape = [&](bool isThere, size_t i, const char* what, const Shape& shape) {
    if (!isThere) return;
    expectDType(call, i, DType::F32, "compact_linear", what);
    if (!(call.shape(i) == shape))
      throw Error(Code::Shape, text("[compact_linear] ", what, " ", call.shape(i), "; expected ", shape, "."));
  };
  expectShape(form.hasScale, 2, "the scale is", Shape{weight.shape[0]});
  expectShape(form.hasBias, form.bias(), "the bias is", Shape{weight.shape[0]});
  expectShape(form.hasAddend, form.addend(), "the addend is", y);
  return {{DType::F32, y}};
}

Cost cost(const OpCall& call) {
  const Form form(call.type(1), call.attrs, call.count());
  const Types types = infer(call);
  const double count = double(types[0].shape.count());
  Cost cost = movedOnce(call, types);
  cost.macs = count * double(call.shape(0)[-1]);
  cost.flops = 2 * cost.macs + count * double(int(form.hasScale) + int(form.hasBias) + int(form.hasAddend));
  cost.flops += activationFlops(form.activation, types[0]);
  return cost;
}

/// The weight in f32 and a product.
std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const Form form(call.input(1).type(), call.attrs, call.count());
  ir::Value weight = ir::cast(call.input(1), DType::F32);
  if (form.hasScale) weight = weight * ir::reshape(call.input(2), Shape{weight.size(0), 1});
  ir::Value x = call.input(0);
  const bool isVector = x.rank() == 1;
  if (isVector) x = ir::reshape(x, Shape{1, x.size(0)});
  ir::Value y =
      ir::matmul(x, weight, {.transposeB = true, .bias = form.hasBias ? call.input(form.bias()) : ir::Value()});
  if (isVector) y = ir::reshape(y, Shape{y.size(1)});
  if (form.hasAddend) y = y + call.input(form.addend());
  return {form.activation == "none" ? y : call.builder.op(form.activation, {y})};
}

kernels::CompactLinearArgs argsOf(const std::vector<ir::TensorType>& inputs, const ir::Attrs& attrs) {
  const Form form(inputs[1], attrs, inputs.size());
  kernels::CompactLinearArgs args;
  args.outputs = inputs[1].shape[0];
  args.inputs = inputs[1].shape[1];
  args.rows = inputs[0].shape.product(0, inputs[0].shape.rank() - 1);
  args.element = kernels::Element(int(inputs[1].dtype));
  args.accumulates = form.hasAddend;
  args.activation = activationOf(attrs, "compact_linear");
  return args;
}

int64_t workspace(const OpCall& call, const kernels::Launch& launch) {
  return launch.kernels->compactLinearWorkspace(argsOf(call.inputs, call.attrs), launch.threads);
}

void run(const KernelCall& call) {
  const Form form(call.inputTypes[1], call.attrs, call.count());
  kernels::CompactLinearArgs args = argsOf(call.inputTypes, call.attrs);
  args.x = call.input(0);
  args.weight = call.inputs[1];
  args.scale = form.hasScale ? call.input(2) : nullptr;
  args.bias = form.hasBias ? call.input(form.bias()) : nullptr;
  args.y = call.output(0);
  if (form.hasAddend)
    call.launch.kernels->copyBytes(call.launch, call.input(form.addend()), call.output(0), call.outputTypes[0].bytes());
  call.launch.kernels->compactLinear(call.launch, args, call.workspace);
}

}  // namespace

OpDef op_compact_linear() {
  const auto attrs = [](const char* activation, bool accumulates) {
    ir::Attrs attrs{{"activation", std::string(activation)}};
    if (accumulates) attrs.set("accumulate", true);
    return attrs;
  };
  const auto weight = [](const Shape& shape, DType dtype) {
    return ExampleInput{.shape = shape,
                        .dtype = dtype,
                        .low = dtype == DType::I8 ? -127.0 : -2.0,
                        .high = dtype == DType::I8 ? 128.0 : 2.0};
  };
  const auto scale = [](int64_t outputs) { return ExampleInput{.shape = {outputs}, .low = 0.001, .high = 0.02}; };
  return {
      .name = "compact_linear",
      .help = "A linear map whose weight is stored as f16, bf16, or int8 with a scale for each output.",
      .infer = infer,
      .cost = cost,
      .decompose = decompose,
      .kernel = run,
      .workspace = workspace,
      .examples =
          {
              {.inputs = {{.shape = {1, 33}}, weight({7, 33}, DType::BF16)}, .attrs = attrs("none", false)},
              {.inputs = {{.shape = {1, 63}}, weight({9, 63}, DType::I8), scale(9)}, .attrs = attrs("none", false)},
              {.inputs = {{.shape = {3, 7}}, weight({5, 7}, DType::F16), {.shape = {5}}},
               .attrs = attrs("silu", false)},
              {.inputs = {{.shape = {5, 40}}, weight({33, 40}, DType::BF16), {.shape = {33}}, {.shape = {5, 33}}},
               .attrs = attrs("gelu", true)},
              {.inputs = {{.shape = {2, 17, 70}}, weight({35, 70}, DType::BF16), {.shape = {2, 17, 35}}},
               .attrs = attrs("none", true)},
              {.inputs = {{.shape = {33, 300}}, weight({67, 300}, DType::I8), scale(67), {.shape = {67}}},
               .attrs = attrs("gelu_tanh", false)},
              {.inputs = {{.shape = {63, 65}}, weight({1, 65}, DType::F16)}, .attrs = attrs("none", false)},
          },
  };
}

namespace ir {

Value compactLinear(Value x, Value weight, const CompactLinearOptions& options) {
  std::vector<Value> inputs = {x, weight};
  for (const Value& value : {options.scale, options.bias, options.addend})
    if (value.isValid()) inputs.push_back(value);
  Attrs attrs = {{"activation", options.activation}};
  if (options.addend.isValid()) attrs.set("accumulate", true);
  return x.builder->op("compact_linear", inputs, std::move(attrs));
}

}  // namespace ir

}  // namespace fw
