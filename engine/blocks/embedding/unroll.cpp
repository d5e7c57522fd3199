// A grid of tokens in the order in which each pooling of two by two is a maximum over four equal runs of the sequence.
// (Ryali et al., Hiera, 2023.)
#include "engine/base/error.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/take.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t tokens = x.size(1), levels = at.integer("levels");
  const int64_t height = at.integer("height");
  if (tokens % height != 0)
    throw Error(Code::Shape,
                text("input 'x' has ", tokens, " tokens; expected a multiple of the height ", height, "."));
  const int64_t across = tokens / height;
  const int64_t side = int64_t(1) << levels;
  if (height % side != 0 || across % side != 0)
    throw Error(Code::Shape, text("the grid is ", height, " x ", across, "; expected multiples of ", side, " for ",
                                  levels, " levels of two by two."));
  // Finest pair first, then the coarser ones, then the units: the place of (y,x) in the unrolled order.
  const auto placeOf = [&](int64_t y, int64_t x) {
    int64_t place = 0;
    for (int64_t level = 0; level < levels; ++level) place = (place * 2 + (y >> level) % 2) * 2 + (x >> level) % 2;
    return (place * (height / side) + y / side) * (across / side) + x / side;
  };
  std::vector<double> from(static_cast<size_t>(tokens));
  for (int64_t y = 0; y < height; ++y)
    for (int64_t column = 0; column < across; ++column) {
      const int64_t place = placeOf(y, column), token = y * across + column;
      from[size_t(at.flag("back") ? token : place)] = double(at.flag("back") ? place : token);
    }
  at.output("y", ir::take(x, listed(at.builder(), from, {tokens}, DType::I64), 1));
}

}  // namespace

BlockDef block_embedding_unroll() {
  return {.id = "embedding.unroll",
          .title = "Unroll grid",
          .category = "embedding",
          .help =
              "Orders the tokens of a grid so that those of a square of two by two lie a quarter of the sequence "
              "apart, level by level: pooling a square is then a maximum over four runs.",
          .paper = "Ryali et al., Hiera, 2023",
          .synonyms = {"Hiera", "reroll", "permutation"},
          .name = "unroll",
          .inputs = {{.name = "x", .dims = "B N D"}},
          .outputs = {{.name = "y", .dims = "B N D"}},
          .params = {intParam("height", 4).label("Height").range(1, 65536).help("Rows of the grid."),
                     intParam("levels", 1).label("Levels").range(1, 8).help("Poolings of two by two to come."),
                     boolParam("back", false).label("Back").help("From the unrolled order to that of the rows.")},
          .summary = {"height", "levels"},
          .lower = lower,
          .examples = {
              {.params = {{"height", int64_t(4)}, {"levels", int64_t(2)}}, .dims = {{"B", 2}, {"N", 32}, {"D", 3}}},
              {.params = {{"height", int64_t(2)}, {"back", true}}, .dims = {{"B", 1}, {"N", 8}, {"D", 3}}}}};
}

}  // namespace fw
