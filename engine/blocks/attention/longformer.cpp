// Longformer: each token sees a window and a few global tokens, which see all by maps of their own. (Beltagy, Peters
// and Cohan, Longformer: The Long-Document Transformer, 2020.)
#include <algorithm>

#include "engine/base/error.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/attention.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/iota.h"
#include "engine/ops/reshape.h"
#include "engine/ops/slice.h"
#include "engine/ops/transpose.h"

namespace fw {
namespace {

/// [B,T,...] -> [B*s,T/s,...]: tokens with the same remainder stand together.
ir::Value apart(ir::Value x, int64_t step) {
  Shape shape = x.shape(), flat = x.shape();
  std::vector<int64_t> sizes = {shape[0], shape[1] / step, step}, order = {0, 2, 1};
  for (int i = 2; i < x.rank(); ++i) {
    sizes.push_back(shape[i]);
    order.push_back(i + 1);
  }
  flat.set(0, shape[0] * step);
  flat.set(1, shape[1] / step);
  return ir::reshape(ir::transpose(ir::reshape(x, Shape(sizes)), order), flat);
}

/// The windows of all queries. Keys are those of keptRows(), `areSeen` hides the global ones.
ir::AttentionResult windows(Lowering& at, ir::Value q, ir::Value k, ir::Value v, ir::Value areSeen, bool causal) {
  const int64_t batch = q.size(0), time = q.size(1), heads = q.size(2), step = at.integer("dilation");
  ir::AttentionOptions options{
      .windowLeft = at.integer("window"), .windowRight = causal ? 0 : at.integer("window"), .keyMask = areSeen};
  if (step == 1) return ir::attentionWithLogSumExp(q, k, v, options);
  if (at.isDecode()) {
    // The few kept keys: those at multiples of the step.
    const ir::Value query = ir::iota(at.builder(), {1, 1, time, 1}, 2) + double(k.size(1) - time);
    const ir::Value distance = ir::cast(query - ir::iota(at.builder(), {1, 1, 1, k.size(1)}, 3), DType::F32);
    const ir::Value isMultiple = ir::equal(distance - ir::floor(distance / double(step)) * double(step), 0.0);
    options.windowLeft *= step;
    options.bias = ir::where(isMultiple, at.builder().constant(0, {1, 1, time, k.size(1)}), -1e30);
    return ir::attentionWithLogSumExp(q, k, v, options);
  }
  if (time % step != 0)
    throw Error(Code::Shape,
                text("input 'x' has ", time, " positions; expected a multiple of the dilation ", step, "."));
  options.keyMask = apart(areSeen, step);
  const ir::AttentionResult result =
      ir::attentionWithLogSumExp(apart(q, step), apart(k, step), apart(v, step), options);
  const int64_t rows = time / step;
  return {
      ir::reshape(ir::transpose(ir::reshape(result.out, Shape{batch, step, rows, heads, v.size(3)}), {0, 2, 1, 3, 4}),
                  Shape{batch, time, heads, v.size(3)}),
      ir::reshape(ir::transpose(ir::reshape(result.logSumExp, Shape{batch, step, heads, rows}), {0, 2, 3, 1}),
                  Shape{batch, heads, time})};
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t time = x.size(1), globals = at.integer("globals"),
                reach = at.integer("window") * at.integer("dilation");
  const HeadShape shape = headShape(at, x.size(2));
  const bool causal = isCausal(at);
  const HeadValues heads = projectHeads(at, x, shape);
  const KeptRows k = keptRows(at, "k", heads.k, globals, reach), v = keptRows(at, "v", heads.v, globals, reach);
  const ir::AttentionResult near =
      windows(at, heads.q, k.latest, v.latest, areLatest(at, k.latest, time, globals), causal);
  ir::Value mixed = near.out;
  if (globals > 0) {
    ir::AttentionOptions options;
    if (causal) options.bias = hidesLater(at, time, k.first.size(1));
    const ir::AttentionResult far = ir::attentionWithLogSumExp(heads.q, k.first, v.first, options);
    mixed = mergedAttention(near.out, near.logSumExp, far.out, far.logSumExp);
  }
  if (globals > 0 && !causal) {
    const int64_t first = std::min(globals, time);
    const bool hasBias = at.text("bias") == "qkv" || at.text("bias") == "all";
    const auto map = [&](const char* name, ir::Value rows) {
      return splitHeads(at.linear(name, rows, shape.all(), hasBias), shape.heads);
    };
    const ir::Value q = map("q_global", ir::slice(x, 1, 0, first)), keys = map("k_global", x);
    const ir::Value all = ir::attention(q, keys, map("v_global", x));
    mixed = ir::concat({all, ir::slice(mixed, 1, first, time)}, 1);
  }
  outputHeads(at, mixed, x.size(2));
}

}  // namespace

BlockDef block_attention_longformer() {
  const auto example = [](Params params, int64_t time = 7) {
    params["heads"] = int64_t(2);
    return BlockExample{.params = std::move(params), .dims = {{"B", 2}, {"T", time}, {"D", 6}}};
  };
  return headsBlock(
      {.id = "attention.longformer",
       .title = "Longformer",
       .help =
           "Each token sees its neighbours within a window and the first few tokens, which are global: they see all "
           "tokens, by maps of their own. Time grows linearly with the sequence. Causal, the global tokens are "
           "those that every later one sees.",
       .paper = "Beltagy, Peters and Cohan, Longformer: The Long-Document Transformer, 2020",
       .synonyms = {"window", "global tokens", "dilated", "local attention"},
       .params = {maskParam("causal"),
                  intParam("window", 256).label("Window").range(1, 1e6).help("Tokens seen on each side."),
                  intParam("globals", 1).label("Global tokens").range(0, 1e6).help("The first so many."),
                  intParam("dilation", 1)
                      .label("Dilation")
                      .range(1, 1e4)
                      .help("Tokens of the window are so far apart; divides the length.")},
       .summary = {"heads", "window", "globals", "mask"},
       .isCausal = true,
       .lower = lower,
       .examples = {example({{"window", int64_t(2)}, {"globals", int64_t(2)}, {"bias", std::string("all")}}),
                    example({{"window", int64_t(3)}, {"globals", int64_t(0)}}),
                    example({{"window", int64_t(1)}, {"globals", int64_t(1)}, {"dilation", int64_t(2)}}, 8)}});
}

}  // namespace fw
