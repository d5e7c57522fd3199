// EcoFormer: codes of -1 and 1 in place of queries and keys, h = sign(A (k(z) - mean)), k(z)_a = exp(-|z - p_a|^2 /
// 2 s^2), whose products plus a constant are weights: o_i = sum_j (h_i . h_j + c) v_j / sum_j (h_i . h_j + c), in
// linear time and almost without multiplications. (Liu et al., EcoFormer: Energy-Saving Attention with Linear
// Complexity, 2022.)
#include <cmath>

#include "engine/base/error.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/mean.h"
#include "engine/ops/reshape.h"
#include "engine/ops/sum.h"
#include "engine/ops/transpose.h"

namespace fw {
namespace {

/// Codes of z [B,H,T,K]: [B,H,T,b], with the gradient of y held between -1 and 1.
ir::Value codesOf(Lowering& at, ir::Value z, bool causal) {
  const int64_t heads = z.size(1), width = z.size(3), bits = at.integer("bits"), anchorCount = at.integer("anchors");
  const auto buffer = [&](const char* name, const Shape& shape, const ir::Init& init) {
    return at.weight(
        {.name = name, .shape = shape, .init = init, .role = "buffer", .decays = false, .isTrainable = false});
  };
  const ir::Value anchors = buffer("anchors", {heads, anchorCount, width}, initNormal(1 / std::sqrt(double(width)))),
                  directions = buffer("directions", {heads, bits, anchorCount}, initNormal(1)),
                  means = buffer("means", {heads, 1, anchorCount}, initConstant(std::exp(-0.5)));
  const ir::Value lengths = ir::reshape(ir::sum(ir::square(anchors), {2}), Shape{heads, 1, anchorCount});
  const ir::Value distance =
      ir::sum(ir::square(z), {3}, true) + lengths - ir::matmul(z, anchors, {.transposeB = true}) * 2.0;
  // The spread of a whole sequence would tell of the future.
  const ir::Value spread =
      causal ? ir::exp(buffer("log_spread", {heads, 1, 1}, initZeros())) : ir::mean(distance, {2, 3}, true);
  const ir::Value near = ir::exp(distance / (spread * -2.0)) - means;
  const ir::Value y = ir::matmul(near, directions, {.transposeB = true});
  const ir::Value one = at.builder().constant(1, y.shape());
  return ir::straightThrough(ir::where(ir::greaterEqual(y, 0.0), one, -1.0), ir::clamp(y, -1, 1));
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t batch = x.size(0), time = x.size(1);
  const HeadShape shape = headShape(at, x.size(2));
  const bool causal = isCausal(at), isOwn = at.text("constant") == "self";
  if (isOwn && causal)
    throw Error(Code::Graph, "adds the own value alone, which is defined for whole sequences; expected a sum.");
  const bool hasBias = at.text("bias") == "qkv" || at.text("bias") == "all";
  const auto map = [&](const char* name) { return splitHeads(at.linear(name, x, shape.all(), hasBias), shape.heads); };
  ir::Value z = ir::transpose(map("qk"), {0, 2, 1, 3});
  z = z / ir::sqrt(ir::sum(ir::square(z), {3}, true) + 1e-12);
  const ir::Value v = map("v"), codes = ir::transpose(codesOf(at, z, causal), {0, 2, 1, 3});
  const double added = at.real("added") > 0 ? at.real("added") : double(at.integer("bits") + 1);
  ir::Value mixed;
  if (isOwn) {
    ir::Value total;
    mixed = featureAttention(at, codes, codes, v, false,
                             [&](ir::Value sum) { return total = sum + lengthOf(at.builder(), time) * added; });
    mixed = mixed + v * added / ir::transpose(total, {0, 2, 1, 3});
  } else {
    // One more feature, the root of the constant.
    const ir::Value root = at.builder().constant(std::sqrt(added), {batch, time, shape.heads, 1});
    const ir::Value features = ir::concat({codes, root}, 3);
    mixed = featureAttention(at, features, features, v, causal, [](ir::Value sum) { return sum; });
  }
  outputHeads(at, mixed, x.size(2));
}

std::string check(const Params& params) {
  const double added = std::get<double>(params.at("added"));
  return added > 0 && added <= double(std::get<int64_t>(params.at("bits")))
             ? "the constant is no larger than the bits, so that weights may be negative"
             : "";
}

}  // namespace

BlockDef block_attention_hashed() {
  return headsBlock(
      {.id = "attention.hashed",
       .title = "Binary linear attention",
       .help = "Queries and keys become codes of a few bits by hash functions, which are fitted to the similarities of "
               "tokens; sums over codes need additions alone. Time grows linearly with the sequence.",
       .paper = "Liu et al., EcoFormer: Energy-Saving Attention with Linear Complexity, 2022",
       .synonyms = {"EcoFormer", "binary", "hashing", "energy"},
       .params = {maskParam("causal"), intParam("bits", 16).label("Bits").range(1, 1024).help("Of a code."),
                  intParam("anchors", 25).label("Anchors").range(1, 4096).help("Tokens that others are compared with."),
                  realParam("added", 0)
                      .label("Constant")
                      .range(0, 1e6)
                      .help("Added to the products of codes, above the bits; 0: one more than the bits."),
                  choiceParam("constant", "sum", {"sum", "self"})
                      .label("Constant goes to")
                      .help("sum: all values, a true mean; self: the own value, as the published code does.")},
       .summary = {"heads", "bits", "mask"},
       .isCausal = true,
       .lower = lower,
       .check = check,
       .examples = {{.params = {{"heads", int64_t(2)}, {"bits", int64_t(5)}, {"anchors", int64_t(3)}},
                     .dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                    {.params = {{"heads", int64_t(1)},
                                {"bits", int64_t(3)},
                                {"anchors", int64_t(4)},
                                {"added", 8.0},
                                {"bias", std::string("all")}},
                     .dims = {{"B", 1}, {"T", 5}, {"D", 6}}}}});
}

}  // namespace fw
