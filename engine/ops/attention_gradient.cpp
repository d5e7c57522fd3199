// attention_gradient: the gradients of q, k, v and bias. With P the weights, dP = dO v^T and
// dS = P (dP + dLse - sum_v dO out): dv = P^T dO, dk = scale dS^T q, dq = scale dS k, dBias = dS.
#include <limits>

#include "engine/ops/attention_rules.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reshape.h"
#include "engine/ops/sum.h"
#include "engine/ops/transpose.h"
#include "kernels/attention.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

/// Where the inputs that follow those of attention stand.
struct GradientOperands {
  explicit GradientOperands(const ir::Attrs& attrs)
      : out(size_t(attentionOperands(attrs).end)),
        dLogSumExp(attrs.flag("log_sum_exp_gradient", false) ? int(out) + 3 : -1),
        end(out + (dLogSumExp < 0 ? 3 : 4)) {}
  size_t out;  // then log-sum-exp, dOut
  int dLogSumExp;
  size_t end;
};

bool wantsBias(const ir::Attrs& attrs) { return attrs.flag("bias_gradient", false); }

Types infer(const OpCall& call) {
  checkAttention(call, "attention_gradient");
  const GradientOperands at(call.attrs);
  expectInputs(call, "attention_gradient", at.end, at.end);
  const Shape &q = call.shape(0), &v = call.shape(2);
  const Shape out{q[0], q[1], q[2], v[3]}, logSumExp{q[0], q[2], q[1]};
  for (size_t i = at.out; i < at.end; ++i) {
    expectDType(call, i, DType::F32, "attention_gradient", "a result of attention is");
    const Shape& expected = i == at.out + 1 || int(i) == at.dLogSumExp ? logSumExp : out;
    if (call.shape(i) != expected)
      throw Error(Code::Shape,
                  text("[attention_gradient] input ", i, " is ", call.shape(i), "; expected ", expected, "."));
  }
  Types types = {call.type(0), call.type(1), call.type(2)};
  if (!wantsBias(call.attrs)) return types;
  const int bias = attentionOperands(call.attrs).bias;
  if (bias < 0)
    throw Error(Code::Graph, "[attention_gradient] the gradient of a bias is asked for, but there is no bias.");
  types.push_back(call.type(size_t(bias)));
  return types;
}

// Of each pair five products; subtract and exponential, subtract and multiply; of each result two for sum_v dO out.
Cost cost(const OpCall& call) {
  const kernels::AttentionInputs in = attentionSizes(call.inputs, call.attrs);
  const double pairs = attentionPairs(in) * double(in.batch * in.heads);
  Cost cost = movedOnce(call, infer(call));
  cost.macs = pairs * double(3 * in.keyWidth + 2 * in.valueWidth);
  cost.flops = 2 * cost.macs +
               pairs * (4 + (call.attrs.flag("bias", false) ? 1 : 0) + (call.attrs.has("slopes") ? 3 : 0)) +
               2 * double(in.batch * in.queries * in.heads * in.valueWidth);
  return cost;
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const GradientOperands at(call.attrs);
  const AttentionScores s = attentionScores(call);
  const double scale = call.attrs.real("scale");
  const Shape &q = s.q.shape(), &keys = call.input(1).shape();
  const Shape rows{q[0], q[1], q[2], 1};
  const ir::Value logSumExp = ir::reshape(call.input(at.out + 1), rows);
  const ir::Value isEmpty = ir::equal(logSumExp, -std::numeric_limits<double>::infinity());
  const ir::Value weights = ir::where(isEmpty, 0.0, ir::exp(s.scores - ir::where(isEmpty, 0.0, logSumExp)));
  const ir::Value out = ir::transpose(call.input(at.out), {0, 2, 1, 3});
  const ir::Value dOut = ir::transpose(call.input(at.out + 2), {0, 2, 1, 3});
  ir::Value delta = ir::sum(dOut * out, {3}, true);
  if (at.dLogSumExp >= 0) delta = delta - ir::reshape(call.input(size_t(at.dLogSumExp)), rows);
  const ir::Value dScores = weights * (product(dOut, s.v, false, true) - delta);
  const auto ofKeys = [&](ir::Value x) {  // [B,H,S,K] -> [B,S,Hkv,K], summed over the heads that share a key head
    const int64_t B = x.size(0), S = x.size(2), K = x.size(3), Hkv = keys[2];
    x = ir::sum(ir::reshape(x, Shape{B, Hkv, x.size(1) / Hkv, S, K}), {2}, true);
    return ir::transpose(ir::reshape(x, Shape{B, Hkv, S, K}), {0, 2, 1, 3});
  };
  std::vector<ir::Value> grads = {ir::transpose(product(dScores, s.k) * scale, {0, 2, 1, 3}),
                                  ofKeys(product(dScores, s.q, true) * scale), ofKeys(product(weights, dOut, true))};
  if (wantsBias(call.attrs))
    grads.push_back(ir::sumTo(dScores, call.input(size_t(attentionOperands(call.attrs).bias)).shape()));
  return grads;
}

kernels::AttentionGradientArgs argsOf(kernels::AttentionInputs in, const ir::Attrs& attrs, float* dBias) {
  kernels::AttentionGradientArgs args;
  args.in = in;
  args.dBias = wantsBias(attrs) ? dBias : nullptr;
  return args;
}

int64_t workspace(const OpCall& call, const kernels::Launch& launch) {
  float some = 0;  // tells that a gradient of the bias is wanted
  return launch.kernels->attentionGradientWorkspace(
             argsOf(attentionSizes(call.inputs, call.attrs), call.attrs, &some)) *
         int64_t(sizeof(float));
}

void run(const KernelCall& call) {
  const GradientOperands at(call.attrs);
  std::vector<float> slopes;
  kernels::AttentionGradientArgs args = argsOf(attentionInputs(call, "attention_gradient", slopes), call.attrs,
                                               wantsBias(call.attrs) ? call.output(3) : nullptr);
  args.out = call.input(at.out);
  args.logSumExp = call.input(at.out + 1);
  args.dOut = call.input(at.out + 2);
  if (at.dLogSumExp >= 0) args.dLogSumExp = call.input(size_t(at.dLogSumExp));
  args.dq = call.output(0);
  args.dk = call.output(1);
  args.dv = call.output(2);
  args.workspace = static_cast<float*>(call.workspace);
  call.launch.kernels->attentionGradient(call.launch, args);
}

}  // namespace

OpDef op_attention_gradient() {
  const auto input = [](const Shape& shape) { return ExampleInput{.shape = shape, .low = -1, .high = 1}; };
  return {
      .name = "attention_gradient",
      .help = "Gradients of attention's inputs from its results and their gradients.",
      .infer = infer,
      .cost = cost,
      .decompose = decompose,
      .kernel = run,
      .workspace = workspace,
      .examples =
          {
              {.inputs = {input({2, 5, 4, 3}), input({2, 7, 2, 3}), input({2, 7, 2, 6}), input({1, 4, 1, 7}),
                          input({2, 5, 4, 6}), input({2, 4, 5}), input({2, 5, 4, 6}), input({2, 4, 5})},
               .attrs = {{"scale", 0.5},
                         {"window_right", int64_t(0)},
                         {"bias", true},
                         {"bias_gradient", true},
                         {"log_sum_exp_gradient", true}}},
              {.inputs = {input({1, 33, 1, 9}), input({1, 33, 1, 9}), input({1, 33, 1, 9}), input({1, 33, 1, 9}),
                          input({1, 1, 33}), input({1, 33, 1, 9})},
               .attrs = {{"scale", 0.3}, {"window_left", int64_t(7)}}},
          },
  };
}

}  // namespace fw
