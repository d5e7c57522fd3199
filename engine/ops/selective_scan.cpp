// selective_scan: h[t] = exp(delta[t] a) h[t-1] + delta[t] x[t] b[t], y[t] = c[t] h[t] + skip x[t].
// (Gu and Dao, "Mamba", 2023.) Results: y, the last state, and the states before each chunk of steps, [B,chunks,N,D],
// from which the gradient computes the others again.
#include "engine/ops/selective_scan.h"

#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/linear_recurrence.h"
#include "engine/ops/reshape.h"
#include "engine/ops/selective_scan_rules.h"
#include "engine/ops/shifted.h"
#include "engine/ops/slice.h"
#include "engine/ops/sum.h"
#include "engine/ops/transpose.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

Types infer(const OpCall& call) {
  checkSelectiveScan(call, "selective_scan");
  const SelectiveScanOperands at(call.attrs);
  expectInputs(call, "selective_scan", size_t(at.end), size_t(at.end));
  const Shape &x = call.shape(0), &a = call.shape(2);
  return {call.type(0),
          {DType::F32, {x[0], a[0], a[1]}},
          {DType::F32, {x[0], kernels::selectiveScanChunks(x[1]), a[1], a[0]}}};
}

// Of each state and step: delta a, its exponential, delta x b, and a multiply-add each for the state and for y. Of each
// channel and step: delta x, and a multiply-add for skip.
Cost cost(const OpCall& call) {
  const kernels::SelectiveScanInputs in = selectiveScanSizes(call.inputs);
  const double steps = double(in.batch * in.time * in.width);
  Cost cost = movedOnce(call, infer(call));
  cost.macs = steps * double(2 * in.stateSize + (call.attrs.flag("skip", false) ? 1 : 0));
  cost.flops = 2 * cost.macs + steps * double(3 * in.stateSize + 1);
  return cost;
}

Grads vjp(const VjpCall& call) {
  std::vector<ir::Value> inputs = call.inputs;
  inputs.insert(inputs.end(), {call.output(2), call.grad(0)});
  ir::Attrs attrs = call.attrs;
  attrs.set("last_state_gradient", call.hasGrad(1)).set("saved_gradient", call.hasGrad(2));
  for (const size_t i : {size_t(1), size_t(2)})
    if (call.hasGrad(i)) inputs.push_back(call.grad(i));
  return call.builder.ops("selective_scan_gradient", inputs, attrs);
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const SelectiveScanOperands at(call.attrs);
  const Shape &x = call.input(0).shape(), &a = call.input(2).shape();
  const int64_t B = x[0], T = x[1], D = a[0], N = a[1];
  const SelectiveScanStates s = selectiveScanStates(call);
  const ir::Value weighted = s.states * ir::reshape(call.input(4), Shape{B, T, 1, N});
  ir::Value y = ir::sum(weighted, {3});
  if (at.skip >= 0) y = y + call.input(0) * call.input(size_t(at.skip));
  ir::Value last = at.state >= 0 ? call.input(size_t(at.state)) : call.builder.constant(0, {B, D, N});
  if (T > 0) last = ir::reshape(ir::slice(s.states, 1, T - 1, T), Shape{B, D, N});
  const ir::Value saved = ir::slice(s.previous, 1, 0, T, kernels::kSelectiveScanChunk);
  return {y, last, ir::transpose(saved, {0, 1, 3, 2})};
}

void run(const KernelCall& call) {
  call.launch.kernels->selectiveScan(call.launch,
                                     {selectiveScanInputs(call), call.output(0), call.output(1), call.output(2)});
}

}  // namespace

void checkSelectiveScan(const OpCall& call, const char* op) {
  const SelectiveScanOperands at(call.attrs);
  if (call.count() < size_t(at.end))
    throw Error(Code::Graph, text("[", op, "] got ", call.count(), " inputs; expected at least ", at.end, "."));
  for (size_t i = 0; i < size_t(at.end); ++i) expectDType(call, i, DType::F32, op, text("input ", i, " is").c_str());
  const Shape &x = call.shape(0), &a = call.shape(2);
  if (x.rank() != 3)
    throw Error(Code::Shape, text("[", op, "] x is ", x, "; expected 3 dimensions: batch, time, channels."));
  if (a.rank() != 2 || a[0] != x[2])
    throw Error(Code::Shape, text("[", op, "] a is ", a, "; expected a row of states for each of the ", x[2],
                                  " channels of x ", x, "."));
  const auto expect = [&](int i, const Shape& shape, const char* what) {
    if (i < 0 || call.shape(size_t(i)) == shape) return;
    throw Error(Code::Shape, text("[", op, "] ", what, " is ", call.shape(size_t(i)), "; expected ", shape, "."));
  };
  expect(1, x, "delta");
  expect(3, {x[0], x[1], a[1]}, "b");
  expect(4, {x[0], x[1], a[1]}, "c");
  expect(at.skip, {x[2]}, "skip");
  expect(at.state, {x[0], x[2], a[1]}, "the state");
}

kernels::SelectiveScanInputs selectiveScanSizes(const std::vector<ir::TensorType>& inputs) {
  const Shape &x = inputs[0].shape, &a = inputs[2].shape;
  kernels::SelectiveScanInputs in;
  in.batch = x[0];
  in.time = x[1];
  in.width = a[0];
  in.stateSize = a[1];
  return in;
}

kernels::SelectiveScanInputs selectiveScanInputs(const KernelCall& call) {
  const SelectiveScanOperands at(call.attrs);
  kernels::SelectiveScanInputs in = selectiveScanSizes(call.inputTypes);
  in.x = call.input(0);
  in.delta = call.input(1);
  in.a = call.input(2);
  in.b = call.input(3);
  in.c = call.input(4);
  if (at.skip >= 0) in.skip = call.input(size_t(at.skip));
  if (at.state >= 0) in.state = call.input(size_t(at.state));
  return in;
}

SelectiveScanStates selectiveScanStates(const DecomposeCall& call) {
  const SelectiveScanOperands at(call.attrs);
  const Shape &x = call.input(0).shape(), &a = call.input(2).shape();
  const int64_t B = x[0], T = x[1], D = a[0], N = a[1];
  const ir::Value state = at.state >= 0 ? call.input(size_t(at.state)) : ir::Value{};
  const ir::Value delta = ir::reshape(call.input(1), Shape{B, T, D, 1});
  const ir::Value decay = ir::exp(delta * call.input(2));
  const ir::Value input =
      ir::reshape(call.input(0), Shape{B, T, D, 1}) * delta * ir::reshape(call.input(3), Shape{B, T, 1, N});
  const ir::Value states = ir::linearRecurrence(decay, input, 1, state);
  const Shape edge{B, 1, D, N};
  const ir::Value first = state.isValid() ? ir::reshape(state, edge) : call.builder.constant(0, edge);
  return {decay, states, ir::shifted(states, 1, false, first)};
}

OpDef op_selective_scan() {
  const auto example = [](int64_t B, int64_t T, int64_t D, int64_t N, bool hasSkip, bool hasState) {
    OpExample example{.inputs = {{.shape = {B, T, D}},
                                 {.shape = {B, T, D}, .low = 0.01, .high = 1},
                                 {.shape = {D, N}, .low = -2, .high = -0.1},
                                 {.shape = {B, T, N}},
                                 {.shape = {B, T, N}}},
                      .attrs = {{"skip", hasSkip}, {"state", hasState}}};
    if (hasSkip) example.inputs.push_back({.shape = {D}});
    if (hasState) example.inputs.push_back({.shape = {B, D, N}});
    return example;
  };
  return {
      .name = "selective_scan",
      .help = "The recurrence of Mamba: a state of N numbers a channel that fades and is fed as the input says.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .examples = {example(2, 7, 3, 4, true, true), example(1, 70, 5, 3, false, false),
                   example(1, 1, 17, 2, true, false)},
  };
}

namespace ir {
SelectiveScanResult selectiveScan(Value x, Value delta, Value a, Value b, Value c, Value skip, Value state) {
  std::vector<Value> inputs = {x, delta, a, b, c};
  if (skip.isValid()) inputs.push_back(skip);
  if (state.isValid()) inputs.push_back(state);
  const std::vector<Value> results =
      x.builder->ops("selective_scan", inputs, {{"skip", skip.isValid()}, {"state", state.isValid()}});
  return {results[0], results[1]};
}
}  // namespace ir

}  // namespace fw
