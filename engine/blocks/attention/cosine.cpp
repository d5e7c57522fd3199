// cosFormer: weights relu(q_i) . relu(k_j) cos(pi (i - j) / 2M), which is a product of features, as the cosine of a
// difference is. (Qin et al., cosFormer: Rethinking Softmax in Attention, 2022; mixed with softmax by the layer: Liu et
// al., Neural Architecture Search on Efficient Transformers and Beyond, 2022.)
#include <cmath>
#include <numbers>

#include "engine/base/error.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/attention.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/iota.h"
#include "engine/ops/reshape.h"

namespace fw {
namespace {

ir::Value activated(const Lowering& at, ir::Value x) {
  if (at.text("activation") == "relu") return ir::relu(x);
  return ir::where(ir::greater(x, 0.0), x + 1.0, ir::exp(ir::minimum(x, 0.0)));
}

/// pi i / 2M of the tokens i = 1.., [1,T,1,1].
ir::Value angles(Lowering& at, int64_t time) {
  const int64_t most = at.integer("max_length");
  if (most == 0 && at.isDecode())
    throw Error(Code::Graph, "measures positions by the length of the text; expected a longest length for decoding.");
  if (most > 0 && time > most)
    throw Error(Code::Shape, text("input 'x' has ", time, " positions; expected at most ", most, "."));
  ir::Value index = ir::iota(at.builder(), {1, time, 1, 1}, 1);
  if (at.isDecode()) index = index + at.position();
  const ir::Value place = (ir::cast(index, DType::F32) + 1.0) * (std::numbers::pi / 2);
  return most > 0 ? place / double(most) : place / lengthOf(at.builder(), time);
}

ir::Value byCosine(Lowering& at, const HeadValues& heads, bool causal) {
  const ir::Value angle = angles(at, heads.q.size(1)), sine = ir::sin(angle), cosine = ir::cos(angle);
  const auto features = [&](ir::Value x) {
    const ir::Value positive = activated(at, x);
    return ir::concat({positive * sine, positive * cosine}, 3);
  };
  return featureAttention(at, features(heads.q), features(heads.k), heads.v, causal,
                          [](ir::Value sum) { return ir::maximum(sum, 1e-6); });
}

ir::Value bySoftmax(Lowering& at, HeadValues heads, bool causal) {
  ir::AttentionOptions options{.isCausal = causal};
  if (at.isDecode()) {
    appendToCache(at, heads.k, heads.v);
    options.position = at.position();
  }
  return ir::attention(heads.q, heads.k, heads.v, options);
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const HeadValues heads = projectHeads(at, x, headShape(at, x.size(2)));
  const bool causal = isCausal(at);
  const std::string& kind = at.text("kind");
  ir::Value mixed = kind == "softmax" ? bySoftmax(at, heads, causal) : byCosine(at, heads, causal);
  if (kind == "blend") {
    const ir::Value share =
        ir::sigmoid(at.weight({.name = "softmax_share", .shape = {1}, .init = initZeros(), .decays = false}));
    mixed = bySoftmax(at, heads, causal) * share + mixed * (1.0 - share);
  }
  outputHeads(at, mixed, x.size(2));
}

}  // namespace

BlockDef block_attention_cosine() {
  const auto example = [](Params params, int64_t time) {
    params["heads"] = int64_t(2);
    return BlockExample{.params = std::move(params), .dims = {{"B", 2}, {"T", time}, {"D", 6}}};
  };
  return headsBlock(
      {.id = "attention.cosine",
       .title = "cosFormer",
       .help = "Attention without softmax: products of positive queries and keys, weighed by a cosine that prefers "
               "near tokens, in time that grows linearly with the sequence. The same weights serve softmax attention, "
               "so that each layer of a stack may choose.",
       .paper = "Qin et al., cosFormer: Rethinking Softmax in Attention, 2022",
       .synonyms = {"cosformer", "linear attention", "mixed attention"},
       .params = {maskParam("causal"),
                  choiceParam("kind", "cosine", {"cosine", "softmax", "blend"})
                      .label("Kind")
                      .help("cosine or softmax with the same maps, or both with a learned share."),
                  intParam("max_length", 4096)
                      .label("Longest length")
                      .range(0, 1e9)
                      .when("kind!=softmax")
                      .help("Angles are measured by this; 0: the length of the text, which cannot decode."),
                  choiceParam("activation", "relu", {"relu", "elu"})
                      .label("Activation")
                      .when("kind!=softmax")
                      .help("Makes queries and keys positive: relu, or elu + 1.")},
       .summary = {"heads", "kind", "mask"},
       .isCausal = true,
       .lower = lower,
       .examples = {
           example({{"max_length", int64_t(16)}, {"bias", std::string("all")}}, 7),
           example({{"kind", std::string("softmax")}}, 5),
           example({{"kind", std::string("blend")}, {"max_length", int64_t(9)}, {"activation", std::string("elu")}},
                   5)}});
}

}  // namespace fw
