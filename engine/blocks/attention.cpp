// q, k, v = x W; rotary or ALiBi positions; softmax(q k^T / sqrt(K)) v over the keys that the mask allows, scores
// capped where asked for; W_o.
#include "engine/blocks/attention.h"

#include <algorithm>
#include <cmath>

#include "engine/blocks/rope.h"
#include "engine/ops/attention.h"
#include "engine/ops/cache_update.h"
#include "engine/ops/concat.h"
#include "engine/ops/dropout.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/iota.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reshape.h"
#include "engine/ops/rms_norm.h"
#include "engine/ops/rotary.h"
#include "engine/ops/slice.h"
#include "engine/ops/softmax.h"
#include "engine/ops/transpose.h"

namespace fw {

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

namespace {

int64_t headWidthOf(const Lowering& at, int64_t width, int64_t heads) {
  if (const int64_t given = at.integer("head_width"); given > 0) return given;
  if (width % heads != 0)
    throw Error(Code::Shape,
                text("width ", width, " is no multiple of ", heads, " heads; expected one, or a head width."));
  return width / heads;
}

ir::Value rmsNorm(Lowering& at, const std::string& name, ir::Value x) {
  const bool isAroundOne = at.flag("qk_norm_around_one");
  const ir::Value weight = at.weight({.name = name + ".weight",
                                      .shape = {x.size(-1)},
                                      .init = isAroundOne ? initZeros() : initOnes(),
                                      .role = "norm",
                                      .decays = false});
  return ir::rmsNorm(x, isAroundOne ? 1.0 + weight : weight, at.real("qk_norm_eps"));
}

/// Turns queries and keys; `turned` elements of each head.
ir::Value rotated(Lowering& at, ir::Value x, int64_t turned) {
  const RopeScaling scaling{.kind = at.text("rope_scaling"),
                            .factor = at.real("rope_factor"),
                            .low = at.real("rope_low"),
                            .high = at.real("rope_high"),
                            .length = double(at.integer("rope_length")),
                            .attentionFactor = at.real("rope_attention_factor"),
                            .time = at.isDecode() ? at.cacheLength() : x.size(1),
                            .shortFactors = numbersOf(at.text("rope_short"), "the list of short factors"),
                            .longFactors = numbersOf(at.text("rope_long"), "the list of long factors")};
  ir::RotaryOptions options{.isInterleaved = at.flag("rope_interleaved")};
  if (at.isDecode()) options.position = at.position();
  x = ir::rotary(x, scaledFrequencies(at.real("rope_base"), turned, scaling), options);
  const double factor = ropeAttentionFactor(scaling);
  if (factor == 1) return x;
  if (turned == x.size(-1)) return x * factor;
  return ir::concat({ir::slice(x, 3, 0, turned) * factor, ir::slice(x, 3, turned, x.size(-1))}, 3);
}

/// softmax(cap tanh(scale q k^T / cap)) v, with the masks of `options`: step by step, as the op has no cap.
ir::Value cappedAttention(ir::Value q, ir::Value k, ir::Value v, const ir::AttentionOptions& options, double cap) {
  const int64_t batch = q.size(0), time = q.size(1), heads = q.size(2), width = q.size(3);
  const int64_t keys = k.size(1), keyHeads = k.size(2), group = heads / keyHeads;
  // The heads that share a key head stand below each other: [B,Hkv,G*T,K].
  const ir::Value rows =
      ir::reshape(ir::transpose(ir::reshape(q, Shape{batch, time, keyHeads, group, width}), {0, 2, 3, 1, 4}),
                  Shape{batch, keyHeads, group * time, width});
  ir::Value scores = ir::matmul(rows, ir::transpose(k, {0, 2, 1, 3}), {.transposeB = true}) *
                     ((options.scale > 0 ? options.scale : 1 / std::sqrt(double(width))) / cap);
  scores = ir::reshape(ir::tanh(scores) * cap, Shape{batch, heads, time, keys});

  ir::Builder& builder = *q.builder;
  ir::Value query = ir::iota(builder, {1, 1, time, 1}, 2);
  query = options.position.isValid() ? query + options.position : query + double(keys - time);
  const ir::Value key = ir::iota(builder, {1, 1, 1, keys}, 3);
  ir::Value seen;
  const auto require = [&](ir::Value condition) {
    seen = seen.isValid() ? ir::logicalAnd(seen, condition) : condition;
  };
  if (options.isCausal) require(ir::lessEqual(key, query));
  if (options.windowLeft >= 0) require(ir::greaterEqual(key, query - double(options.windowLeft)));
  if (options.keyMask.isValid()) require(ir::reshape(options.keyMask, Shape{batch, 1, 1, keys}));
  if (seen.isValid()) scores = ir::where(seen, scores, -1e30);
  const ir::Value shares = ir::reshape(ir::softmax(scores), Shape{batch, keyHeads, group * time, keys});
  const ir::Value mixed = ir::matmul(shares, ir::transpose(v, {0, 2, 1, 3}));
  return ir::transpose(ir::reshape(mixed, Shape{batch, keyHeads, group, time, v.size(3)}), {0, 3, 1, 2, 4});
}

}  // namespace

void lowerAttention(Lowering& at, const HeadCounts& counts) {
  const ir::Value x = at.input("x");
  const int64_t batch = x.size(0), time = x.size(1), width = x.size(2);
  const int64_t headWidth = headWidthOf(at, width, counts.ofWidth), heads = std::max(counts.queries, counts.keys);
  if (heads % counts.queries != 0 || heads % counts.keys != 0)
    throw Error(Code::Shape, text(counts.queries, " heads are no multiple of ", counts.keys, " key-value heads."));
  const std::string &positions = at.text("positions"), &mask = at.text("mask"), &bias = at.text("bias");
  const bool isCausal = mask != "bidirectional";
  if (at.isDecode() && !isCausal)
    throw Error(Code::Graph, "is bidirectional and cannot decode token by token; expected a causal mask.");

  const bool isNormed = at.flag("qk_norm"), isNormedWhole = at.text("qk_norm_over") == "all";
  const auto project = [&](const char* name, int64_t count, const char* norm) {
    ir::Value rows = at.linear(name, x, count * headWidth, bias == "qkv" || bias == "all");
    if (norm && isNormed && isNormedWhole) rows = rmsNorm(at, norm, rows);
    rows = ir::reshape(rows, Shape{batch, time, count, headWidth});
    return norm && isNormed && !isNormedWhole ? rmsNorm(at, norm, rows) : rows;
  };
  ir::Value q = project("q", counts.queries, "q_norm"), k = project("k", counts.keys, "k_norm"),
            v = project("v", counts.keys, nullptr);
  ir::AttentionOptions options{.scale = at.real("score_scale"), .isCausal = isCausal};
  if (positions == "rotary") {
    const int64_t turned = int64_t(std::floor(double(headWidth) * at.real("rope_share") / 2)) * 2;
    if (turned < 2)
      throw Error(Code::Shape, text("head width ", headWidth, " leaves no pair to rotate; expected at least 2."));
    q = rotated(at, q, turned);
    k = rotated(at, k, turned);
  }
  if (heads > counts.queries) q = ir::concat(std::vector<ir::Value>(size_t(heads / counts.queries), q), 2);
  if (positions == "alibi") options.slopes = alibiSlopes(heads);
  if (mask == "sliding") options.windowLeft = at.integer("window") - 1;
  if (at.hasInput("key_mask")) options.keyMask = at.input("key_mask");
  if (at.isDecode()) {
    const auto cached = [&](const char* name, ir::Value rows) {
      const ir::Value cache = at.state(name, {DType::F32, {batch, at.cacheLength(), counts.keys, headWidth}}, true);
      const ir::Value next = ir::cacheUpdate(cache, rows, at.position());
      at.setState(name, next);
      return next;
    };
    k = cached("k", k);
    v = cached("v", v);
    options.position = at.position();
  }
  const double cap = at.real("soft_cap");
  const ir::Value mixed = cap > 0 ? cappedAttention(q, k, v, options, cap) : ir::attention(q, k, v, options);
  ir::Value y =
      at.linear("o", ir::reshape(mixed, Shape{batch, time, heads * headWidth}), width, bias == "all" || bias == "o");
  if (at.real("dropout") > 0 && at.mode() == Mode::Train)
    y = ir::dropout(y, at.randomSeed(), at.real("dropout"), at.randomStream("dropout"));
  at.output("y", y);
}

namespace {

void lower(Lowering& at) {
  HeadCounts counts{at.integer("heads"), at.integer("kv_heads"), at.integer("heads")};
  if (counts.keys == 0) counts.keys = counts.queries;
  if (counts.queries % counts.keys != 0)
    throw Error(Code::Shape, text(counts.queries, " heads are no multiple of ", counts.keys, " key-value heads."));
  lowerAttention(at, counts);
}

BlockExample example(Params params, int64_t width = 8) {
  return {.params = std::move(params), .dims = {{"B", 2}, {"T", 7}, {"D", width}}};
}

std::string check(const Params& params) {
  if (std::get<double>(params.at("soft_cap")) > 0 && std::get<std::string>(params.at("positions")) == "alibi")
    return "a soft cap and ALiBi exclude each other";
  if (std::get<std::string>(params.at("rope_scaling")) == "llama3" &&
      std::get<double>(params.at("rope_high")) <= std::get<double>(params.at("rope_low")))
    return "the upper number of turns must be above the lower one";
  return {};
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
      choiceParam("qk_norm_over", "head", {"head", "all"})
          .label("QK norm over")
          .when("qk_norm=true")
          .help("Each head alone, or all heads of a token together (OLMo 2)."),
      realParam("qk_norm_eps", 1e-6)
          .label("QK norm epsilon")
          .range(0, 1)
          .when("qk_norm=true")
          .help("Added to the mean square."),
      boolParam("qk_norm_around_one", false)
          .label("QK norm around one")
          .when("qk_norm=true")
          .help("Features are scaled by 1 + weight (Gemma 3)."),
      choiceParam("bias", text, {"none", "qkv", "o", "all"}).label("Bias").help("Which of the four maps have one."),
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
      choiceParam("rope_scaling", "none", {"none", "linear", "ntk", "dynamic", "llama3", "yarn", "longrope"})
          .label("Rotary stretch")
          .when("positions=rotary")
          .help(
              "How frequencies are lowered for texts longer than those of the training. Dynamic and LongRoPE go by the "
              "length of the text, in decoding by that of the cache."),
      realParam("rope_factor", 1)
          .label("Stretch")
          .range(0.01, 1e6)
          .when("rope_scaling!=none")
          .help("Texts may be longer by this factor."),
      realParam("rope_low", 1)
          .label("Fewest turns")
          .range(1e-6, 1e6)
          .when("rope_scaling=llama3|yarn")
          .help("Pairs that turn less often over the original length are stretched fully."),
      realParam("rope_high", 4)
          .label("Most turns")
          .range(1e-6, 1e6)
          .when("rope_scaling=llama3|yarn")
          .help("Pairs that turn more often over the original length stay as they are (YaRN: 32)."),
      intParam("rope_length", 8192)
          .label("Original length")
          .when("rope_scaling=dynamic|llama3|yarn|longrope")
          .help("Positions of the training."),
      realParam("rope_attention_factor", 0)
          .label("Stretch of scores")
          .range(0, 1e6)
          .when("rope_scaling=yarn|longrope")
          .help("Multiplies cosines and sines; 0: 0.1 ln(stretch) + 1, LongRoPE: sqrt(1 + ln(stretch) / ln(length))."),
      textParam("rope_short", "")
          .label("Short factors")
          .when("rope_scaling=longrope")
          .help("Divide the frequencies up to the original length: one number a pair, separated by spaces."),
      textParam("rope_long", "")
          .label("Long factors")
          .when("rope_scaling=longrope")
          .help("Divide the frequencies above the original length."),
      realParam("score_scale", 0)
          .label("Score scale")
          .range(0, 1e6)
          .help("Multiplies the products of queries and keys; 0: 1 / sqrt(head width)."),
      realParam("soft_cap", 0)
          .label("Soft cap")
          .range(0, 1e6)
          .help("Scores saturate at this, cap tanh(score / cap); 0: none (Gemma 2)."),
      realParam("dropout", 0).label("Dropout").range(0, 0.99).help("Share of the result set to zero while training."),
  };
  def.summary = {"heads", "kv_heads", "positions", "mask"};
  def.isCausal = mask != "bidirectional";
  def.lower = lower;
  def.check = check;
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
      example({{"heads", int64_t(4)},
               {"kv_heads", two},
               {"mask", mask == "causal" ? std::string("sliding") : mask},
               {"window", int64_t(3)},
               {"soft_cap", 0.7},
               {"score_scale", 0.4},
               {"qk_norm", true},
               {"qk_norm_around_one", true},
               {"rope_scaling", std::string("llama3")},
               {"rope_factor", 8.0},
               {"rope_length", int64_t(16)}}),
      example({{"heads", two},
               {"kv_heads", one},
               {"qk_norm", true},
               {"qk_norm_over", std::string("all")},
               {"rope_share", 0.5},
               {"rope_scaling", std::string("yarn")},
               {"rope_factor", 4.0},
               {"rope_low", 0.5},
               {"rope_high", 3.0},
               {"bias", std::string("o")},
               {"rope_length", int64_t(16)}},
              16),
      example({{"heads", two},
               {"kv_heads", one},
               {"rope_scaling", std::string("longrope")},
               {"rope_attention_factor", 1.25},
               {"rope_length", int64_t(1)},
               {"rope_short", std::string("1 1.5")},
               {"rope_long", std::string("1.25 4")}}),
      example({{"heads", two},
               {"kv_heads", two},
               {"rope_scaling", std::string("dynamic")},
               {"rope_factor", 2.0},
               {"rope_length", int64_t(4096)}}),
  };
  return def;
}

}  // namespace fw
