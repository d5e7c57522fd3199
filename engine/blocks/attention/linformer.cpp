// Linformer: softmax(q (E^T K)^T / sqrt(d)) F^T V: keys and values are mixed along time to k rows before queries meet
// them. (Wang et al., Linformer: Self-Attention with Linear Complexity, 2020.)
#include <cmath>

#include "engine/base/error.h"
#include "engine/blocks/attention_parts.h"
#include "engine/ops/attention.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reshape.h"
#include "engine/ops/slice.h"
#include "engine/ops/transpose.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t time = x.size(1), rows = at.integer("rows"), most = at.integer("max_length");
  if (at.isDecode()) throw Error(Code::Graph, "mixes all positions and cannot decode token by token.");
  if (time > most) throw Error(Code::Shape, text("input 'x' has ", time, " positions; expected at most ", most, "."));
  const HeadShape shape = headShape(at, x.size(2));
  const HeadValues heads = projectHeads(at, x, shape);
  const std::string& sharing = at.text("sharing");
  const double bound = 1 / std::sqrt(double(rows));
  const auto mixer = [&](const char* name) {
    const Shape all = sharing == "head" ? Shape{shape.heads, most, rows} : Shape{1, most, rows};
    return ir::slice(at.weight(name, all, initUniform(-bound, bound)), 1, 0, time);
  };
  const ir::Value e = mixer("mix_k.weight"), f = sharing == "all" ? e : mixer("mix_v.weight");
  const auto compressed = [&](ir::Value mix, ir::Value values) {  // [H|1,T,k], [B,T,H,K] -> [B,k,H,K]
    const ir::Value wide = ir::reshape(mix, Shape{1, mix.size(0), time, rows});
    return ir::transpose(ir::matmul(wide, ir::transpose(values, {0, 2, 1, 3}), {.transposeA = true}), {0, 2, 1, 3});
  };
  const ir::Value k = compressed(e, heads.k), v = compressed(f, heads.v);
  outputHeads(at, ir::attention(heads.q, k, v), x.size(2));
}

}  // namespace

BlockDef block_attention_linformer() {
  const auto example = [](const char* sharing) {
    return BlockExample{.params = {{"heads", int64_t(2)},
                                   {"rows", int64_t(3)},
                                   {"max_length", int64_t(9)},
                                   {"sharing", std::string(sharing)}},
                        .dims = {{"B", 2}, {"T", 7}, {"D", 6}}};
  };
  return headsBlock(
      {.id = "attention.linformer",
       .title = "Linformer",
       .help = "Keys and values are mixed along time to a few rows by learned maps: linear time, for sequences up to a "
               "longest length. Bidirectional, as the rows mix past and future.",
       .paper = "Wang et al., Linformer: Self-Attention with Linear Complexity, 2020",
       .synonyms = {"low rank", "linear attention"},
       .params = {intParam("rows", 64).label("Rows").range(1, 65536).help("Keys and values are mixed to so many."),
                  intParam("max_length", 512).label("Longest length").range(1, 1e9).help("Rows of the learned maps."),
                  choiceParam("sharing", "layer", {"layer", "all", "head"})
                      .label("Sharing")
                      .help("layer: one map for keys and one for values; all: one for both; head: two for each head.")},
       .summary = {"heads", "rows", "max_length"},
       .lower = lower,
       .examples = {example("layer"), example("all"), example("head")}});
}

}  // namespace fw
