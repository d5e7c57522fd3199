// y = P^T B2 P B1 (m x): what the active parts of the hidden width gave, spread over all of it by a Monarch matrix. B1
// mixes the channels of each of N parts, P turns channels and parts about, B2 mixes the parts of each channel; both
// begin as the identity. (Chen et al., Mixture of Hidden-Dimensions Transformer, 2024; Dao et al., Monarch, 2022.)
#include "engine/blocks/lowering.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/reshape.h"
#include "engine/ops/transpose.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t parts = at.integer("parts"), width = x.size(-1), channels = width / parts,
                rows = x.shape().count() / width;
  if (width % parts != 0) throw Error(Code::Shape, text("the width ", width, " is no multiple of ", parts, " parts."));
  // [N,R,C]; the identity and what is learnt beside it.
  ir::Value y = ir::transpose(ir::reshape(x * at.input("mask"), {rows, parts, channels}), {1, 0, 2});
  y = y + ir::matmul(y, at.weight("within.weight", {parts, channels, channels}, initZeros()), {.transposeB = true});
  y = ir::transpose(y, {2, 1, 0});  // [C,R,N]
  y = y + ir::matmul(y, at.weight("across.weight", {channels, parts, parts}, initZeros()), {.transposeB = true});
  at.output("y", ir::reshape(ir::transpose(y, {1, 2, 0}), x.shape()));
}

}  // namespace

BlockDef block_experts_hidden_fusion() {
  return {
      .id = "experts.hidden_fusion",
      .title = "Hidden-dimension fusion",
      .category = "experts",
      .help =
          "Keeps the active parts of a result and mixes them into the whole width. Begins as the identity on what is "
          "active.",
      .paper = "Chen et al., Mixture of Hidden-Dimensions Transformer, 2024; Dao et al., Monarch, 2022",
      .synonyms = {"MoHD", "Monarch", "mixture of hidden dimensions"},
      .name = "fusion",
      .inputs = {{.name = "x", .dims = "... D"},
                 {.name = "mask", .dims = "... D", .help = "Of the router before the block."}},
      .outputs = {{.name = "y", .dims = "... D"}},
      .params = {intParam("parts", 16).label("Parts").range(1, 4096).help("As of the router.")},
      .summary = {"parts"},
      .isCausal = true,
      .lower = lower,
      .examples = {{.params = {{"parts", int64_t(4)}}, .dims = {{"B", 2}, {"T", 7}, {"D", 12}}},
                   {.params = {{"parts", int64_t(1)}}, .dims = {{"B", 1}, {"T", 3}, {"D", 5}}}},
  };
}

}  // namespace fw
