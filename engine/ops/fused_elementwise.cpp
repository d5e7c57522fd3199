// fused_elementwise, and what every elementwise op shares: one op is a chain of one step.
#include "engine/ops/fused_elementwise.h"

#include <algorithm>
#include <sstream>

#include "engine/ops/elementwise_def.h"
#include "engine/ops/rules.h"
#include "kernels/elementwise.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

using kernels::Element;

Element elementOf(DType dtype) { return Element(int(dtype)); }
static_assert(int(Element::F32) == int(DType::F32) && int(Element::BF16) == int(DType::BF16) &&
              int(Element::I64) == int(DType::I64) && int(Element::Bool) == int(DType::Bool));

/// The strides of the inputs of a call over the shape of its results.
class Strides {
 public:
  /// nullptr where the shape is that of the result.
  const int64_t* of(const Shape& shape, const Shape& result) {
    if (shape == result) return nullptr;
    int64_t* strides = values_[next_++];
    std::fill_n(strides, result.rank(), 0);
    int64_t stride = 1;
    for (int i = 1; i <= shape.rank(); ++i) {
      if (shape[-i] != 1) strides[result.rank() - i] = stride;
      stride *= shape[-i];
    }
    return strides;
  }

 private:
  int64_t values_[kernels::ElementwiseArgs::maxInputs][Shape::maxRank];
  int next_ = 0;
};

void expectOneDType(const OpCall& call, const std::string& name, size_t first) {
  for (size_t i = first + 1; i < call.count(); ++i)
    if (call.type(i).dtype != call.type(first).dtype)
      throw Error(Code::Type, text("[", name, "] inputs are ", call.type(first).toString(), " and ",
                                   call.type(i).toString(), "; expected one dtype."));
}

Shape broadcastAll(const OpCall& call, const std::string& name) {
  Shape shape;
  for (size_t i = 0; i < call.count(); ++i) shape = broadcast(shape, call.shape(i), name);
  return shape;
}

Types inferElementwise(const OpCall& call, const std::string& name, ElementwiseRule rule, int arity) {
  expectInputs(call, name.c_str(), size_t(arity), size_t(arity));
  expectOneDType(call, name, 0);
  const DType dtype = call.type(0).dtype;
  const auto refuse = [&](const char* expected) {
    throw Error(Code::Type, text("[", name, "] the input is ", call.type(0).toString(), "; expected ", expected, "."));
  };
  if (rule == ElementwiseRule::Float && !isFloat(dtype)) refuse("floats");
  if (rule == ElementwiseRule::Number && !isFloat(dtype) && !isInteger(dtype)) refuse("floats or integers");
  if (rule == ElementwiseRule::Logic && dtype != DType::Bool) refuse("bool");
  return {{rule == ElementwiseRule::Comparison ? DType::Bool : dtype, broadcastAll(call, name)}};
}

std::vector<OpExample> makeExamples(const ElementwiseDef& def) {
  std::vector<OpExample> examples;
  const auto add = [&](std::initializer_list<Shape> shapes, DType dtype, double low, double high) {
    OpExample example{.attrs = def.attrs, .isSmooth = def.isSmooth};
    size_t k = 0;
    for (const Shape& shape : shapes) {
      ExampleInput input{shape, dtype, low, high};
      // Rotated by a prime step, so that the values of two inputs meet in many pairs.
      for (int64_t i = 0; isFloat(dtype) && !def.away.empty() && i < shape.count(); ++i)
        input.values.push_back(def.away[size_t(i * 7 + int64_t(k) * 3) % def.away.size()]);
      example.inputs.push_back(std::move(input));
      ++k;
    }
    examples.push_back(std::move(example));
  };
  const DType dtype = def.rule == ElementwiseRule::Logic ? DType::Bool : DType::F32;
  const double low = dtype == DType::Bool ? 0 : def.low, high = dtype == DType::Bool ? 2 : def.high;
  if (def.arity == 1) {
    add({{3, 7}}, dtype, low, high);
    add({{1000}}, dtype, low, high);
    add({Shape()}, dtype, low, high);
    if (def.integers) add({{33}}, DType::I64, -4, 5);
  } else {
    add({{5, 7}, {5, 7}}, dtype, low, high);
    add({{3, 33}, {33}}, dtype, low, high);
    add({{4, 1, 3}, {1, 5, 1}}, dtype, low, high);
    add({Shape(), {63}}, dtype, low, high);
    if (def.integers) add({{3, 7}, {3, 1}}, DType::I64, -4, 5);
  }
  return examples;
}

}  // namespace

void runTile(const KernelCall& call, kernels::Tile tile, const std::vector<float>& constants) {
  const Shape& shape = call.outputShape(0);
  const std::vector<int64_t> sizes = shape.dims();
  Strides strides;
  kernels::ElementwiseInput inputs[3];
  kernels::ElementwiseStep step = {.tile = tile, .slotCount = int(call.count()), .constants = constants.data()};
  for (size_t i = 0; i < call.count(); ++i) {
    inputs[i] = {call.inputs[i], strides.of(call.inputShape(i), shape), elementOf(call.inputTypes[i].dtype)};
    step.slots[i] = int(i);
  }
  const kernels::ElementwiseOutput output = {call.outputs[0], int(call.count()), elementOf(call.outputTypes[0].dtype)};
  call.launch.kernels->elementwise(call.launch,
                                   {sizes.data(), shape.rank(), inputs, int(call.count()), &step, 1, &output, 1});
}

void runIntegers(const KernelCall& call, kernels::IntegerFunction function) {
  const Shape& shape = call.outputShape(0);
  const std::vector<int64_t> sizes = shape.dims();
  Strides strides;
  kernels::IntegersArgs args = {.function = function,
                                .element = elementOf(call.inputTypes[call.count() - 1].dtype),
                                .sizes = sizes.data(),
                                .rank = shape.rank(),
                                .y = call.outputs[0]};
  for (size_t i = 0; i < call.count(); ++i) {
    args.inputs[i] = call.inputs[i];
    args.strides[i] = strides.of(call.inputShape(i), shape);
  }
  call.launch.kernels->integers(call.launch, args);
}

OpDef elementwise(ElementwiseDef def) {
  OpDef op;
  op.name = def.name;
  op.help = def.help;
  op.infer = [name = def.name, rule = def.rule, arity = def.arity](const OpCall& call) {
    return inferElementwise(call, name, rule, arity);
  };
  op.cost = [infer = op.infer, flops = def.flops](const OpCall& call) {
    const Types types = infer(call);
    Cost cost = movedOnce(call, types);
    cost.flops = flops * double(types[0].shape.count());
    return cost;
  };
  op.vjp = def.vjp;
  op.decompose = def.decompose;
  op.tile = def.tile;
  op.tileConstants = def.constants;
  op.hasGradient = def.hasGradient && def.rule != ElementwiseRule::Comparison && def.rule != ElementwiseRule::Logic;
  op.kernel = [tile = def.tile, constants = def.constants, integers = def.integers](const KernelCall& call) {
    if (integers && !isFloat(call.inputTypes[0].dtype)) return runIntegers(call, *integers);
    runTile(call, tile, constants ? constants(call.attrs) : std::vector<float>());
  };
  if (def.rule != ElementwiseRule::Comparison)
    for (int i = 0; i < def.arity; ++i) op.inPlace.push_back({0, i});
  op.examples = makeExamples(def);
  return op;
}

namespace {

/// The chain that the attributes of a call hold.
struct Chain {
  struct Step {
    const OpDef* op;
    std::vector<int64_t> slots;
    ir::Attrs attrs;
  };
  std::vector<Step> steps;
  std::vector<int64_t> outputs;
};

constexpr const char* me = "fused_elementwise";

/// "steps" names the ops; "slots" lists, step by step, how many slots there are and which; the attributes of step 3
/// stand as "3.name".
Chain decode(const ir::Attrs& attrs, size_t inputs) {
  Chain chain;
  std::istringstream names(attrs.text("steps"));
  const std::vector<int64_t>& slots = attrs.list("slots");
  size_t at = 0;
  for (std::string name; names >> name;) {
    const int64_t count = at < slots.size() ? slots[at++] : -1;
    if (count < 0 || count > 3 || at + size_t(count) > slots.size())
      throw Error(Code::Internal, text("[", me, "] the slots of '", name, "' are missing."));
    Chain::Step step{&findOp(name), {slots.begin() + int64_t(at), slots.begin() + int64_t(at) + count}, {}};
    at += size_t(count);
    for (const int64_t slot : step.slots)
      if (slot < 0 || slot >= int64_t(inputs + chain.steps.size()))
        throw Error(Code::Internal, text("[", me, "] '", name, "' reads slot ", slot, " before it is written."));
    chain.steps.push_back(std::move(step));
  }
  for (const auto& [key, value] : attrs.entries()) {
    const size_t dot = key.find('.');
    if (dot == std::string::npos) continue;
    chain.steps.at(size_t(std::stoul(key.substr(0, dot)))).attrs.set(key.substr(dot + 1), value);
  }
  chain.outputs = attrs.list("outputs");
  return chain;
}

bool isTileType(const ir::TensorType& type) { return type.dtype == DType::F32 || type.dtype == DType::Bool; }

/// The types of all slots.
Types slotTypes(const OpCall& call, const Chain& chain) {
  Types types = call.inputs;
  for (const Chain::Step& step : chain.steps) {
    Types inputs;
    for (const int64_t slot : step.slots) inputs.push_back(types[size_t(slot)]);
    types.push_back(step.op->infer(OpCall{inputs, step.attrs}).front());
    if (!step.op->tile) throw Error(Code::Internal, text("[", me, "] '", step.op->name, "' has no tile."));
  }
  return types;
}

Types inferFused(const OpCall& call) {
  if (call.count() > ir::FusedLimits::inputs)
    throw Error(Code::Internal,
                text("[", me, "] got ", call.count(), " inputs; expected at most ", ir::FusedLimits::inputs, "."));
  const Chain chain = decode(call.attrs, call.count());
  if (chain.steps.empty() || chain.steps.size() > ir::FusedLimits::steps || chain.outputs.empty() ||
      chain.outputs.size() > ir::FusedLimits::outputs)
    throw Error(Code::Internal,
                text("[", me, "] got ", chain.steps.size(), " steps and ", chain.outputs.size(),
                     " outputs; expected 1 to ", ir::FusedLimits::steps, " and 1 to ", ir::FusedLimits::outputs, "."));
  const Types slots = slotTypes(call, chain);
  for (const ir::TensorType& type : slots)
    if (!isTileType(type))
      throw Error(Code::Type, text("[", me, "] a value is ", type.toString(), "; expected f32 or bool."));
  const Shape shape = broadcastAll(call, me);
  Types types;
  for (const int64_t slot : chain.outputs) {
    if (slot < int64_t(call.count()) || slot >= int64_t(slots.size()))
      throw Error(Code::Internal, text("[", me, "] slot ", slot, " is not the result of a step."));
    types.push_back(slots[size_t(slot)]);
    if (types.back().shape != shape)
      throw Error(Code::Internal, text("[", me, "] an output is ", types.back().shape, "; expected ", shape, "."));
  }
  return types;
}

Cost costFused(const OpCall& call) {
  const Chain chain = decode(call.attrs, call.count());
  Cost cost = movedOnce(call, inferFused(call));
  Types types = call.inputs;
  for (const Chain::Step& step : chain.steps) {
    Types inputs;
    for (const int64_t slot : step.slots) inputs.push_back(types[size_t(slot)]);
    const OpCall stepCall{inputs, step.attrs};
    types.push_back(step.op->infer(stepCall).front());
    if (step.op->cost) cost.flops += step.op->cost(stepCall).flops;
  }
  return cost;
}

std::vector<ir::Value> decomposeFused(const DecomposeCall& call) {
  const Chain chain = decode(call.attrs, call.count());
  std::vector<ir::Value> values = call.inputs, outputs;
  for (const Chain::Step& step : chain.steps) {
    std::vector<ir::Value> inputs;
    for (const int64_t slot : step.slots) inputs.push_back(values[size_t(slot)]);
    values.push_back(call.builder.op(step.op->name, inputs, step.attrs));
  }
  for (const int64_t slot : chain.outputs) outputs.push_back(values[size_t(slot)]);
  return outputs;
}

void runFused(const KernelCall& call) {
  const Chain chain = decode(call.attrs, call.count());
  const Shape& shape = call.outputShape(0);
  const std::vector<int64_t> sizes = shape.dims();
  Strides strides;
  kernels::ElementwiseInput inputs[kernels::ElementwiseArgs::maxInputs];
  for (size_t i = 0; i < call.count(); ++i)
    inputs[i] = {call.inputs[i], strides.of(call.inputShape(i), shape), elementOf(call.inputTypes[i].dtype)};
  kernels::ElementwiseStep steps[kernels::ElementwiseArgs::maxSteps];
  std::vector<float> constants[kernels::ElementwiseArgs::maxSteps];
  for (size_t s = 0; s < chain.steps.size(); ++s) {
    const Chain::Step& step = chain.steps[s];
    if (step.op->tileConstants) constants[s] = step.op->tileConstants(step.attrs);
    steps[s] = {.tile = step.op->tile, .slotCount = int(step.slots.size()), .constants = constants[s].data()};
    std::copy(step.slots.begin(), step.slots.end(), steps[s].slots);
  }
  kernels::ElementwiseOutput outputs[kernels::ElementwiseArgs::maxOutputs];
  for (size_t o = 0; o < chain.outputs.size(); ++o)
    outputs[o] = {call.outputs[o], int(chain.outputs[o]), elementOf(call.outputTypes[o].dtype)};
  call.launch.kernels->elementwise(call.launch, {sizes.data(), shape.rank(), inputs, int(call.count()), steps,
                                                 int(chain.steps.size()), outputs, int(chain.outputs.size())});
}

/// Attributes of a call, as decode() reads them.
ir::Attrs encodeChain(const std::vector<ir::FusedStep>& steps, const std::vector<int64_t>& outputs) {
  std::string names;
  std::vector<int64_t> slots;
  ir::Attrs attrs;
  for (size_t s = 0; s < steps.size(); ++s) {
    names += (s ? " " : "") + steps[s].op;
    slots.push_back(int64_t(steps[s].slots.size()));
    slots.insert(slots.end(), steps[s].slots.begin(), steps[s].slots.end());
    for (const auto& [key, value] : steps[s].attrs.entries()) attrs.set(text(s, ".", key), value);
  }
  attrs.set("steps", names).set("slots", slots).set("outputs", outputs);
  return attrs;
}

}  // namespace

OpDef op_fused_elementwise() {
  static_assert(ir::FusedLimits::inputs == kernels::ElementwiseArgs::maxInputs);
  static_assert(ir::FusedLimits::steps == kernels::ElementwiseArgs::maxSteps);
  static_assert(ir::FusedLimits::outputs == kernels::ElementwiseArgs::maxOutputs);
  // u = gelu(x + bias), y = clamp(u * s, -0.5, 2): two outputs, a row, a column.
  const ir::Attrs biasGelu = encodeChain(
      {{"add", {0, 1}}, {"gelu", {3}}, {"mul", {4, 2}}, {"clamp", {5}, {{"low", -0.5}, {"high", 2.0}}}}, {4, 6});
  // where(x > 0, x, x * 0.5): a constant, bool in between and as a result.
  const ir::Attrs leaky =
      encodeChain({{"constant", {}, {{"value", 0.0}, {"shape", std::vector<int64_t>()}, {"dtype", std::string("f32")}}},
                   {"greater", {0, 1}},
                   {"constant", {}, {{"value", 0.5}, {"shape", std::vector<int64_t>()}, {"dtype", std::string("f32")}}},
                   {"mul", {0, 3}},
                   {"where", {2, 0, 4}}},
                  {5, 2});
  return {
      .name = me,
      .help = "A chain of elementwise ops run as one, with nothing stored in between.",
      .infer = inferFused,
      .cost = costFused,
      .decompose = decomposeFused,
      .kernel = runFused,
      .inPlace = {{0, 0}, {0, 1}, {0, 2}, {0, 3}},
      .examples =
          {
              {.inputs = {{.shape = {3, 33}}, {.shape = {33}}, {.shape = {3, 1}}},
               .attrs = biasGelu,
               .isSmooth = false},
              {.inputs = {{.shape = {2, 1, 7}}, {.shape = {5, 1}}, {.shape = {}}},
               .attrs = biasGelu,
               .isSmooth = false},
              {.inputs = {{.shape = {1000}}}, .attrs = leaky, .isSmooth = false},
          },
  };
}

namespace ir {

bool canFuse(const Node& node, const Graph& graph) {
  if (!node.op->tile || node.types.size() != 1 || !isTileType(node.types[0])) return false;
  if (node.inputs.empty() && (!node.attrs.has("value") || node.types[0] != TensorType{}))
    return false;  // a scalar constant
  return std::all_of(node.inputs.begin(), node.inputs.end(),
                     [&](ValueRef input) { return isTileType(graph.type(input)); });
}

std::vector<Value> fusedElementwise(Builder& builder, const std::vector<Value>& inputs,
                                    const std::vector<FusedStep>& steps, const std::vector<int64_t>& outputs) {
  return builder.ops(me, inputs, encodeChain(steps, outputs));
}

}  // namespace ir
}  // namespace fw
