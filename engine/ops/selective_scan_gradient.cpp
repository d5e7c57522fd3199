// selective_scan_gradient: the gradients of selective_scan's inputs. With a[t] = exp(delta A) and
// g[t] = dh[t] = C[t] dy[t] + a[t+1] g[t+1]:
// dC = sum_d dy h, dB = sum_d g delta x, dA = sum_t g delta a h[t-1], dx = delta sum_n g B + skip dy,
// dDelta = sum_n g (A a h[t-1] + B x), dSkip = sum_t x dy, dState = a[0] g[0].
#include "engine/ops/elementwise.h"
#include "engine/ops/linear_recurrence.h"
#include "engine/ops/pad.h"
#include "engine/ops/reshape.h"
#include "engine/ops/selective_scan_rules.h"
#include "engine/ops/shifted.h"
#include "engine/ops/slice.h"
#include "engine/ops/sum.h"
#include "engine/ops/transpose.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

/// Where the inputs that follow those of selective_scan stand: saved, dy, then what the attributes name.
struct GradientOperands {
  explicit GradientOperands(const ir::Attrs& attrs)
      : saved(SelectiveScanOperands(attrs).end), dy(saved + 1), end(dy + 1) {
    if (attrs.flag("last_state_gradient", false)) dLastState = end++;
    if (attrs.flag("saved_gradient", false)) dSaved = end++;
  }
  int saved, dy, dLastState = -1, dSaved = -1, end;
};

Types infer(const OpCall& call) {
  checkSelectiveScan(call, "selective_scan_gradient");
  const GradientOperands at(call.attrs);
  expectInputs(call, "selective_scan_gradient", size_t(at.end), size_t(at.end));
  const Shape &x = call.shape(0), &a = call.shape(2);
  const Shape saved{x[0], kernels::selectiveScanChunks(x[1]), a[1], a[0]};
  const auto expect = [&](int i, const Shape& shape, const char* what) {
    if (i < 0) return;
    expectDType(call, size_t(i), DType::F32, "selective_scan_gradient", text(what, " is").c_str());
    if (call.shape(size_t(i)) != shape)
      throw Error(Code::Shape,
                  text("[selective_scan_gradient] ", what, " is ", call.shape(size_t(i)), "; expected ", shape, "."));
  };
  expect(at.saved, saved, "the saved states");
  expect(at.dy, x, "the gradient of y");
  expect(at.dLastState, {x[0], a[0], a[1]}, "the gradient of the last state");
  expect(at.dSaved, saved, "the gradient of the saved states");
  return {call.inputs.begin(), call.inputs.begin() + at.saved};
}

// Of each state and step: the forward recurrence again (7), then g (2), carry, dC (2), dB (2), sum g B (2), a h, dA
// (2), sum A a h (2). Of each channel and step: delta x, dx (3), dDelta (2), dSkip (2).
Cost cost(const OpCall& call) {
  const kernels::SelectiveScanInputs in = selectiveScanSizes(call.inputs);
  const double steps = double(in.batch * in.time * in.width), states = steps * double(in.stateSize);
  Cost cost = movedOnce(call, infer(call));
  cost.macs = states * 7 + steps * 3;
  cost.flops = 2 * cost.macs + states * 5 + steps * 2;
  return cost;
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const SelectiveScanOperands operands(call.attrs);
  const GradientOperands at(call.attrs);
  ir::Builder& builder = call.builder;
  const ir::Value x = call.input(0), delta = call.input(1), a = call.input(2);
  const int64_t B = x.size(0), T = x.size(1), D = a.size(0), N = a.size(1);
  const auto channels = [&](ir::Value value) { return ir::reshape(value, Shape{B, T, D, 1}); };
  const ir::Value b = ir::reshape(call.input(3), Shape{B, T, 1, N}), c = ir::reshape(call.input(4), Shape{B, T, 1, N});
  const ir::Value dy = call.input(size_t(at.dy));
  const SelectiveScanStates s = selectiveScanStates(call);
  ir::Value dStates = channels(dy) * c, dState = builder.constant(0, {B, D, N});
  if (at.dSaved >= 0) {
    // Saved state j is h[64 j - 1]; the first one is the initial state.
    const ir::Value dSaved = ir::transpose(call.input(size_t(at.dSaved)), {0, 1, 3, 2});
    const int64_t chunks = dSaved.size(1), chunk = kernels::kSelectiveScanChunk;
    dState = ir::reshape(ir::slice(dSaved, 1, 0, 1), Shape{B, D, N});
    if (chunks > 1)
      dStates = dStates + ir::pad(ir::slice(dSaved, 1, 1, chunks), {0, chunk - 1, 0, 0},
                                  {0, T - (chunks - 1) * chunk, 0, 0}, {0, chunk - 1, 0, 0});
  }
  // The last state's gradient enters behind the last step, where nothing fades.
  const ir::Value dLast = at.dLastState >= 0 ? call.input(size_t(at.dLastState)) : ir::Value{};
  const ir::Value g = ir::linearRecurrence(ir::shifted(s.decay, 1, true, 1.0), dStates, 1, dLast, true);
  const ir::Value kept = g * s.decay * s.previous;
  const ir::Value ofInput = ir::sum(g * b, {3});
  std::vector<ir::Value> grads = {delta * ofInput, ir::sum(kept * a, {3}) + x * ofInput,
                                  ir::sum(channels(delta) * kept, {0, 1}), ir::sum(g * channels(delta * x), {2}),
                                  ir::sum(s.states * channels(dy), {2})};
  if (operands.skip >= 0) {
    grads[0] = grads[0] + dy * call.input(size_t(operands.skip));
    grads.push_back(ir::sum(x * dy, {0, 1}));
  }
  if (operands.state >= 0) grads.push_back(dState + ir::reshape(ir::slice(g * s.decay, 1, 0, 1), Shape{B, D, N}));
  return grads;
}

int64_t workspace(const OpCall& call, const kernels::Launch& launch) {
  return launch.kernels->selectiveScanGradientWorkspace(selectiveScanSizes(call.inputs)) * int64_t(sizeof(float));
}

void run(const KernelCall& call) {
  const SelectiveScanOperands operands(call.attrs);
  const GradientOperands at(call.attrs);
  kernels::SelectiveScanGradientArgs args;
  args.in = selectiveScanInputs(call);
  args.saved = call.input(size_t(at.saved));
  args.dy = call.input(size_t(at.dy));
  if (at.dLastState >= 0) args.dLastState = call.input(size_t(at.dLastState));
  if (at.dSaved >= 0) args.dSaved = call.input(size_t(at.dSaved));
  args.dx = call.output(0);
  args.dDelta = call.output(1);
  args.da = call.output(2);
  args.db = call.output(3);
  args.dc = call.output(4);
  if (operands.skip >= 0) args.dSkip = call.output(size_t(operands.skip));
  if (operands.state >= 0) args.dState = call.output(size_t(operands.state));
  args.workspace = static_cast<float*>(call.workspace);
  call.launch.kernels->selectiveScanGradient(call.launch, args);
}

}  // namespace

OpDef op_selective_scan_gradient() {
  const auto input = [](const Shape& shape) { return ExampleInput{.shape = shape, .low = -1, .high = 1}; };
  return {
      .name = "selective_scan_gradient",
      .help = "Gradients of selective_scan's inputs from its saved states and the gradients of its results.",
      .infer = infer,
      .cost = cost,
      .decompose = decompose,
      .kernel = run,
      .workspace = workspace,
      // One chunk from no state: what is saved is 0.
      .examples = {{.inputs = {input({2, 5, 3}),
                               {.shape = {2, 5, 3}, .low = 0.1, .high = 1},
                               {.shape = {3, 4}, .low = -2, .high = -0.1},
                               input({2, 5, 4}),
                               input({2, 5, 4}),
                               input({3}),
                               {.shape = {2, 1, 4, 3}, .low = 0, .high = 0},
                               input({2, 5, 3}),
                               input({2, 3, 4})},
                    .attrs = {{"skip", true}, {"last_state_gradient", true}}}},
  };
}

}  // namespace fw
