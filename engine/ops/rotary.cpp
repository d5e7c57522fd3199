// rotary: y[first] = x[first] cos - x[second] sin, y[second] = x[second] cos + x[first] sin with the angle position *
// frequency. (Su et al., "RoFormer", 2021.) The gradient turns back.
#include "engine/ops/rotary.h"

#include <cmath>

#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/iota.h"
#include "engine/ops/reshape.h"
#include "engine/ops/rules.h"
#include "engine/ops/slice.h"
#include "kernels/kernels.h"
#include "kernels/rotary.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  expectInputs(call, "rotary", 1, 2);
  expectDType(call, 0, DType::F32, "rotary", "x is");
  const Shape& x = call.shape(0);
  if (x.rank() != 4)
    throw Error(Code::Shape, text("[rotary] x is ", x, "; expected 4 dimensions: batch, time, heads, width."));
  const int64_t rotated = 2 * int64_t(call.attrs.reals("frequencies").size());
  if (rotated > x[3])
    throw Error(Code::Shape,
                text("[rotary] ", rotated, " elements are to be turned, but a head of x ", x, " has ", x[3], "."));
  if (call.count() == 1) return {call.type(0)};
  expectDType(call, 1, DType::I64, "rotary", "the position is");
  const Shape& position = call.shape(1);
  if (position.rank() != 0 && position != Shape{x[0]} && position != Shape{x[0], x[1]})
    throw Error(Code::Shape, text("[rotary] the position is ", position, "; expected a scalar, ", Shape{x[0]}, " or ",
                                  Shape{x[0], x[1]}, "."));
  return {call.type(0)};
}

// Of each turned pair and token four products and two sums, an angle, a sine and a cosine once for all heads.
Cost cost(const OpCall& call) {
  const Shape& x = call.shape(0);
  Cost cost = movedOnce(call, {call.type(0)});
  cost.flops = double(x[0] * x[1]) * double(call.attrs.reals("frequencies").size()) * (6 * double(x[2]) + 3);
  return cost;
}

Grads vjp(const VjpCall& call) {
  std::vector<ir::Value> inputs = {call.grad(0)};
  if (call.inputs.size() > 1) inputs.push_back(call.input(1));
  ir::Attrs attrs = call.attrs;
  attrs.set("inverse", !call.attrs.flag("inverse", false));
  return {call.builder.op("rotary", inputs, attrs)};
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  ir::Builder& builder = call.builder;
  const ir::Value x = call.input(0);
  const std::vector<double>& frequencies = call.attrs.reals("frequencies");
  const int64_t half = int64_t(frequencies.size()), B = x.size(0), T = x.size(1), H = x.size(2), K = x.size(3);
  if (half == 0) return {ir::reshape(x, x.shape())};
  ir::Value position = ir::iota(builder, {1, T, 1, 1}, 1);
  if (call.count() > 1) {
    const ir::Value given = call.input(1);
    if (given.rank() == 2)
      position = ir::reshape(given, Shape{B, T, 1, 1});
    else
      position = position + ir::reshape(given, Shape{given.rank() == 0 ? 1 : B, 1, 1, 1});
  }
  std::vector<ir::Value> values;
  for (const double frequency : frequencies) values.push_back(builder.constant(frequency, {1, 1, 1, 1}));
  const double sign = call.attrs.flag("inverse", false) ? -1 : 1;
  const ir::Value angle = ir::cast(position, DType::F32) * ir::concat(values, 3) * sign;
  const ir::Value c = ir::cos(angle), s = ir::sin(angle);
  const ir::Value turned = ir::slice(x, 3, 0, 2 * half);
  ir::Value y;
  if (call.attrs.flag("interleaved", false)) {
    const ir::Value pairs = ir::reshape(turned, Shape{B, T, H, half, 2});
    const auto part = [&](int64_t i) { return ir::reshape(ir::slice(pairs, 4, i, i + 1), Shape{B, T, H, half}); };
    const auto apart = [&](ir::Value value) { return ir::reshape(value, Shape{B, T, H, half, 1}); };
    const ir::Value first = part(0), second = part(1);
    y = ir::reshape(ir::concat({apart(first * c - second * s), apart(second * c + first * s)}, 4),
                    Shape{B, T, H, 2 * half});
  } else {
    const ir::Value first = ir::slice(turned, 3, 0, half), second = ir::slice(turned, 3, half, 2 * half);
    y = ir::concat({first * c - second * s, second * c + first * s}, 3);
  }
  if (2 * half < K) y = ir::concat({y, ir::slice(x, 3, 2 * half, K)}, 3);
  return {y};
}

std::shared_ptr<const void> prepare(const OpCall& call, const Types&) {
  const std::vector<double>& frequencies = call.attrs.reals("frequencies");
  return std::make_shared<const std::vector<float>>(frequencies.begin(), frequencies.end());
}

void run(const KernelCall& call) {
  const Shape& x = call.inputShape(0);
  const auto& frequencies = *static_cast<const std::vector<float>*>(call.prepared);
  kernels::RotaryArgs args;
  args.x = call.input(0);
  args.y = call.output(0);
  args.frequencies = frequencies.data();
  if (call.count() > 1) {
    const int rank = call.inputShape(1).rank();
    args.position = call.input<int64_t>(1);
    args.positionBatch = rank == 2 ? x[1] : rank;
    args.positionTime = rank == 2 ? 1 : 0;
    args.isCounted = rank < 2;
  }
  args.batch = x[0];
  args.time = x[1];
  args.heads = x[2];
  args.width = x[3];
  args.rotated = 2 * int64_t(frequencies.size());
  args.isInterleaved = call.attrs.flag("interleaved", false);
  args.isInverse = call.attrs.flag("inverse", false);
  call.launch.kernels->rotary(call.launch, args);
}

}  // namespace

OpDef op_rotary() {
  return {
      .name = "rotary",
      .help = "Turns pairs of a head's elements by angles that grow with the position.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .prepare = prepare,
      .inPlace = {{0, 0}},
      .examples =
          {
              {.inputs = {{.shape = {2, 7, 3, 8}}}, .attrs = {{"frequencies", ir::rotaryFrequencies(10000, 8)}}},
              {.inputs = {{.shape = {1, 33, 2, 9}}, {.shape = {}, .dtype = DType::I64, .values = {5}}},
               .attrs = {{"frequencies", ir::rotaryFrequencies(100, 6)}, {"interleaved", true}}},
              {.inputs = {{.shape = {2, 3, 1, 66}}, {.shape = {2}, .dtype = DType::I64, .values = {3, 0}}},
               .attrs = {{"frequencies", ir::rotaryFrequencies(10, 66)}, {"inverse", true}}},
              {.inputs = {{.shape = {2, 3, 1, 4}},
                          {.shape = {2, 3}, .dtype = DType::I64, .values = {0, 1, 2, 0, 0, 1}}},
               .attrs = {{"frequencies", ir::rotaryFrequencies(10, 4)}}},
          },
  };
}

namespace ir {

std::vector<double> rotaryFrequencies(double base, int64_t dims) {
  std::vector<double> frequencies;
  for (int64_t i = 0; i < dims / 2; ++i) frequencies.push_back(std::pow(base, -2.0 * double(i) / double(dims)));
  return frequencies;
}

Value rotary(Value x, const std::vector<double>& frequencies, const RotaryOptions& options) {
  std::vector<Value> inputs = {x};
  if (options.position.isValid()) inputs.push_back(options.position);
  return x.builder->op(
      "rotary", inputs,
      {{"frequencies", frequencies}, {"interleaved", options.isInterleaved}, {"inverse", options.isInverse}});
}

}  // namespace ir
}  // namespace fw
