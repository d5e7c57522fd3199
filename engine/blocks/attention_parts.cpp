// Pieces that kinds of attention share.
#include "engine/blocks/attention_parts.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/ops/broadcast_to.h"
#include "engine/ops/cache_update.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/iota.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reshape.h"
#include "engine/ops/selective_scan.h"
#include "engine/ops/slice.h"
#include "engine/ops/sum.h"
#include "engine/ops/take.h"
#include "engine/ops/transpose.h"

namespace fw {

HeadShape headShape(const Lowering& at, int64_t width) {
  HeadShape shape{at.integer("heads"), at.integer("head_width")};
  if (shape.width > 0) return shape;
  if (width % shape.heads != 0)
    throw Error(Code::Shape,
                text("width ", width, " is no multiple of ", shape.heads, " heads; expected one, or a head width."));
  shape.width = width / shape.heads;
  return shape;
}

ir::Value splitHeads(ir::Value x, int64_t heads) {
  return ir::reshape(x, Shape{x.size(0), x.size(1), heads, x.size(2) / heads});
}

ir::Value joinHeads(ir::Value x) { return ir::reshape(x, Shape{x.size(0), x.size(1), x.size(2) * x.size(3)}); }

HeadValues projectHeads(Lowering& at, ir::Value x, const HeadShape& shape) {
  const bool hasBias = at.text("bias") == "qkv" || at.text("bias") == "all";
  const auto map = [&](const char* name) { return splitHeads(at.linear(name, x, shape.all(), hasBias), shape.heads); };
  const ir::Value q = map("q"), k = map("k");
  return {q, k, map("v")};
}

void outputHeads(Lowering& at, ir::Value mixed, int64_t width) {
  const bool hasBias = at.text("bias") == "o" || at.text("bias") == "all";
  at.output("y", at.linear("o", joinHeads(mixed), width, hasBias));
}

BlockDef headsBlock(BlockDef def, const std::string& time) {
  def.category = "attention";
  def.name = "attention";
  def.inputs = {{.name = "x", .dims = "B " + time + " D"}};
  def.outputs = {{.name = "y", .dims = "B " + time + " D"}};
  const std::string none = "none";
  std::vector<ParamDef> params = {
      intParam("heads", 4).label("Heads").range(1, 65536).help("Each attends by itself."),
      intParam("head_width", 0).label("Head width").range(0, 65536).help("0: width / heads."),
      choiceParam("bias", none, {"none", "qkv", "o", "all"}).label("Bias").help("Which of the maps have one.")};
  def.params.insert(def.params.begin(), params.begin(), params.end());
  if (def.summary.empty()) def.summary = {"heads"};
  return def;
}

ParamDef maskParam(const std::string& value) {
  return choiceParam("mask", value, {"causal", "bidirectional"}).label("Mask").help("Which keys a query sees.");
}

bool isCausal(const Lowering& at) {
  if (at.text("mask") == "causal") return true;
  if (at.isDecode())
    throw Error(Code::Graph, "is bidirectional and cannot decode token by token; expected a causal mask.");
  return false;
}

ir::Value featureAttention(Lowering& at, ir::Value q, ir::Value k, ir::Value v, bool isCausal, const Guard& guard,
                           const std::string& state) {
  const int64_t batch = v.size(0), time = v.size(1), heads = v.size(2), width = v.size(3), features = q.size(3);
  // A column of ones sums the weights beside the values.
  const ir::Value values = ir::concat({v, at.builder().constant(1, {batch, time, heads, 1})}, 3);
  ir::Value sums;  // [B,H,T,V+1]
  if (isCausal) {
    const auto folded = [&](ir::Value x) {
      return ir::reshape(ir::transpose(x, {0, 2, 1, 3}), Shape{batch * heads, time, x.size(3)});
    };
    const Shape kept = {batch * heads, width + 1, features};
    const ir::Value before = at.isDecode() ? at.state(state, {DType::F32, kept}) : ir::Value{};
    const ir::SelectiveScanResult scan =
        ir::selectiveScan(folded(values), at.builder().constant(1, {batch * heads, time, width + 1}),
                          at.builder().constant(0, {width + 1, features}), folded(k), folded(q), {}, before);
    if (at.isDecode()) at.setState(state, scan.lastState);
    sums = ir::reshape(scan.y, Shape{batch, heads, time, width + 1});
  } else {
    const ir::Value all = ir::matmul(ir::transpose(k, {0, 2, 3, 1}), ir::transpose(values, {0, 2, 1, 3}));
    sums = ir::matmul(ir::transpose(q, {0, 2, 1, 3}), all);
  }
  const ir::Value y = ir::slice(sums, 3, 0, width) / guard(ir::slice(sums, 3, width, width + 1));
  return ir::transpose(y, {0, 2, 1, 3});
}

ir::Value mergedAttention(ir::Value out, ir::Value logSumExp, ir::Value otherOut, ir::Value otherLogSumExp) {
  const ir::Value highest = ir::stopGradient(ir::maximum(logSumExp, otherLogSumExp));
  const ir::Value one = ir::exp(logSumExp - highest), other = ir::exp(otherLogSumExp - highest);
  const auto share = [&](ir::Value part) {  // [B,H,T] -> [B,T,H,1]
    const ir::Value rows = ir::transpose(part / (one + other), {0, 2, 1});
    return ir::reshape(rows, Shape{rows.size(0), rows.size(1), rows.size(2), 1});
  };
  return out * share(one) + otherOut * share(other);
}

KeptRows keptRows(Lowering& at, const std::string& name, ir::Value rows, int64_t first, int64_t latest) {
  const int64_t time = rows.size(1);
  if (!at.isDecode()) return {ir::slice(rows, 1, 0, std::min(first, time)), rows};
  const auto kept = [&](const char* what, int64_t count) {
    Shape shape = rows.shape();
    shape.set(1, count);
    return at.state(name + what, {DType::F32, shape});
  };
  KeptRows result;
  if (first > 0) {
    // Row j is new where the tokens that come now reach over it.
    const ir::Value before = kept("_first", first), j = ir::iota(at.builder(), {first}, 0);
    const ir::Value isNew =
        ir::logicalAnd(ir::greaterEqual(j, at.position()), ir::less(j, at.position() + double(time)));
    result.first = ir::take(ir::concat({before, rows}, 1), ir::where(isNew, j - at.position() + double(first), j), 1);
    at.setState(name + "_first", result.first);
  }
  result.latest = rows;
  if (latest > 0) {
    result.latest = ir::concat({kept("_latest", latest), rows}, 1);
    at.setState(name + "_latest", ir::slice(result.latest, 1, time, time + latest));
  }
  return result;
}

ir::Value areLatest(Lowering& at, ir::Value latest, int64_t time, int64_t first) {
  const int64_t batch = latest.size(0), count = latest.size(1);
  ir::Value token = ir::iota(at.builder(), {1, count}, 1);
  if (at.isDecode()) token = token + at.position() - double(count - time);
  return ir::broadcastTo(ir::greaterEqual(token, double(first)), {batch, count});
}

ir::Value hidesLater(Lowering& at, int64_t time, int64_t first) {
  ir::Value query = ir::iota(at.builder(), {1, 1, time, 1}, 2);
  if (at.isDecode()) query = query + at.position();
  const ir::Value isSeen = ir::lessEqual(ir::iota(at.builder(), {1, 1, 1, first}, 3), query);
  return ir::where(isSeen, at.builder().constant(0, {1, 1, time, first}), -1e30);
}

void appendToCache(Lowering& at, ir::Value& k, ir::Value& v) {
  const auto appended = [&](const char* name, ir::Value rows) {
    Shape shape = rows.shape();
    shape.set(1, at.cacheLength());
    const ir::Value next = ir::cacheUpdate(at.state(name, {DType::F32, shape}, true), rows, at.position());
    at.setState(name, next);
    return next;
  };
  k = appended("k", k);
  v = appended("v", v);
}

ir::Value listed(ir::Builder& builder, std::vector<double> values, const Shape& shape, DType dtype) {
  return builder.op("constant", {},
                    {{"values", std::move(values)}, {"shape", shape.dims()}, {"dtype", std::string(name(dtype))}});
}

ir::Value lengthOf(ir::Builder& builder, int64_t length) { return ir::sum(builder.constant(1, {length})); }

}  // namespace fw
