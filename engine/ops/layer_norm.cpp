// layer_norm: y = (x - mean(x)) / sqrt(var(x) + epsilon) * weight + bias over the last axis; and what all norms share.
// (Ba, Kiros and Hinton, "Layer Normalization", 2016.)
#include "engine/ops/layer_norm.h"

#include "engine/ops/elementwise.h"
#include "engine/ops/mean.h"
#include "engine/ops/norm_def.h"
#include "engine/ops/rows_def.h"
#include "engine/ops/sum.h"
#include "kernels/kernels.h"
#include "kernels/norm.h"

namespace fw {
namespace {

/// Which input is which; -1: not there.
struct Places {
  int residual = -1, weight = -1, bias = -1;
  int count = 1;

  Places(const ir::Attrs& attrs, bool hasSum) {
    if (hasSum) residual = count++;
    if (attrs.flag("weight")) weight = count++;
    if (attrs.flag("bias")) bias = count++;
  }
};

struct GradientPlaces {
  int weight = -1, carry = -1, count = 2;
  int dWeight = -1, dBias = -1, outputs = 1;

  explicit GradientPlaces(const ir::Attrs& attrs) {
    if (attrs.flag("weight")) weight = count++;
    if (attrs.flag("carry")) carry = count++;
    if (attrs.flag("weight")) dWeight = outputs++;
    if (attrs.flag("bias")) dBias = outputs++;
  }
};

void expectFeatures(const OpCall& call, int i, const std::string& name, const char* what) {
  if (i < 0) return;
  const ir::TensorType expected = {DType::F32, Shape{call.shape(0)[-1]}};
  if (call.type(size_t(i)) != expected)
    throw Error(Code::Shape, text("[", name, "] ", what, " is ", call.type(size_t(i)).toString(), "; expected ",
                                  expected.toString(), " for an input of ", call.shape(0), "."));
}

Types inferNorm(const OpCall& call, const std::string& name, bool hasSum) {
  const Places places(call.attrs, hasSum);
  expectInputs(call, name.c_str(), size_t(places.count), size_t(places.count));
  expectRows(call, 0, name.c_str());
  if (hasSum) expectLikeFirst(call, 1, name.c_str());
  expectFeatures(call, places.weight, name, "the weight");
  expectFeatures(call, places.bias, name, "the bias");
  const double epsilon = call.attrs.real("epsilon");
  if (!(epsilon >= 0)) throw Error(Code::Parameter, text("[", name, "] epsilon is ", epsilon, "; expected 0 or more."));
  Types types = {call.type(0)};
  if (hasSum) types.push_back(call.type(0));
  return types;
}

Types inferGradient(const OpCall& call, const std::string& name) {
  const GradientPlaces places(call.attrs);
  expectInputs(call, name.c_str(), size_t(places.count), size_t(places.count));
  expectRows(call, 0, name.c_str());
  expectLikeFirst(call, 1, name.c_str());
  if (places.carry >= 0) expectLikeFirst(call, size_t(places.carry), name.c_str());
  expectFeatures(call, places.weight, name, "the weight");
  Types types = {call.type(0)};
  for (int i = 1; i < places.outputs; ++i) types.push_back({DType::F32, Shape{call.shape(0)[-1]}});
  return types;
}

/// (h - mean) / deviation and 1 / deviation, by simple ops.
std::pair<ir::Value, ir::Value> normalised(ir::Value h, bool isCentred, double epsilon) {
  if (isCentred) h = h - ir::mean(h, {-1}, true);
  const ir::Value inverse = ir::rsqrt(ir::mean(ir::square(h), {-1}, true) + epsilon);
  return {h * inverse, inverse};
}

std::vector<int64_t> rowAxes(const ir::Value& x) {
  std::vector<int64_t> axes;
  for (int i = 0; i + 1 < x.rank(); ++i) axes.push_back(i);
  return axes;
}

Grads normVjp(const VjpCall& call, const std::string& gradient, bool hasSum) {
  const Places places(call.attrs, hasSum);
  const bool hasCarry = hasSum && call.hasGrad(1);
  ir::Attrs attrs = call.attrs;
  attrs.set("carry", hasCarry);
  std::vector<ir::Value> inputs = {hasSum ? call.output(1) : call.input(0), call.grad(0)};
  if (places.weight >= 0) inputs.push_back(call.input(size_t(places.weight)));
  if (hasCarry) inputs.push_back(call.grad(1));
  const std::vector<ir::Value> results = call.builder.ops(gradient, inputs, attrs);
  Grads grads(call.inputs.size());
  grads[0] = results[0];
  if (hasSum) grads[1] = results[0];
  size_t next = 1;
  if (places.weight >= 0) grads[size_t(places.weight)] = results[next++];
  if (places.bias >= 0) grads[size_t(places.bias)] = results[next++];
  return grads;
}

}  // namespace

OpDef normOp(const std::string& name, const std::string& help, bool isCentred, bool hasSum) {
  const auto example = [&](const Shape& shape, bool weight, bool bias) {
    OpExample example = {.attrs = {{"epsilon", 1e-5}, {"weight", weight}, {"bias", bias}}};
    for (int i = 0; i < (hasSum ? 2 : 1); ++i) example.inputs.push_back({.shape = shape});
    for (int i = 0; i < int(weight) + int(bias); ++i)
      example.inputs.push_back({.shape = {shape[-1]}, .low = 0.5, .high = 2});
    return example;
  };
  std::vector<OpExample> examples = {example({3, 7}, true, false), example({2, 3, 33}, false, false)};
  if (isCentred) examples.push_back(example({33, 5}, true, true));
  return {
      .name = name,
      .help = help,
      .infer = [=](const OpCall& call) { return inferNorm(call, name, hasSum); },
      .cost = [=](const OpCall& call) { return costPerElement(call, inferNorm(call, name, hasSum), hasSum ? 8 : 7); },
      .vjp =
          [=](const VjpCall& call) {
            return normVjp(call, isCentred ? "layer_norm_gradient" : "rms_norm_gradient", hasSum);
          },
      .decompose = [=](const DecomposeCall& call) -> std::vector<ir::Value> {
        const Places places(call.attrs, hasSum);
        const ir::Value h = hasSum ? call.input(0) + call.input(1) : call.input(0);
        ir::Value y = normalised(h, isCentred, call.attrs.real("epsilon")).first;
        if (places.weight >= 0) y = y * call.input(size_t(places.weight));
        if (places.bias >= 0) y = y + call.input(size_t(places.bias));
        if (hasSum) return {y, h};
        return {y};
      },
      .kernel =
          [=](const KernelCall& call) {
            const Places places(call.attrs, hasSum);
            const auto [rows, width] = rowsOf(call.inputShape(0));
            const auto at = [&](int i) { return i < 0 ? nullptr : call.input(size_t(i)); };
            call.launch.kernels->norm(call.launch, {.isCentred = isCentred,
                                                    .x = call.input(0),
                                                    .residual = at(places.residual),
                                                    .weight = at(places.weight),
                                                    .bias = at(places.bias),
                                                    .sum = hasSum ? call.output(1) : nullptr,
                                                    .y = call.output(0),
                                                    .rows = rows,
                                                    .width = width,
                                                    .epsilon = float(call.attrs.real("epsilon"))});
          },
      .inPlace = hasSum ? std::vector<std::pair<int, int>>{{1, 0}, {1, 1}} : std::vector<std::pair<int, int>>{{0, 0}},
      .examples = std::move(examples),
  };
}

OpDef normGradientOp(const std::string& name, const std::string& help, bool isCentred) {
  const auto argsOf = [=](const Shape& shape, const ir::Attrs& attrs) {
    const auto [rows, width] = rowsOf(shape);
    return kernels::NormGradientArgs{.isCentred = isCentred,
                                     .h = nullptr,
                                     .dy = nullptr,
                                     .weight = nullptr,
                                     .carry = nullptr,
                                     .dh = nullptr,
                                     .dWeight = nullptr,
                                     .dBias = nullptr,
                                     .workspace = nullptr,
                                     .rows = rows,
                                     .width = width,
                                     .epsilon = float(attrs.real("epsilon"))};
  };
  const auto example = [&](const Shape& shape, bool weight, bool bias, bool carry) {
    OpExample example = {.attrs = {{"epsilon", 1e-5}, {"weight", weight}, {"bias", bias}, {"carry", carry}}};
    for (int i = 0; i < 2; ++i) example.inputs.push_back({.shape = shape});
    if (weight) example.inputs.push_back({.shape = {shape[-1]}, .low = 0.5, .high = 2});
    if (carry) example.inputs.push_back({.shape = shape});
    return example;
  };
  std::vector<OpExample> examples = {example({3, 7}, true, false, false), example({2, 3, 33}, false, false, true)};
  if (isCentred) examples.push_back(example({33, 5}, true, true, true));
  return {
      .name = name,
      .help = help,
      .infer = [=](const OpCall& call) { return inferGradient(call, name); },
      .cost = [=](const OpCall& call) { return costPerElement(call, inferGradient(call, name), 18); },
      .decompose = [=](const DecomposeCall& call) -> std::vector<ir::Value> {
        const GradientPlaces places(call.attrs);
        const ir::Value dy = call.input(1);
        const auto [n, inverse] = normalised(call.input(0), isCentred, call.attrs.real("epsilon"));
        const ir::Value g = places.weight >= 0 ? dy * call.input(size_t(places.weight)) : dy;
        ir::Value dh = g - n * ir::mean(g * n, {-1}, true);
        if (isCentred) dh = dh - ir::mean(g, {-1}, true);
        dh = dh * inverse;
        if (places.carry >= 0) dh = dh + call.input(size_t(places.carry));
        std::vector<ir::Value> results = {dh};
        if (places.dWeight >= 0) results.push_back(ir::sum(dy * n, rowAxes(dy)));
        if (places.dBias >= 0) results.push_back(ir::sum(dy, rowAxes(dy)));
        return results;
      },
      .kernel =
          [=](const KernelCall& call) {
            const GradientPlaces places(call.attrs);
            kernels::NormGradientArgs args = argsOf(call.inputShape(0), call.attrs);
            args.h = call.input(0);
            args.dy = call.input(1);
            if (places.weight >= 0) args.weight = call.input(size_t(places.weight));
            if (places.carry >= 0) args.carry = call.input(size_t(places.carry));
            args.dh = call.output(0);
            if (places.dWeight >= 0) args.dWeight = call.output(size_t(places.dWeight));
            if (places.dBias >= 0) args.dBias = call.output(size_t(places.dBias));
            args.workspace = static_cast<float*>(call.workspace);
            call.launch.kernels->normGradient(call.launch, args);
          },
      .workspace = [=](const OpCall& call, const kernels::Launch& launch) -> int64_t {
        kernels::NormGradientArgs args = argsOf(call.shape(0), call.attrs);
        float mark;  // only whether these are wanted matters
        if (call.attrs.flag("weight")) args.dWeight = &mark;
        if (call.attrs.flag("bias")) args.dBias = &mark;
        return 4 * launch.kernels->normGradientWorkspace(args);
      },
      .inPlace = {{0, 0}, {0, 1}},
      .examples = std::move(examples),
  };
}

OpDef op_layer_norm() {
  return normOp("layer_norm", "Centres each row, divides it by its deviation, scales and shifts each feature.", true,
                false);
}

namespace ir {
namespace {

std::vector<Value> call(const char* op, std::vector<Value> inputs, Value weight, Value bias, double epsilon) {
  if (weight.isValid()) inputs.push_back(weight);
  if (bias.isValid()) inputs.push_back(bias);
  return inputs[0].builder->ops(op, inputs,
                                {{"epsilon", epsilon}, {"weight", weight.isValid()}, {"bias", bias.isValid()}});
}

}  // namespace

Value layerNorm(Value x, Value weight, Value bias, double epsilon) {
  return call("layer_norm", {x}, weight, bias, epsilon).front();
}
std::vector<Value> addLayerNorm(Value x, Value residual, Value weight, Value bias, double epsilon) {
  return call("add_layer_norm", {x, residual}, weight, bias, epsilon);
}

}  // namespace ir
}  // namespace fw
