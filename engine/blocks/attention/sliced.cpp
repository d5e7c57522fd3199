// Sliced attention: tokens see those of their slice alone; later passes of a recursion shuffle the tokens before they
// are sliced and put them back afterwards. (Shen et al., Sliced Recursive Transformer, 2021.)
#include <algorithm>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/attention.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/random_uniform.h"
#include "engine/ops/reshape.h"
#include "engine/ops/take.h"
#include "engine/ops/top_k.h"

namespace fw {
namespace {

/// The order of whole numbers [R,n] upwards.
ir::Value orderOf(ir::Value numbers) { return ir::topK(-ir::cast(numbers, DType::F32), numbers.size(1)).indices; }

/// i64 [T]: the token at each place of the slices, which keep the order of the text. Drawn anew at each training step,
/// else by seed, layer and pass.
ir::Value shuffled(Lowering& at, int64_t time, int64_t slices) {
  const int64_t size = time / slices;
  if (at.mode() == Mode::Train) {
    const ir::Value random = ir::randomUniform(at.randomSeed(), {1, time}, 0, 1, at.randomStream("slices"));
    const ir::Value drawn = ir::reshape(ir::topK(random, time).indices, Shape{slices, size});
    return ir::reshape(-ir::cast(ir::topK(-ir::cast(drawn, DType::F32), size).values, DType::I64), Shape{time});
  }
  Rng rng(uint64_t(at.integer("seed")), uint64_t(at.randomStream("slices")) + uint64_t(at.integer("pass")));
  std::vector<double> order(static_cast<size_t>(time));
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = time - 1; i > 0; --i) std::swap(order[size_t(i)], order[size_t(rng.below(i + 1))]);
  for (int64_t s = 0; s < slices; ++s) std::sort(order.begin() + s * size, order.begin() + (s + 1) * size);
  return listed(at.builder(), order, {time}, DType::I64);
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t batch = x.size(0), time = x.size(1), slices = at.integer("slices");
  if (at.isDecode()) throw Error(Code::Graph, "slices the whole sequence and cannot decode token by token.");
  if (time % slices != 0)
    throw Error(Code::Shape, text("input 'x' has ", time, " positions; expected a multiple of ", slices, " slices."));
  const HeadShape shape = headShape(at, x.size(2));
  const HeadValues heads = projectHeads(at, x, shape);
  const bool isShuffled = at.integer("pass") > 0 && slices > 1;
  const ir::Value order = isShuffled ? shuffled(at, time, slices) : ir::Value{};
  const auto sliced = [&](ir::Value rows) {
    if (isShuffled) rows = ir::take(rows, order, 1);
    return ir::reshape(rows, Shape{batch * slices, time / slices, shape.heads, shape.width});
  };
  ir::Value mixed =
      ir::attention(sliced(heads.q), sliced(heads.k), sliced(heads.v), {.isCausal = at.text("mask") == "causal"});
  mixed = ir::reshape(mixed, Shape{batch, time, shape.heads, shape.width});
  if (isShuffled) {
    const ir::Value back = ir::reshape(orderOf(ir::reshape(order, Shape{1, time})), Shape{time});
    mixed = ir::take(mixed, back, 1);
  }
  outputHeads(at, mixed, x.size(2));
}

}  // namespace

BlockDef block_attention_sliced() {
  const auto example = [](Params params) {
    params["heads"] = int64_t(2);
    return BlockExample{.params = std::move(params), .dims = {{"B", 2}, {"N", 12}, {"D", 6}}};
  };
  return headsBlock(
      {.id = "attention.sliced",
       .title = "Sliced attention",
       .help = "Tokens attend within equal slices, which costs 1 / slices of full attention. The first pass of a "
               "recursion slices the sequence as it is, later ones shuffle it before and restore it afterwards.",
       .paper = "Shen, Liu and Xing, Sliced Recursive Transformer, 2021",
       .synonyms = {"SReT", "group attention", "permutation"},
       .params = {maskParam("bidirectional"),
                  intParam("slices", 4).label("Slices").range(1, 65536).help("Divides the length; 1: full attention."),
                  intParam("pass", 0).label("Pass").range(0, 1024).help(
                      "Of the recursion: 0 keeps the order, each other one has a shuffle of its own."),
                  intParam("seed", 1).label("Seed").range(0, 1e12).when("pass!=0").help(
                      "Of the shuffle; training draws a new one at each step.")},
       .summary = {"heads", "slices", "pass"},
       .lower = lower,
       .examples = {example({{"slices", int64_t(3)}, {"bias", std::string("all")}}),
                    example({{"slices", int64_t(2)}, {"pass", int64_t(1)}}),
                    example({{"slices", int64_t(4)}, {"pass", int64_t(2)}, {"mask", std::string("causal")}})}},
      "N");
}

}  // namespace fw
