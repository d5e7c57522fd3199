// BigBird: blocks of tokens see the first and the last block, their neighbours and a few random ones; the first and the
// last see all. (Zaheer et al., Big Bird: Transformers for Longer Sequences, 2020.)
#include <algorithm>
#include <set>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/attention.h"
#include "engine/ops/broadcast_to.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reshape.h"
#include "engine/ops/slice.h"
#include "engine/ops/take.h"
#include "engine/ops/transpose.h"

namespace fw {
namespace {

/// The blocks that block `row` of `count` sees.
std::vector<int64_t> seenBlocks(int64_t row, int64_t count, int64_t random, Rng& rng) {
  std::set<int64_t> seen = {0, count - 1, row};
  if (row > 0) seen.insert(row - 1);
  if (row + 1 < count) seen.insert(row + 1);
  std::vector<int64_t> rest;
  for (int64_t i = 0; i < count; ++i)
    if (!seen.contains(i)) rest.push_back(i);
  for (int64_t i = 0; i < random && !rest.empty(); ++i) {
    const auto pick = rest.begin() + rng.below(int64_t(rest.size()));
    seen.insert(*pick);
    rest.erase(pick);
  }
  return {seen.begin(), seen.end()};
}

/// The rows of all blocks but the first and the last: [B,T-2s,H,K].
ir::Value insideRows(Lowering& at, const HeadValues& heads, int64_t size) {
  const int64_t batch = heads.q.size(0), count = heads.q.size(1) / size, number = heads.q.size(2),
                width = heads.q.size(3), inside = count - 2, most = 5 + at.integer("random");
  Rng rng(uint64_t(at.integer("seed")), uint64_t(at.randomStream("blocks")));
  std::vector<double> picks, areSeen;
  for (int64_t h = 0; h < number; ++h)
    for (int64_t row = 1; row + 1 < count; ++row) {
      const std::vector<int64_t> seen = seenBlocks(row, count, at.integer("random"), rng);
      for (int64_t i = 0; i < most; ++i) {
        const bool isUsed = i < int64_t(seen.size());
        picks.push_back(double(h * count + (isUsed ? seen[size_t(i)] : 0)));
        areSeen.insert(areSeen.end(), size_t(size), isUsed ? 1.0 : 0.0);
      }
    }
  const ir::Value index = listed(at.builder(), picks, {int64_t(picks.size())}, DType::I64);
  // A row of blocks by head: [B,H*n,s*K]
  const auto blocks = [&](ir::Value rows) {
    return ir::reshape(ir::transpose(rows, {0, 2, 1, 3}), Shape{batch, number * count, size * width});
  };
  const auto gathered = [&](ir::Value rows) {
    return ir::reshape(ir::take(blocks(rows), index, 1), Shape{batch * number * inside, most * size, 1, width});
  };
  const ir::Value q = ir::slice(ir::transpose(heads.q, {0, 2, 1, 3}), 2, size, (count - 1) * size);
  const ir::Value mask = listed(at.builder(), areSeen, {1, number * inside, most * size}, DType::Bool);
  const ir::Value all = ir::reshape(ir::broadcastTo(mask, {batch, number * inside, most * size}),
                                    Shape{batch * number * inside, most * size});
  const ir::Value y = ir::attention(ir::reshape(q, Shape{batch * number * inside, size, 1, width}), gathered(heads.k),
                                    gathered(heads.v), {.keyMask = all});
  return ir::transpose(ir::reshape(y, Shape{batch, number, inside * size, width}), {0, 2, 1, 3});
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t time = x.size(1), size = at.integer("block");
  if (at.isDecode()) throw Error(Code::Graph, "sees later blocks and cannot decode token by token.");
  if (time % size != 0)
    throw Error(Code::Shape,
                text("input 'x' has ", time, " positions; expected a multiple of the block size ", size, "."));
  const HeadValues heads = projectHeads(at, x, headShape(at, x.size(2)));
  const auto whole = [&](int64_t from, int64_t to) {
    return ir::attention(ir::slice(heads.q, 1, from, to), heads.k, heads.v);
  };
  const bool isShort = time <= 2 * size;
  outputHeads(
      at,
      isShort ? whole(0, time) : ir::concat({whole(0, size), insideRows(at, heads, size), whole(time - size, time)}, 1),
      x.size(2));
}

}  // namespace

BlockDef block_attention_big_bird() {
  return headsBlock(
      {.id = "attention.big_bird",
       .title = "BigBird",
       .help =
           "Blocks of tokens see the first and the last block, their neighbours and a few random blocks, drawn once "
           "for each head; the first and the last block see all. Time grows linearly with the sequence, whose "
           "length is a multiple of the block size.",
       .paper = "Zaheer et al., Big Bird: Transformers for Longer Sequences, 2020",
       .synonyms = {"block sparse", "random attention", "ITC"},
       .params = {intParam("block", 64).label("Block size").range(1, 65536).help("Tokens of a block."),
                  intParam("random", 3).label("Random blocks").range(0, 4096).help("That each block sees besides."),
                  intParam("seed", 1).label("Seed").range(0, 1e12).help("Of the random blocks.")},
       .summary = {"heads", "block", "random"},
       .lower = lower,
       .examples = {{.params = {{"heads", int64_t(2)}, {"block", int64_t(2)}, {"random", int64_t(1)}},
                     .dims = {{"B", 2}, {"N", 14}, {"D", 6}}},
                    {.params = {{"heads", int64_t(1)}, {"block", int64_t(3)}, {"bias", std::string("all")}},
                     .dims = {{"B", 1}, {"N", 6}, {"D", 4}}}}},
      "N");
}

}  // namespace fw
