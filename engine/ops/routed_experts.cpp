// routed_experts: y = sum over e of share_e down_e (act(gate_e x) * up_e x), for shares that are mostly 0.
#include "engine/ops/routed_experts.h"

#include <algorithm>

#include "engine/ops/activation.h"
#include "engine/ops/compact_linear.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/rules.h"
#include "engine/ops/slice.h"
#include "kernels/kernels.h"
#include "kernels/routed_experts.h"

namespace fw {
namespace {

/// Where the inputs of the experts stand: x, share, then gate, up and down of each, an i8 weight followed by its scale.
struct Places {
  struct Weight {
    size_t values = 0, scale = 0;  // scale 0: none
  };
  explicit Places(const std::vector<ir::TensorType>& inputs) {
    for (size_t i = 2; i < inputs.size(); ++i) {
      const bool hasScale = inputs[i].dtype == DType::I8;
      weights.push_back({i, hasScale ? i + 1 : 0});
      i += size_t(hasScale);
    }
  }
  std::vector<Weight> weights;
};

Types infer(const OpCall& call) {
  if (call.count() < 5)
    throw Error(Code::Graph, text("[routed_experts] has ", call.count(),
                                  " inputs; expected x, "
                                  "share, and three weights an expert."));
  expectDType(call, 0, DType::F32, "routed_experts", "x is");
  expectDType(call, 1, DType::F32, "routed_experts", "share is");
  activationOf(call.attrs, "routed_experts");
  call.attrs.integer("chosen");
  const Shape &x = call.shape(0), &share = call.shape(1);
  const Places places(call.inputs);
  const int64_t experts = share.rank() > 0 ? share[-1] : 0;
  if (x.rank() < 1 || share.rank() != x.rank() || int64_t(places.weights.size()) != 3 * experts ||
      places.weights.back().scale >= call.count())
    throw Error(Code::Shape, text("[routed_experts] x is ", x, " and share ", share, " with ", places.weights.size(),
                                  " weights; expected [..., D], [..., E] and 3 E weights."));
  for (int i = 0; i + 1 < x.rank(); ++i)
    if (x[i] != share[i])
      throw Error(Code::Shape, text("[routed_experts] x is ", x, " and share ", share, "; expected the same rows."));
  const int64_t width = x[-1];
  const Shape& first = call.shape(places.weights[0].values);
  const int64_t hidden = first.rank() == 2 ? first[0] : 0;
  for (size_t i = 0; i < places.weights.size(); ++i) {
    const ir::TensorType& type = call.type(places.weights[i].values);
    const Shape expected = i % 3 == 2 ? Shape{width, hidden} : Shape{hidden, width};
    if (!isFloat(type.dtype) && type.dtype != DType::I8)
      throw Error(Code::Type,
                  text("[routed_experts] weight ", i, " is ", name(type.dtype), "; expected a float or i8."));
    if (!(type.shape == expected))
      throw Error(Code::Shape, text("[routed_experts] weight ", i, " is ", type.shape, "; expected ", expected, "."));
    const size_t scale = places.weights[i].scale;
    if (scale != 0 && call.type(scale) != ir::TensorType{DType::F32, Shape{expected[0]}})
      throw Error(Code::Shape, text("[routed_experts] the scale of weight ", i, " is ", call.shape(scale),
                                    "; expected ", Shape{expected[0]}, "."));
  }
  return {{DType::F32, x}};
}

/// Of the experts that rows go through: as many different ones as there can be.
Cost cost(const OpCall& call) {
  const Types types = infer(call);
  const double width = double(call.shape(0)[-1]), rows = double(call.shape(0).count()) / std::max(1.0, width);
  const double experts = double(call.shape(1)[-1]), chosen = std::min(double(call.attrs.integer("chosen")), experts);
  const double hidden = double(call.shape(2)[0]);
  Cost cost;
  cost.macs = rows * chosen * 3 * width * hidden;
  cost.flops =
      2 * cost.macs + rows * chosen * (hidden + 2 * width) +
      activationFlops(activationName(call.attrs), {DType::F32, Shape{int64_t(rows * chosen), int64_t(hidden)}});
  double weights = 0;
  for (size_t i = 2; i < call.count(); ++i) weights += double(call.type(i).bytes());
  cost.bytesRead =
      double(call.type(0).bytes() + call.type(1).bytes()) + weights * std::min(1.0, rows * chosen / experts);
  cost.bytesWritten = double(types[0].bytes());
  return cost;
}

/// Every expert for every row.
std::vector<ir::Value> decompose(const DecomposeCall& call) {
  std::vector<ir::TensorType> types;
  for (const ir::Value& input : call.inputs) types.push_back(input.type());
  const Places places(types);
  const ir::Value x = call.input(0), share = call.input(1);
  const std::string activation = activationName(call.attrs);
  const auto product = [&](ir::Value in, const Places::Weight& weight, const std::string& act) {
    const ir::Value values = call.input(weight.values);
    if (values.dtype() == DType::F32) return ir::linear(in, values, {}, act);
    return ir::compactLinear(in, values,
                             {.scale = weight.scale ? call.input(weight.scale) : ir::Value(), .activation = act});
  };
  ir::Value y;
  for (size_t e = 0; e * 3 < places.weights.size(); ++e) {
    const ir::Value inside =
        product(x, places.weights[3 * e], activation) * product(x, places.weights[3 * e + 1], "none");
    const ir::Value part = product(inside, places.weights[3 * e + 2], "none") *
                           ir::slice(share, share.rank() - 1, int64_t(e), int64_t(e) + 1);
    y = y.isValid() ? y + part : part;
  }
  return {y};
}

struct Call {
  kernels::RoutedExpertsArgs args;
  std::vector<kernels::Expert> experts;  // what args.experts points at
};

/// `inputs`: null while there is no memory yet.
Call callOf(const std::vector<ir::TensorType>& types, const ir::Attrs& attrs, const void* const* inputs) {
  Call call;
  const Places places(types);
  call.experts.resize(places.weights.size() / 3);
  for (size_t i = 0; i < places.weights.size(); ++i) {
    kernels::Expert& expert = call.experts[i / 3];
    kernels::ExpertWeight& weight = i % 3 == 0 ? expert.gate : i % 3 == 1 ? expert.up : expert.down;
    weight.element = kernels::Element(int(types[places.weights[i].values].dtype));
    if (!inputs) continue;
    weight.values = inputs[places.weights[i].values];
    if (places.weights[i].scale) weight.scale = static_cast<const float*>(inputs[places.weights[i].scale]);
  }
  call.args.experts = call.experts.data();
  call.args.count = int64_t(call.experts.size());
  call.args.width = types[0].shape[-1];
  call.args.hidden = types[2].shape[0];
  call.args.rows = types[0].shape.product(0, types[0].shape.rank() - 1);
  call.args.activation = activationOf(attrs, "routed_experts");
  return call;
}

int64_t workspace(const OpCall& call, const kernels::Launch& launch) {
  return launch.kernels->routedExpertsWorkspace(callOf(call.inputs, call.attrs, nullptr).args, launch.threads);
}

void run(const KernelCall& call) {
  Call made = callOf(call.inputTypes, call.attrs, call.inputs);
  made.args.x = call.input(0);
  made.args.share = call.input(1);
  made.args.y = call.output(0);
  call.launch.kernels->routedExperts(call.launch, made.args, call.workspace);
}

/// `experts` experts of the dtypes in turn; shares of 0 for all but `chosen`.
OpExample example(const Shape& rows, int64_t width, int64_t hidden, int64_t experts, int64_t chosen,
                  const std::vector<DType>& dtypes, const char* activation) {
  Shape x = rows, share = rows;
  x.append(width);
  share.append(experts);
  std::vector<double> shares;
  for (int64_t i = 0; i < share.count(); ++i) {
    const int64_t row = i / experts, e = i % experts;
    const bool isChosen = (e + row * 2) % experts < chosen;
    shares.push_back(isChosen ? 0.25 + 0.125 * double((i * 7) % 5) : 0);
  }
  OpExample example{.inputs = {{.shape = x}, {.shape = share, .values = shares}},
                    .attrs = {{"activation", std::string(activation)}, {"chosen", chosen}}};
  for (int64_t i = 0; i < 3 * experts; ++i) {
    const DType dtype = dtypes[size_t(i) % dtypes.size()];
    const int64_t outputs = i % 3 == 2 ? width : hidden, inputs = i % 3 == 2 ? hidden : width;
    const bool isByte = dtype == DType::I8;
    example.inputs.push_back(
        {.shape = {outputs, inputs}, .dtype = dtype, .low = isByte ? -127.0 : -1.0, .high = isByte ? 128.0 : 1.0});
    if (isByte) example.inputs.push_back({.shape = {outputs}, .low = 0.001, .high = 0.01});
  }
  return example;
}

}  // namespace

OpDef op_routed_experts() {
  return {
      .name = "routed_experts",
      .help = "A mixture of gated MLPs; only the experts with a share in a row are computed for it.",
      .infer = infer,
      .cost = cost,
      .decompose = decompose,
      .kernel = run,
      .workspace = workspace,
      .examples = {example({1}, 9, 7, 5, 2, {DType::F32}, "silu"), example({2, 7}, 6, 33, 3, 1, {DType::F32}, "gelu"),
                   example({3, 21}, 17, 5, 4, 2, {DType::BF16, DType::F32, DType::I8, DType::F16}, "silu"),
                   example({5}, 3, 9, 2, 2, {DType::I8}, "none")},
  };
}

namespace ir {

bool canRoute(const std::string& activation) { return isActivation(activation); }

Value routedExperts(Value x, Value share, const std::vector<ExpertValues>& experts, int64_t chosen,
                    const std::string& activation) {
  std::vector<Value> inputs = {x, share};
  for (const ExpertValues& expert : experts)
    for (const Value& value : {expert.gate, expert.gateScale, expert.up, expert.upScale, expert.down, expert.downScale})
      if (value.isValid()) inputs.push_back(value);
  return x.builder->op("routed_experts", inputs, {{"activation", activation}, {"chosen", chosen}});
}

}  // namespace ir

}  // namespace fw
