// Light attention of pictures: keys and values from a pooled grid, queries and keys narrower than values. Our reading
// of the RLMHSA of FMViT (Tan et al., 2023), after the E-MHSA of Next-ViT (Li et al., 2022); maps are single branches.
#include "engine/base/error.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/attention.h"
#include "engine/ops/mean.h"
#include "engine/ops/reshape.h"

namespace fw {
namespace {

/// The means of squares of the grid, or of runs of its rows, `side`^2 tokens each: [B,N/side^2,D].
ir::Value pooled(const Lowering& at, ir::Value x, int64_t side) {
  const int64_t batch = x.size(0), tokens = x.size(1), width = x.size(2), height = at.integer("height");
  if (side == 1) return x;
  if (at.text("pool") == "raster") {
    if (tokens % (side * side) != 0)
      throw Error(Code::Shape, text("input 'x' has ", tokens, " tokens; expected a multiple of ", side * side, "."));
    return ir::mean(ir::reshape(x, Shape{batch, tokens / (side * side), side * side, width}), {2}, false);
  }
  if (height % side != 0 || tokens % height != 0 || tokens / height % side != 0)
    throw Error(Code::Shape, text("input 'x' has ", tokens, " tokens in ", height,
                                  " rows; expected sides that are multiples "
                                  "of ",
                                  side, "."));
  const int64_t across = tokens / height;
  const ir::Value squares = ir::reshape(x, Shape{batch, height / side, side, across / side, side, width});
  return ir::reshape(ir::mean(squares, {2, 4}, false), Shape{batch, tokens / (side * side), width});
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t width = x.size(2), heads = at.integer("heads"), narrow = at.integer("narrowing");
  if (width % (heads * narrow) != 0)
    throw Error(Code::Shape, text("width ", width, " is no multiple of ", heads, " heads of queries that are ", narrow,
                                  " times narrower."));
  const ir::Value few = pooled(at, x, at.integer("pooling"));
  const auto map = [&](const char* name, ir::Value rows, int64_t out) {
    return splitHeads(at.linear(name, rows, out, true), heads);
  };
  const ir::Value q = map("q", x, width / narrow), k = map("k", few, width / narrow);
  at.output("y", at.linear("o", joinHeads(ir::attention(q, k, map("v", few, width))), width, true));
}

}  // namespace

BlockDef block_attention_pooled() {
  const auto example = [](int64_t pooling, int64_t narrowing, const char* pool) {
    return BlockExample{.params = {{"heads", int64_t(2)},
                                   {"pooling", pooling},
                                   {"narrowing", narrowing},
                                   {"pool", std::string(pool)},
                                   {"height", int64_t(4)}},
                        .dims = {{"B", 2}, {"N", 16}, {"D", 8}}};
  };
  return {
      .id = "attention.pooled",
      .title = "Light attention",
      .category = "attention",
      .help =
          "Attention of pictures whose keys and values come from a grid that is pooled by means; queries and keys "
          "may be narrower than values. Our reading of RLMHSA, without branches that are fused.",
      .paper = "Tan et al., FMViT: A Multiple-Frequency Mixing Vision Transformer, 2023; Li et al., Next-ViT, 2022",
      .synonyms = {"RLMHSA", "FMViT", "Next-ViT", "E-MHSA", "spatial reduction"},
      .name = "attention",
      .inputs = {{.name = "x", .dims = "B N D"}},
      .outputs = {{.name = "y", .dims = "B N D"}},
      .params = {intParam("heads", 4).label("Heads").range(1, 65536).help("Divides the width."),
                 intParam("pooling", 2).label("Pooling").range(1, 1024).help("Side of what is pooled into a key."),
                 intParam("narrowing", 1)
                     .label("Narrowing")
                     .range(1, 1024)
                     .help("Queries and keys are so many times narrower than values."),
                 choiceParam("pool", "square", {"square", "raster"})
                     .label("Pools")
                     .help("Squares of the grid, or as many tokens one after the other, as Next-ViT's code does."),
                 intParam("height", 16).label("Height").range(1, 65536).when("pool=square").help("Rows of the grid.")},
      .summary = {"heads", "pooling", "narrowing"},
      .lower = lower,
      .examples = {example(2, 2, "square"), example(2, 1, "raster"), example(1, 1, "square")}};
}

}  // namespace fw
