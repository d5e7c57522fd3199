// q, k, v = x W; rotary or ALiBi positions; softmax(q k^T / sqrt(K)) v over the keys that the mask allows; W_o.
#include "engine/blocks/attention.h"

#include <cmath>

#include "engine/ops/attention.h"
#include "engine/ops/cache_update.h"
#include "engine/ops/dropout.h"
#include "engine/ops/reshape.h"
#include "engine/ops/rms_norm.h"
#include "engine/ops/rotary.h"

namespace fw {
namespace {

/// Slopes of Press, Smith and Lewis, Train Short, Test Long, 2021: 2^(-8 i / n) for the nearest power of two n of
/// heads, those of 2n with odd i for the rest.
std::vector<double> alibiSlopes(int64_t heads) {
  const int64_t power = int64_t(1) << int(std::floor(std::log2(double(heads))));
  std::vector<double> slopes;
  for (int64_t i = 1; i <= power; ++i) slopes.push_back(std::pow(2.0, -8.0 * double(i) / double(power)));
  for (int64_t i = 1; int64_t(slopes.size()) < heads; i += 2)
    slopes.push_back(std::pow(2.0, -4.0 * double(i) / double(power)));
  return slopes;
}

struct Sizes {
  int64_t heads, keyHeads, headWidth;
};

Sizes sizesOf(const Lowering& at, int64_t width) {
  Sizes sizes{at.integer("heads"), at.integer("kv_heads"), at.integer("head_width")};
  if (sizes.keyHeads == 0) sizes.keyHeads = sizes.heads;
  if (sizes.headWidth == 0) {
    if (width % sizes.heads != 0)
      throw Error(Code::Shape,
                  text("width ", width, " is no multiple of ", sizes.heads, " heads; expected one, or a head width."));
    sizes.headWidth = width / sizes.heads;
  }
  if (sizes.heads % sizes.keyHeads != 0)
    throw Error(Code::Shape, text(sizes.heads, " heads are no multiple of ", sizes.keyHeads, " key-value heads."));
  return sizes;
}

ir::Value headNorm(Lowering& at, const std::string& name, ir::Value x) {
  const ir::Value weight =
      at.weight({.name = name + ".weight", .shape = {x.size(-1)}, .init = initOnes(), .role = "norm", .decays = false});
  return ir::rmsNorm(x, weight, 1e-6);
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t batch = x.size(0), time = x.size(1), width = x.size(2);
  const Sizes sizes = sizesOf(at, width);
  const std::string &positions = at.text("positions"), &mask = at.text("mask"), &bias = at.text("bias");
  const bool isCausal = mask != "bidirectional";
  if (at.isDecode() && !isCausal)
    throw Error(Code::Graph, "is bidirectional and cannot decode token by token; expected a causal mask.");

  const auto project = [&](const char* name, int64_t heads) {
    return ir::reshape(at.linear(name, x, heads * sizes.headWidth, bias != "none"),
                       Shape{batch, time, heads, sizes.headWidth});
  };
  ir::Value q = project("q", sizes.heads), k = project("k", sizes.keyHeads), v = project("v", sizes.keyHeads);
  if (at.flag("qk_norm")) {
    q = headNorm(at, "q_norm", q);
    k = headNorm(at, "k_norm", k);
  }
  ir::AttentionOptions options{.isCausal = isCausal};
  if (positions == "rotary") {
    const int64_t turned = int64_t(std::floor(double(sizes.headWidth) * at.real("rope_share") / 2)) * 2;
    if (turned < 2)
      throw Error(Code::Shape, text("head width ", sizes.headWidth, " leaves no pair to rotate; expected at least 2."));
    ir::RotaryOptions rotary{.isInterleaved = at.flag("rope_interleaved")};
    if (at.isDecode()) rotary.position = at.position();
    const std::vector<double> frequencies = ir::rotaryFrequencies(at.real("rope_base"), turned);
    q = ir::rotary(q, frequencies, rotary);
    k = ir::rotary(k, frequencies, rotary);
  }
  if (positions == "alibi") options.slopes = alibiSlopes(sizes.heads);
  if (mask == "sliding") options.windowLeft = at.integer("window") - 1;
  if (at.hasInput("key_mask")) options.keyMask = at.input("key_mask");
  if (at.isDecode()) {
    const auto cached = [&](const char* name, ir::Value rows) {
      const ir::Value cache =
          at.state(name, {DType::F32, {batch, at.cacheLength(), sizes.keyHeads, sizes.headWidth}}, true);
      const ir::Value next = ir::cacheUpdate(cache, rows, at.position());
      at.setState(name, next);
      return next;
    };
    k = cached("k", k);
    v = cached("v", v);
    options.position = at.position();
  }
  const ir::Value mixed =
      ir::reshape(ir::attention(q, k, v, options), Shape{batch, time, sizes.heads * sizes.headWidth});
  ir::Value y = at.linear("o", mixed, width, bias == "all");
  if (at.real("dropout") > 0 && at.mode() == Mode::Train)
    y = ir::dropout(y, at.randomSeed(), at.real("dropout"), at.randomStream("dropout"));
  at.output("y", y);
}

BlockExample example(Params params, int64_t width = 8) {
  return {.params = std::move(params), .dims = {{"B", 2}, {"T", 7}, {"D", width}}};
}

}  // namespace

BlockDef attentionBlock(BlockDef def, int64_t keyHeads, const std::string& mask) {
  const std::string text = "none";
  def.category = "attention";
  def.name = "attention";
  def.inputs = {{.name = "x", .dims = "B T D"},
                {.name = "key_mask",
                 .dims = "B T",
                 .kind = PortKind::Mask,
                 .isOptional = true,
                 .help = "True where a token may be attended to."}};
  def.outputs = {{.name = "y", .dims = "B T D"}};
  def.params = {
      intParam("heads", 4).label("Heads").range(1, 65536).help("Query heads."),
      intParam("kv_heads", keyHeads)
          .label("Key/value heads")
          .range(0, 65536)
          .help("Divides the heads; 0: as many as there are heads."),
      intParam("head_width", 0).label("Head width").range(0, 65536).help("0: width / heads."),
      choiceParam("positions", "rotary", {"rotary", "alibi", "none"})
          .label("Positions")
          .help("Rotary turns queries and keys; ALiBi lowers far scores; none leaves them to the embedding."),
      choiceParam("mask", mask, {"causal", "sliding", "bidirectional"}).label("Mask").help("Which keys a query sees."),
      intParam("window", 256)
          .label("Window")
          .range(1, 1e9)
          .when("mask=sliding")
          .help("Keys that a query sees, itself included."),
      boolParam("qk_norm", false).label("QK norm").help("RMS norm of each query and key."),
      choiceParam("bias", text, {"none", "qkv", "all"}).label("Bias").help("Which of the four maps have one."),
      realParam("rope_base", 10000)
          .label("Rotary base")
          .range(1, 1e12)
          .when("positions=rotary")
          .help("Wavelengths grow to this."),
      realParam("rope_share", 1)
          .label("Rotary share")
          .range(0.01, 1)
          .when("positions=rotary")
          .help("Share of each head that is turned."),
      boolParam("rope_interleaved", false)
          .label("Interleaved")
          .when("positions=rotary")
          .help("Pairs lie side by side instead of half a head apart."),
      realParam("dropout", 0).label("Dropout").range(0, 0.99).help("Share of the result set to zero while training."),
  };
  def.summary = {"heads", "kv_heads", "positions", "mask"};
  def.isCausal = mask != "bidirectional";
  def.lower = lower;
  const int64_t two = 2, one = 1;
  def.examples = {
      example({{"heads", two}, {"kv_heads", keyHeads}}),
      example({{"heads", two},
               {"kv_heads", one},
               {"positions", std::string("alibi")},
               {"mask", std::string("sliding")},
               {"window", int64_t(3)},
               {"bias", std::string("all")}}),
      example({{"heads", two},
               {"kv_heads", two},
               {"positions", std::string("none")},
               {"qk_norm", true},
               {"bias", std::string("qkv")},
               {"head_width", int64_t(3)}},
              5),
      example({{"heads", two}, {"kv_heads", two}, {"rope_share", 0.5}, {"rope_interleaved", true}}, 16),
  };
  return def;
}

}  // namespace fw
