// attention: out = softmax(scale q k^T + bias) v and the logarithm of the softmax's sum, which the gradient needs.
// (Dao et al., "FlashAttention", 2022.)
#include "engine/ops/attention.h"

#include <cmath>
#include <limits>
#include <optional>

#include "engine/ops/attention_rules.h"
#include "engine/ops/broadcast_to.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/iota.h"
#include "engine/ops/max.h"
#include "engine/ops/reshape.h"
#include "engine/ops/sum.h"
#include "engine/ops/take.h"
#include "engine/ops/transpose.h"
#include "kernels/attention.h"
#include "kernels/kernels.h"

namespace fw {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void expectShape(const OpCall& call, int i, const Shape& shape, const char* op, const char* what) {
  if (i < 0 || call.shape(size_t(i)) == shape) return;
  throw Error(Code::Shape, text("[", op, "] ", what, " is ", call.shape(size_t(i)), "; expected ", shape, "."));
}

Types infer(const OpCall& call) {
  checkAttention(call, "attention");
  expectInputs(call, "attention", size_t(attentionOperands(call.attrs).end), size_t(attentionOperands(call.attrs).end));
  const Shape &q = call.shape(0), &v = call.shape(2);
  return {{DType::F32, {q[0], q[1], q[2], v[3]}}, {DType::F32, {q[0], q[2], q[1]}}};
}

// Of each pair of query and key: two dot products, and subtract, exponential, sum and maximum; of each result a
// division.
Cost cost(const OpCall& call) {
  const kernels::AttentionInputs in = attentionSizes(call.inputs, call.attrs);
  const double pairs = attentionPairs(in) * double(in.batch * in.heads);
  Cost cost = movedOnce(call, infer(call));
  cost.macs = pairs * double(in.keyWidth + in.valueWidth);
  cost.flops = 2 * cost.macs +
               pairs * (4 + (call.attrs.flag("bias", false) ? 1 : 0) + (call.attrs.has("slopes") ? 3 : 0)) +
               double(in.batch * in.queries * in.heads * in.valueWidth);
  return cost;
}

Grads vjp(const VjpCall& call) {
  const AttentionOperands at = attentionOperands(call.attrs);
  const bool wantsBias = at.bias >= 0 && call.need(size_t(at.bias));
  std::vector<ir::Value> inputs = call.inputs;
  inputs.insert(inputs.end(), {call.output(0), call.output(1), call.grad(0)});
  if (call.hasGrad(1)) inputs.push_back(call.grad(1));
  ir::Attrs attrs = call.attrs;
  attrs.set("bias_gradient", wantsBias).set("log_sum_exp_gradient", call.hasGrad(1));
  const std::vector<ir::Value> of = call.builder.ops("attention_gradient", inputs, attrs);
  Grads grads(call.inputs.size());
  for (size_t i = 0; i < 3; ++i) grads[i] = of[i];
  if (wantsBias) grads[size_t(at.bias)] = of[3];
  return grads;
}

std::vector<ir::Value> decompose(const DecomposeCall& call) {
  const AttentionScores s = attentionScores(call);
  const ir::Value highest = ir::stopGradient(ir::max(s.scores, {3}, true));
  const ir::Value base = ir::where(ir::equal(highest, -kInfinity), 0.0, highest);
  const ir::Value weights = ir::exp(s.scores - base);
  const ir::Value sum = ir::sum(weights, {3}, true), isEmpty = ir::equal(sum, 0.0);
  const ir::Value safe = ir::where(isEmpty, 1.0, sum);
  const ir::Value logSumExp = ir::where(isEmpty, -kInfinity, ir::log(safe) + base);
  const Shape& q = s.q.shape();
  return {ir::transpose(product(weights / safe, s.v), {0, 2, 1, 3}), ir::reshape(logSumExp, Shape{q[0], q[1], q[2]})};
}

int64_t workspace(const OpCall& call, const kernels::Launch& launch) {
  return launch.kernels->attentionWorkspace(attentionSizes(call.inputs, call.attrs)) * int64_t(sizeof(float));
}

void run(const KernelCall& call) {
  std::vector<float> slopes;
  call.launch.kernels->attention(call.launch, {attentionInputs(call, "attention", slopes), call.output(0),
                                               call.output(1), static_cast<float*>(call.workspace)});
}

/// For each index 0..size-1 the packed sequence it lies in: how many offsets are at or below it, minus one. [size]
ir::Value sequenceOf(ir::Builder& builder, ir::Value offsets, int64_t size) {
  const ir::Value index = ir::iota(builder, {size, 1}, 0);
  const ir::Value isPast = ir::greaterEqual(index, ir::reshape(offsets, Shape{1, offsets.size(0)}));
  return ir::sum(ir::cast(isPast, DType::I64), {1}) - 1.0;
}

}  // namespace

AttentionOperands attentionOperands(const ir::Attrs& attrs) {
  AttentionOperands at;
  const auto next = [&](const char* name) { return attrs.flag(name, false) ? at.end++ : -1; };
  at.bias = next("bias");
  at.keyMask = next("key_mask");
  at.keyLengths = next("key_lengths");
  at.position = next("position");
  at.offsets = next("offsets");
  at.keyOffsets = next("key_offsets");
  return at;
}

void checkAttention(const OpCall& call, const char* op) {
  const AttentionOperands at = attentionOperands(call.attrs);
  if (call.count() < size_t(at.end))
    throw Error(Code::Graph, text("[", op, "] got ", call.count(), " inputs; expected at least ", at.end, "."));
  const char* names[] = {"q", "k", "v"};
  for (size_t i = 0; i < 3; ++i) {
    expectDType(call, i, DType::F32, op, text(names[i], " is").c_str());
    if (call.shape(i).rank() != 4)
      throw Error(Code::Shape, text("[", op, "] ", names[i], " is ", call.shape(i),
                                    "; expected 4 dimensions: batch, time, heads, width."));
  }
  const Shape &q = call.shape(0), &k = call.shape(1), &v = call.shape(2);
  if (k[0] != q[0] || v[0] != q[0])
    throw Error(Code::Shape, text("[", op, "] batches differ: q is ", q, ", k is ", k, ", v is ", v, "."));
  if (k[1] != v[1] || k[2] != v[2])
    throw Error(Code::Shape, text("[", op, "] k is ", k, " and v is ", v, "; expected equal times and heads."));
  if (q[3] != k[3] || q[3] == 0)
    throw Error(Code::Shape, text("[", op, "] widths of the heads differ: q is ", q, ", k is ", k,
                                  "; expected equal ones of at least 1."));
  if (k[2] == 0 || q[2] % k[2] != 0)
    throw Error(Code::Shape,
                text("[", op, "] ", q[2], " query heads share ", k[2], " key heads; expected a multiple."));
  const int64_t B = q[0], T = q[1], H = q[2], S = k[1];
  if (at.bias >= 0) {
    expectDType(call, size_t(at.bias), DType::F32, op, "bias is");
    const Shape& bias = call.shape(size_t(at.bias));
    const bool isRight = bias.rank() == 4 && (bias[0] == 1 || bias[0] == B) && (bias[1] == 1 || bias[1] == H) &&
                         (bias[2] == 1 || bias[2] == T) && bias[3] == S;
    if (!isRight)
      throw Error(Code::Shape,
                  text("[", op, "] bias is ", bias, "; expected ", Shape{B, H, T, S}, ", the first three sizes or 1."));
  }
  if (call.attrs.has("slopes") && int64_t(call.attrs.reals("slopes").size()) != H)
    throw Error(Code::Parameter, text("[", op, "] there are ", call.attrs.reals("slopes").size(),
                                      " slopes; expected one for each of ", H, " heads."));
  const std::pair<int, const char*> integers[] = {{at.keyLengths, "the key lengths are"},
                                                  {at.position, "the position is"},
                                                  {at.offsets, "the offsets are"},
                                                  {at.keyOffsets, "the key offsets are"}};
  for (const auto& [i, what] : integers)
    if (i >= 0) expectDType(call, size_t(i), DType::I64, op, what);
  if (at.keyMask >= 0) expectDType(call, size_t(at.keyMask), DType::Bool, op, "the key mask is");
  expectShape(call, at.keyMask, {B, S}, op, "the key mask");
  expectShape(call, at.keyLengths, {B}, op, "the key lengths");
  if (at.position >= 0 && call.shape(size_t(at.position)).rank() != 0)
    expectShape(call, at.position, {B}, op, "the position");
  if (at.offsets < 0) {
    if (at.keyOffsets >= 0) throw Error(Code::Graph, text("[", op, "] there are key offsets without offsets."));
    return;
  }
  const Shape& offsets = call.shape(size_t(at.offsets));
  if (offsets.rank() != 1 || offsets[0] < 1)
    throw Error(Code::Shape, text("[", op, "] the offsets are ", offsets,
                                  "; expected one dimension with the number of sequences plus 1."));
  expectShape(call, at.keyOffsets, offsets, op, "the key offsets");
  if (B != 1)
    throw Error(Code::Shape, text("[", op, "] the batch is ", B, " but sequences are packed; expected a batch of 1."));
  if (at.position >= 0 || at.keyLengths >= 0)
    throw Error(Code::Graph, text("[", op, "] packed sequences have neither position nor key lengths."));
  if (at.keyOffsets < 0 && S != T)
    throw Error(Code::Shape, text("[", op, "] q is ", q, " and k is ", k, "; expected equal times, or key offsets."));
}

kernels::AttentionInputs attentionSizes(const std::vector<ir::TensorType>& inputs, const ir::Attrs& attrs) {
  static const int64_t none = 0;
  const AttentionOperands at = attentionOperands(attrs);
  const Shape &q = inputs[0].shape, &k = inputs[1].shape;
  kernels::AttentionInputs in;
  in.batch = in.sequences = q[0];
  in.queries = q[1];
  in.keys = k[1];
  in.heads = q[2];
  in.keyHeads = k[2];
  in.keyWidth = q[3];
  in.valueWidth = inputs[2].shape[3];
  in.scale = float(attrs.real("scale"));
  in.windowLeft = attrs.integer("window_left", -1);
  in.windowRight = attrs.integer("window_right", -1);
  if (at.bias >= 0) {
    const Shape& bias = inputs[size_t(at.bias)].shape;
    in.biasQueryStride = bias[2] == 1 ? 0 : bias[3];
    in.biasHeadStride = bias[1] == 1 ? 0 : bias[2] * bias[3];
    in.biasBatchStride = bias[0] == 1 ? 0 : bias[1] * bias[2] * bias[3];
  }
  if (at.position >= 0) in.positionStride = inputs[size_t(at.position)].shape.rank();
  if (at.offsets >= 0) {
    in.sequences = inputs[size_t(at.offsets)].shape[0] - 1;
    in.queryOffsets = in.keyOffsets = &none;  // tells that sequences are packed
  }
  return in;
}

kernels::AttentionInputs attentionInputs(const KernelCall& call, const char* op, std::vector<float>& slopes) {
  const AttentionOperands at = attentionOperands(call.attrs);
  const bool isHost = call.launch.isHost();
  kernels::AttentionInputs in = attentionSizes(call.inputTypes, call.attrs);
  in.q = call.input(0);
  in.k = call.input(1);
  in.v = call.input(2);
  if (at.bias >= 0) in.bias = call.input(size_t(at.bias));
  if (call.attrs.has("slopes")) {
    for (const double slope : call.attrs.reals("slopes")) slopes.push_back(float(slope));
    in.slopes = slopes.data();
  }
  if (at.keyMask >= 0) in.keyMask = call.input<uint8_t>(size_t(at.keyMask));
  if (at.keyLengths >= 0) {
    in.keyLengths = call.input<int64_t>(size_t(at.keyLengths));
    for (int64_t b = 0; b < in.batch && isHost; ++b)
      if (in.keyLengths[b] < 0 || in.keyLengths[b] > in.keys)
        throw Error(Code::Data, text("[", op, "] key length ", in.keyLengths[b], placeText(b, {in.batch}),
                                     " is outside 0 to ", in.keys, "."));
  }
  if (at.position >= 0) {
    in.position = call.input<int64_t>(size_t(at.position));
    for (int64_t b = 0; b < in.batch && isHost; ++b) {
      const int64_t position = in.position[b * in.positionStride];
      if (position < 0 || position > in.keys - in.queries)
        throw Error(Code::Data, text("[", op, "] ", in.queries, " queries from position ", position,
                                     " on do not lie among ", in.keys, " keys."));
    }
  }
  if (at.offsets < 0) return in;
  in.queryOffsets = call.input<int64_t>(size_t(at.offsets));
  in.keyOffsets = at.keyOffsets >= 0 ? call.input<int64_t>(size_t(at.keyOffsets)) : in.queryOffsets;
  for (const auto& [offsets, size] : {std::pair(in.queryOffsets, in.queries), std::pair(in.keyOffsets, in.keys)})
    for (int64_t n = 0; n <= in.sequences && isHost; ++n) {
      const int64_t least = n == 0 ? 0 : offsets[n - 1];
      if (offsets[n] < least || offsets[n] > size)
        throw Error(Code::Data, text("[", op, "] offset ", offsets[n], placeText(n, {in.sequences + 1}), " is outside ",
                                     least, " to ", size, "."));
    }
  return in;
}

double attentionPairs(const kernels::AttentionInputs& in) {
  const double T = double(in.queries), S = double(in.keys);
  // Sum over i = 0..T-1 of i + first held in [0, S].
  const auto sumHeld = [&](double first) {
    const double begin = std::clamp(-first, 0.0, T), end = std::clamp(S - first, begin, T);
    return (end - begin) * (begin + end - 1 + 2 * first) / 2 + S * (T - end);
  };
  const double upper = in.windowRight < 0 ? S * T : sumHeld(S - T + double(in.windowRight) + 1);
  const double lower = in.windowLeft < 0 ? 0 : sumHeld(S - T - double(in.windowLeft));
  return std::max(0.0, upper - lower);
}

AttentionScores attentionScores(const DecomposeCall& call) {
  ir::Builder& builder = call.builder;
  const AttentionOperands at = attentionOperands(call.attrs);
  const Shape &q = call.input(0).shape(), &k = call.input(1).shape();
  const int64_t B = q[0], T = q[1], H = q[2], S = k[1], Hkv = k[2];
  const auto byHead = [&](ir::Value x) {  // [B,S,Hkv,K] -> [B,H,S,K]
    const int64_t K = x.size(3);
    x = ir::transpose(x, {0, 2, 1, 3});
    if (H == Hkv) return x;
    return ir::reshape(ir::broadcastTo(ir::reshape(x, Shape{B, Hkv, 1, S, K}), {B, Hkv, H / Hkv, S, K}),
                       Shape{B, H, S, K});
  };
  AttentionScores s{ir::transpose(call.input(0), {0, 2, 1, 3}), byHead(call.input(1)), byHead(call.input(2)), {}};
  s.scores = product(s.q * call.attrs.real("scale"), s.k, false, true);
  if (at.bias >= 0) s.scores = s.scores + call.input(size_t(at.bias));

  // Positions of queries and keys on one axis, [B|1,1,T,1] and [1,1,1,S], and what hides a key.
  const ir::Value key = ir::iota(builder, {1, 1, 1, S}, 3);
  ir::Value query = ir::iota(builder, {1, 1, T, 1}, 2);
  std::vector<ir::Value> conditions;
  if (at.offsets >= 0) {
    const ir::Value offsets = call.input(size_t(at.offsets));
    const ir::Value keyOffsets = at.keyOffsets >= 0 ? call.input(size_t(at.keyOffsets)) : offsets;
    const double last = double(offsets.size(0) - 2);
    const ir::Value ofQuery = sequenceOf(builder, offsets, T), ofKey = sequenceOf(builder, keyOffsets, S);
    const ir::Value next = ir::minimum(ir::maximum(ofQuery, -1.0), last) + 1.0;
    query = query + ir::reshape(ir::take(keyOffsets, next) - ir::take(offsets, next), Shape{1, 1, T, 1});
    const ir::Value of = ir::reshape(ofQuery, Shape{1, 1, T, 1});
    conditions.push_back(ir::equal(of, ir::reshape(ofKey, Shape{1, 1, 1, S})));
    conditions.push_back(ir::logicalAnd(ir::greaterEqual(of, 0.0), ir::lessEqual(of, last)));
  } else if (at.position >= 0) {
    const ir::Value position = call.input(size_t(at.position));
    const ir::Value offset = ir::reshape(position, Shape{position.rank() == 0 ? 1 : B, 1, 1, 1});
    query = query + offset;
    conditions.push_back(ir::less(key, offset + double(T)));
  } else {
    query = query + double(S - T);
  }
  if (call.attrs.has("slopes")) {
    std::vector<ir::Value> slopes;
    for (const double slope : call.attrs.reals("slopes")) slopes.push_back(builder.constant(slope, {1, 1, 1, 1}));
    s.scores = s.scores - ir::concat(slopes, 1) * ir::cast(ir::abs(query - key), DType::F32);
  }
  const int64_t left = call.attrs.integer("window_left", -1), right = call.attrs.integer("window_right", -1);
  if (left >= 0) conditions.push_back(ir::greaterEqual(key, query - double(left)));
  if (right >= 0) conditions.push_back(ir::lessEqual(key, query + double(right)));
  if (at.keyLengths >= 0)
    conditions.push_back(ir::less(key, ir::reshape(call.input(size_t(at.keyLengths)), Shape{B, 1, 1, 1})));
  if (at.keyMask >= 0) conditions.push_back(ir::reshape(call.input(size_t(at.keyMask)), Shape{B, 1, 1, S}));
  if (conditions.empty()) return s;
  ir::Value isVisible = conditions[0];
  for (size_t i = 1; i < conditions.size(); ++i) isVisible = ir::logicalAnd(isVisible, conditions[i]);
  s.scores = ir::where(isVisible, s.scores, -kInfinity);
  return s;
}

OpDef op_attention() {
  const auto input = [](const Shape& shape) { return ExampleInput{.shape = shape}; };
  const auto integers = [](const Shape& shape, std::vector<double> values) {
    return ExampleInput{.shape = shape, .dtype = DType::I64, .values = std::move(values)};
  };
  return {
      .name = "attention",
      .help = "Softmax attention of grouped heads, with masks, windows, bias, packed sequences and caches.",
      .infer = infer,
      .cost = cost,
      .vjp = vjp,
      .decompose = decompose,
      .kernel = run,
      .workspace = workspace,
      .examples =
          {
              {.inputs = {input({2, 7, 4, 5}), input({2, 9, 2, 5}), input({2, 9, 2, 3})},
               .attrs = {{"scale", 0.4}, {"window_right", int64_t(0)}}},
              {.inputs = {input({1, 33, 2, 8}), input({1, 33, 2, 8}), input({1, 33, 2, 8})},
               .attrs = {{"scale", 0.5},
                         {"window_left", int64_t(5)},
                         {"window_right", int64_t(3)},
                         {"slopes", std::vector<double>{0.5, 0.25}}}},
              {.inputs = {input({2, 9, 2, 4}), input({2, 12, 1, 4}), input({2, 12, 1, 4}), input({1, 2, 9, 12}),
                          ExampleInput{
                              .shape = {2, 12}, .dtype = DType::Bool, .values = {1, 1, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1,
                                                                                 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0}}},
               .attrs = {{"scale", 0.5}, {"bias", true}, {"key_mask", true}}},
              {.inputs = {input({2, 1, 4, 4}), input({2, 40, 2, 4}), input({2, 40, 2, 4}), input({2, 1, 1, 40}),
                          integers({2}, {33, 7})},
               .attrs = {{"scale", 0.5}, {"window_right", int64_t(0)}, {"bias", true}, {"position", true}}},
              {.inputs = {input({3, 20, 1, 3}), input({3, 20, 1, 3}), input({3, 20, 1, 3}), integers({3}, {20, 1, 9})},
               .attrs = {{"scale", 1.0}, {"key_lengths", true}}},
              {.inputs = {input({1, 20, 2, 4}), input({1, 20, 1, 4}), input({1, 20, 1, 4}),
                          integers({5}, {0, 7, 7, 8, 20})},
               .attrs = {{"scale", 0.5}, {"window_right", int64_t(0)}, {"offsets", true}}},
              {.inputs = {input({1, 9, 1, 4}), input({1, 20, 1, 4}), input({1, 20, 1, 4}), integers({3}, {0, 3, 9}),
                          integers({3}, {0, 12, 20})},
               .attrs = {{"scale", 0.5}, {"window_right", int64_t(0)}, {"offsets", true}, {"key_offsets", true}}},
          },
  };
}

namespace ir {

AttentionResult attentionWithLogSumExp(Value q, Value k, Value v, const AttentionOptions& options) {
  const double scale = options.scale != 0 || q.rank() != 4 ? options.scale : 1 / std::sqrt(double(q.size(3)));
  Attrs attrs = {{"scale", scale}};
  std::vector<Value> inputs = {q, k, v};
  const auto give = [&](const char* name, Value value) {
    if (!value.isValid()) return;
    attrs.set(name, true);
    inputs.push_back(value);
  };
  give("bias", options.bias);
  give("key_mask", options.keyMask);
  give("key_lengths", options.keyLengths);
  give("position", options.position);
  give("offsets", options.offsets);
  give("key_offsets", options.keyOffsets);
  if (!options.slopes.empty()) attrs.set("slopes", options.slopes);
  if (options.windowLeft >= 0) attrs.set("window_left", options.windowLeft);
  const int64_t right = options.isCausal ? 0 : options.windowRight;
  if (right >= 0) attrs.set("window_right", right);
  const std::vector<Value> results = q.builder->ops("attention", inputs, std::move(attrs));
  return {results[0], results[1]};
}

Value attention(Value q, Value k, Value v, const AttentionOptions& options) {
  return attentionWithLogSumExp(q, k, v, options).out;
}

AttentionWeights attentionWeights(Builder& builder, int node) {
  const Node call = builder.graph().nodes[size_t(node)];
  std::vector<Value> inputs;
  for (const ValueRef& input : call.inputs) inputs.push_back(builder.value(input));
  const Value scores = attentionScores({builder, inputs, call.attrs}).scores;
  Shape rows = scores.shape();
  rows.set(3, 1);
  const Value logSumExp = reshape(builder.value({node, 1}), rows);
  const Value isVisible = notEqual(scores, -kInfinity);
  return {where(isVisible, exp(scores - logSumExp), 0.0), isVisible};
}

}  // namespace ir
}  // namespace fw
