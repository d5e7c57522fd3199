// Reformer: tokens are sorted by a random hash of their shared query-key vector, cut into chunks, and see their own and
// the previous chunk; several rounds are weighed by their sums. (Kitaev, Kaiser and Levskaya, Reformer: The Efficient
// Transformer, 2020.)
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/argmax.h"
#include "engine/ops/broadcast_to.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/gather.h"
#include "engine/ops/iota.h"
#include "engine/ops/matmul.h"
#include "engine/ops/max.h"
#include "engine/ops/reshape.h"
#include "engine/ops/slice.h"
#include "engine/ops/softmax.h"
#include "engine/ops/sum.h"
#include "engine/ops/top_k.h"
#include "engine/ops/transpose.h"

namespace fw {
namespace {

/// The order that sorts distinct whole numbers [R,n], which f32 holds exactly, upwards.
ir::Value orderOf(ir::Value numbers) { return ir::topK(-ir::cast(numbers, DType::F32), numbers.size(1)).indices; }

/// Rows `order` [R,n] of x [R,m,K].
ir::Value picked(ir::Value x, ir::Value order) {
  const int64_t rows = order.size(0), count = order.size(1), width = x.size(2);
  return ir::gather(x, ir::broadcastTo(ir::reshape(order, Shape{rows, count, 1}), {rows, count, width}), 1);
}

/// [R,rounds,T]: the bucket of each token in each round.
ir::Value bucketsOf(Lowering& at, ir::Value rows, int64_t rounds, int64_t buckets) {
  const int64_t width = rows.size(2), time = rows.size(1), half = buckets / 2;
  Rng rng(uint64_t(at.integer("seed")), uint64_t(at.randomStream("hashes")));
  std::vector<double> directions(static_cast<size_t>(rounds * half * width));
  for (double& value : directions) value = rng.normal();
  const ir::Value along = ir::linear(ir::stopGradient(rows), listed(at.builder(), directions, {rounds * half, width}));
  const ir::Value apart = ir::reshape(along, Shape{rows.size(0), time, rounds, half});
  return ir::transpose(ir::argmax(ir::concat({apart, -apart}, 3)), {0, 2, 1});
}

/// Chunks of x [R,n,...] and each with the one before in front: [R,n/c,2c,...]; the first follows the last.
ir::Value withPrevious(ir::Value x, int64_t size) {
  const int64_t chunks = x.size(1) / size;
  const ir::Value own = ir::reshape(x, Shape{x.size(0), chunks, size, x.size(2)});
  const ir::Value before = ir::concat({ir::slice(own, 1, chunks - 1, chunks), ir::slice(own, 1, 0, chunks - 1)}, 1);
  return ir::concat({before, own}, 2);
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t batch = x.size(0), time = x.size(1), size = at.integer("bucket"), rounds = at.integer("rounds");
  if (at.isDecode())
    throw Error(Code::Graph, "sorts the whole sequence and cannot decode token by token; expected another attention.");
  if (time % (2 * size) != 0)
    throw Error(Code::Shape,
                text("input 'x' has ", time, " positions; expected a multiple of two buckets of ", size, "."));
  if (rounds * time >= int64_t(1) << 24 || (time / size) * time >= int64_t(1) << 24)
    throw Error(Code::Shape, text("input 'x' has ", time,
                                  " positions; expected fewer: buckets times positions are "
                                  "sorted as f32."));
  const HeadShape shape = headShape(at, x.size(2));
  const bool hasBias = at.text("bias") == "qkv" || at.text("bias") == "all", causal = at.text("mask") == "causal";
  const int64_t rows = batch * shape.heads, all = rounds * time, width = shape.width;
  const auto folded = [&](const char* name) {  // [B*H,T,K]
    const ir::Value heads = splitHeads(at.linear(name, x, shape.all(), hasBias), shape.heads);
    return ir::reshape(ir::transpose(heads, {0, 2, 1, 3}), Shape{rows, time, width});
  };
  const ir::Value qk = folded("qk"), v = folded("v");

  const ir::Value bucket = bucketsOf(at, qk, rounds, time / size);
  const ir::Value token = ir::broadcastTo(ir::iota(at.builder(), {1, 1, time}, 2), {rows, rounds, time});
  const ir::Value byRound = orderOf(ir::reshape(bucket * double(time) + token, Shape{rows * rounds, time}));
  const ir::Value order = ir::reshape(byRound, Shape{rows, all});  // tokens, round after round
  const ir::Value sortedQ = picked(qk, order), sortedV = picked(v, order);
  const ir::Value length = ir::sqrt(ir::sum(ir::square(sortedQ), {2}, true) + 1e-12);
  const ir::Value places = ir::reshape(order, Shape{rows, all, 1});
  const int64_t chunks = all / size;
  const ir::Value keys = withPrevious(sortedQ / length, size), values = withPrevious(sortedV, size);
  const ir::Value query = ir::reshape(order, Shape{rows, chunks, size, 1}),
                  key = ir::reshape(withPrevious(places, size), Shape{rows, chunks, 1, 2 * size});
  ir::Value scores = ir::matmul(ir::reshape(sortedQ, Shape{rows, chunks, size, width}), keys, {.transposeB = true}) *
                     (1 / std::sqrt(double(width)));
  if (causal) scores = ir::where(ir::lessEqual(key, query), scores, -1e9);
  scores = ir::where(ir::equal(key, query), -5e4, scores);  // oneself only where nothing else is seen
  const ir::Value highest = ir::stopGradient(ir::max(scores, {3}, true));
  const ir::Value weights = ir::exp(scores - highest), total = ir::sum(weights, {3}, true);
  const ir::Value mixed = ir::reshape(ir::matmul(weights / total, values), Shape{rows, all, width});
  const ir::Value sums = ir::reshape(ir::log(total) + highest, Shape{rows, all, 1});

  // Back to the order of the text, round by round.
  const ir::Value back = orderOf(byRound);
  const auto unsorted = [&](ir::Value sorted) {
    const int64_t inner = sorted.size(2);
    return ir::reshape(picked(ir::reshape(sorted, Shape{rows * rounds, time, inner}), back),
                       Shape{rows, rounds, time, inner});
  };
  const ir::Value shares = ir::softmax(ir::transpose(unsorted(sums), {0, 2, 3, 1}));  // [R,T,1,rounds]
  const ir::Value y = ir::matmul(shares, ir::transpose(unsorted(mixed), {0, 2, 1, 3}));
  outputHeads(at, ir::transpose(ir::reshape(y, Shape{batch, shape.heads, time, width}), {0, 2, 1, 3}), x.size(2));
}

}  // namespace

BlockDef block_attention_reformer() {
  const auto example = [](Params params) {
    params["heads"] = int64_t(2);
    params["bucket"] = int64_t(2);
    return BlockExample{.params = std::move(params), .dims = {{"B", 2}, {"N", 12}, {"D", 6}}};
  };
  return headsBlock(
      {.id = "attention.reformer",
       .title = "Reformer",
       .help =
           "Tokens whose shared query-key vectors fall into the same random bucket attend to each other, in several "
           "rounds of hashing. Where the chunks begin depends on all tokens, so causal texts cannot be decoded token "
           "by token. The length is a multiple of two buckets.",
       .paper = "Kitaev, Kaiser and Levskaya, Reformer: The Efficient Transformer, 2020",
       .synonyms = {"LSH", "hashing", "shared QK"},
       .params = {maskParam("bidirectional"),
                  intParam("bucket", 64).label("Bucket").range(1, 65536).help("Tokens of a chunk."),
                  intParam("rounds", 4).label("Rounds").range(1, 64).help("Hashings whose results are weighed."),
                  intParam("seed", 1).label("Seed").range(0, 1e12).help("Of the random directions.")},
       .summary = {"heads", "bucket", "rounds"},
       .lower = lower,
       .examples = {example({{"rounds", int64_t(1)}}),
                    example({{"rounds", int64_t(3)}, {"mask", std::string("causal")}, {"bias", std::string("all")}})}},
      "N");
}

}  // namespace fw
