// y = W_o softmax(q K^T / sqrt(K)) V with one learned query: a sequence as one vector. (Zhai et al., Scaling Vision
// Transformers, 2021.)
#include "engine/blocks/lowering.h"
#include "engine/ops/attention.h"
#include "engine/ops/broadcast_to.h"
#include "engine/ops/reshape.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t batch = x.size(0), time = x.size(1), width = x.size(2), heads = at.integer("heads");
  if (width % heads != 0) throw Error(Code::Shape, text("width ", width, " is no multiple of ", heads, " heads."));
  const ir::Value probe =
      at.weight({.name = "probe", .shape = {1, 1, width}, .init = initNormal(0.02), .decays = false});
  const auto split = [&](ir::Value rows, int64_t count) {
    return ir::reshape(rows, Shape{rows.size(0), count, heads, width / heads});
  };
  const ir::Value query =
      ir::broadcastTo(split(at.linear("q", probe, width, true), 1), Shape{batch, 1, heads, width / heads});
  const ir::Value mixed =
      ir::attention(query, split(at.linear("k", x, width, true), time), split(at.linear("v", x, width, true), time));
  at.output("y", at.linear("o", ir::reshape(mixed, Shape{batch, width}), width, true));
}

}  // namespace

BlockDef block_head_attention_pooling() {
  return {
      .id = "head.attention_pooling",
      .title = "Attention pooling",
      .category = "embedding",
      .help = "A learned query attends to all positions and makes one vector of them.",
      .paper = "Zhai et al., Scaling Vision Transformers, 2021",
      .synonyms = {"MAP head", "probe", "SigLIP"},
      .name = "pooling",
      .inputs = {{.name = "x", .dims = "B T D"}},
      .outputs = {{.name = "y", .dims = "B D"}},
      .params = {intParam("heads", 4).label("Heads").range(1, 65536).help("Divides the width.")},
      .summary = {"heads"},
      .lower = lower,
      .examples = {{.params = {{"heads", int64_t(2)}}, .dims = {{"B", 2}, {"T", 7}, {"D", 6}}}},
  };
}

}  // namespace fw
