// A window with attention sinks: the first tokens and the latest ones stay in a cache of constant size, and positions
// are places in that cache. (Xiao et al., Efficient Streaming Language Models with Attention Sinks, 2023.)
#include "engine/base/error.h"
#include "engine/blocks/attention.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/attention.h"
#include "engine/ops/broadcast_to.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/iota.h"
#include "engine/ops/reshape.h"
#include "engine/ops/rotary.h"
#include "engine/ops/slice.h"

namespace fw {
namespace {

/// Places in the cache of the new tokens: their positions until it is full, then always the last. i64 [B,T]
ir::Value places(Lowering& at, int64_t batch, int64_t time, int64_t size) {
  ir::Value token = ir::iota(at.builder(), {1, time}, 1);
  if (at.isDecode()) token = token + at.position();
  return ir::broadcastTo(ir::minimum(token, double(size - 1)), {batch, time});
}

/// -slope (place of the query - j) for the first keys j. [1,H,T,S]
ir::Value distances(ir::Builder& builder, ir::Value place, int64_t keys, const std::vector<double>& slopes) {
  const int64_t heads = int64_t(slopes.size()), time = place.size(1);
  std::vector<double> negative;
  for (const double slope : slopes) negative.push_back(-slope);
  const ir::Value query = ir::broadcastTo(ir::cast(place, DType::F32), {1, time});
  const ir::Value distance =
      ir::reshape(query, Shape{1, 1, time, 1}) - ir::iota(builder, {1, 1, 1, keys}, 3, DType::F32);
  return distance * listed(builder, negative, {1, heads, 1, 1});
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t batch = x.size(0), time = x.size(1), sinks = at.integer("sinks"), window = at.integer("window");
  HeadShape shape = headShape(at, x.size(2));
  const int64_t keyHeads = at.integer("kv_heads") > 0 ? at.integer("kv_heads") : shape.heads;
  if (shape.heads % keyHeads != 0)
    throw Error(Code::Shape, text(shape.heads, " heads are no multiple of ", keyHeads, " key-value heads."));
  const bool hasBias = at.text("bias") == "qkv" || at.text("bias") == "all";
  const auto map = [&](const char* name, int64_t heads) {
    return splitHeads(at.linear(name, x, heads * shape.width, hasBias), heads);
  };
  const ir::Value q = map("q", shape.heads);
  // Keys are kept as they are before the rotation.
  const KeptRows k = keptRows(at, "k", map("k", keyHeads), sinks, window - 1),
                 v = keptRows(at, "v", map("v", keyHeads), sinks, window - 1);
  const std::string& positions = at.text("positions");
  const std::vector<double> frequencies =
      positions == "rotary" ? ir::rotaryFrequencies(at.real("rope_base"), shape.width / 2 * 2) : std::vector<double>{};
  const auto turned = [&](ir::Value rows, ir::Value place) {
    return frequencies.empty() ? rows : ir::rotary(rows, frequencies, {.position = place});
  };
  const std::vector<double> slopes = positions == "alibi" ? alibiSlopes(shape.heads) : std::vector<double>{};

  // Within the window only differences of positions count.
  const int64_t old = k.latest.size(1) - time;
  const ir::AttentionResult near = ir::attentionWithLogSumExp(
      turned(q, at.builder().constant(double(old), {}, DType::I64)), turned(k.latest, {}), v.latest,
      {.isCausal = true, .windowLeft = window - 1, .slopes = slopes, .keyMask = areLatest(at, k.latest, time, sinks)});
  ir::Value mixed = near.out;
  if (sinks > 0) {
    const ir::Value place = places(at, batch, time, sinks + window);
    const int64_t first = k.first.size(1);
    ir::AttentionOptions options{.bias = hidesLater(at, time, first)};
    if (!slopes.empty())
      options.bias = options.bias + distances(at.builder(), ir::slice(place, 0, 0, 1), first, slopes);
    const ir::AttentionResult far = ir::attentionWithLogSumExp(turned(q, place), turned(k.first, {}), v.first, options);
    mixed = mergedAttention(near.out, near.logSumExp, far.out, far.logSumExp);
  }
  outputHeads(at, mixed, x.size(2));
}

}  // namespace

BlockDef block_attention_streaming() {
  const auto example = [](Params params) {
    params["heads"] = int64_t(2);
    return BlockExample{.params = std::move(params), .dims = {{"B", 2}, {"T", 9}, {"D", 8}}};
  };
  return headsBlock(
      {.id = "attention.streaming",
       .title = "Window with sinks",
       .help =
           "Each token sees the first few tokens and the latest ones. Decoding keeps just those, in memory that does "
           "not grow, and counts positions within them, so that texts may be of any length.",
       .paper = "Xiao et al., Efficient Streaming Language Models with Attention Sinks, 2023",
       .synonyms = {"StreamingLLM", "attention sinks", "ring buffer", "sliding window"},
       .params =
           {intParam("kv_heads", 0)
                .label("Key/value heads")
                .range(0, 65536)
                .help("Divides the heads; 0: as many as there are heads."),
            intParam("sinks", 4).label("Sinks").range(0, 1e6).help("First tokens that are kept; 0: a window alone."),
            intParam("window", 256).label("Window").range(1, 1e9).help("Latest tokens, the own one included."),
            choiceParam("positions", "rotary", {"rotary", "alibi", "none"})
                .label("Positions")
                .help("Rotary turns queries and keys by their places in the cache; ALiBi lowers far scores."),
            realParam("rope_base", 10000)
                .label("Rotary base")
                .range(1, 1e12)
                .when("positions=rotary")
                .help("Wavelengths grow to this.")},
       .summary = {"heads", "sinks", "window"},
       .isCausal = true,
       .lower = lower,
       .examples = {example({{"sinks", int64_t(2)}, {"window", int64_t(3)}, {"kv_heads", int64_t(1)}}),
                    example({{"sinks", int64_t(1)}, {"window", int64_t(2)}, {"positions", std::string("alibi")}}),
                    example({{"sinks", int64_t(0)}, {"window", int64_t(3)}, {"bias", std::string("all")}}),
                    example({{"sinks", int64_t(3)}, {"window", int64_t(1)}, {"positions", std::string("none")}})}});
}

}  // namespace fw
