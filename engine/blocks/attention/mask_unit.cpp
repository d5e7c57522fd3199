// Mask-unit attention: tokens see those of their unit, a small square; queries may be pooled by their maximum, which
// shrinks the grid. (Ryali et al., Hiera, 2023, whose operators TurboViT is made of: Wong et al., 2023.)
#include "engine/base/error.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/attention.h"
#include "engine/ops/max.h"
#include "engine/ops/reshape.h"
#include "engine/ops/slice.h"
#include "engine/ops/transpose.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t batch = x.size(0), tokens = x.size(1), units = at.integer("units"), stride = at.integer("query_stride"),
                heads = at.integer("heads"), width = at.integer("width") > 0 ? at.integer("width") : x.size(2);
  if (width % heads != 0) throw Error(Code::Shape, text("width ", width, " is no multiple of ", heads, " heads."));
  if (tokens % (units * stride) != 0)
    throw Error(Code::Shape, text("input 'x' has ", tokens, " tokens; expected a multiple of ", units, " units times ",
                                  stride, " pooled queries."));
  const int64_t inside = tokens / units, K = width / heads;
  const ir::Value all = at.linear("qkv", x, 3 * width, true);
  // Token i belongs to unit i mod units: [B,inside,units,H*K] -> [B*units,inside,H,K]
  const auto byUnits = [&](ir::Value rows) {
    const int64_t count = rows.size(1) / units;
    return ir::reshape(ir::transpose(ir::reshape(rows, Shape{batch, count, units, width}), {0, 2, 1, 3}),
                       Shape{batch * units, count, heads, K});
  };
  ir::Value q = ir::slice(all, 2, 0, width);
  if (stride > 1) q = ir::max(ir::reshape(q, Shape{batch, stride, tokens / stride, width}), {1}, false);
  const ir::Value mixed = ir::attention(byUnits(q), byUnits(ir::slice(all, 2, width, 2 * width)),
                                        byUnits(ir::slice(all, 2, 2 * width, 3 * width)));
  const int64_t left = inside / stride;
  const ir::Value rows = ir::reshape(ir::transpose(ir::reshape(mixed, Shape{batch, units, left, width}), {0, 2, 1, 3}),
                                     Shape{batch, tokens / stride, width});
  at.output("y", at.linear("o", rows, width, true));
}

}  // namespace

BlockDef block_attention_mask_unit() {
  const auto example = [](int64_t units, int64_t stride, int64_t width) {
    return BlockExample{.params = {{"heads", int64_t(2)}, {"units", units}, {"query_stride", stride}, {"width", width}},
                        .dims = {{"B", 2}, {"N", 16}, {"D", 6}}};
  };
  return {.id = "attention.mask_unit",
          .title = "Mask-unit attention",
          .category = "attention",
          .help =
              "Tokens of an unrolled grid attend within their unit; token i belongs to unit i mod units. Pooled "
              "queries take the maximum over that many runs of the sequence, which are the finest squares, and "
              "leave so many fewer tokens, of another width if wished.",
          .paper = "Wong, Abbasi and Famouri, TurboViT, 2023; operators of Ryali et al., Hiera, 2023",
          .synonyms = {"Hiera", "TurboViT", "Q-pooling", "window attention"},
          .name = "attention",
          .inputs = {{.name = "x", .dims = "B N D"}},
          .outputs = {{.name = "y", .dims = "B M E"}},
          .params = {intParam("heads", 1).label("Heads").range(1, 65536).help("Divides the width."),
                     intParam("units", 1).label("Units").range(1, 1e6).help("1: global attention."),
                     intParam("query_stride", 1)
                         .label("Query stride")
                         .range(1, 65536)
                         .help("Queries that are pooled into one: 4 for squares of two by two."),
                     intParam("width", 0).label("Width").range(0, 1e6).help("Of the result; 0: that of the input.")},
          .summary = {"heads", "units", "query_stride"},
          .lower = lower,
          .examples = {example(4, 1, 0), example(2, 4, 8), example(1, 1, 0)}};
}

}  // namespace fw
