// y[t] = x[t] + table[t + skip]: learned absolute positions. (Vaswani et al., Attention Is All You Need, 2017; GPT-2,
// 2019.)
#include "engine/base/error.h"
#include "engine/blocks/lowering.h"
#include "engine/ops/dynamic_slice.h"
#include "engine/ops/slice.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t length = at.integer("length"), skip = at.integer("skip"), time = x.size(1);
  if (time > length)
    throw Error(Code::Shape, text("input 'x' has ", time, " positions; expected at most ", length, "."));
  const ir::Value table = at.weight({.name = "weight",
                                     .shape = {length + skip, x.size(2)},
                                     .init = initNormal(at.real("init_std")),
                                     .role = "embedding_position",
                                     .decays = false});
  if (!at.isDecode()) {
    at.output("y", x + ir::slice(table, 0, skip, skip + time));
    return;
  }
  const ir::Value rows = skip == 0 ? table : ir::slice(table, 0, skip, skip + length);
  at.output("y", x + ir::dynamicSlice(rows, at.position(), 0, time));
}

}  // namespace

BlockDef block_embedding_position() {
  return {
      .id = "embedding.position",
      .title = "Learned positions",
      .category = "embedding",
      .help = "Adds a learned vector for each position to the sequence.",
      .paper = "Vaswani et al., Attention Is All You Need, 2017",
      .synonyms = {"wpe", "absolute", "positional embedding"},
      .name = "positions",
      .inputs = {{.name = "x", .dims = "B T D"}},
      .outputs = {{.name = "y", .dims = "B T D"}},
      .params = {intParam("length", 1024).label("Positions").help("The longest sequence."),
                 intParam("skip", 0)
                     .label("Skipped rows")
                     .range(0, 1024)
                     .help("Rows of the table before that of the first position: 2 in OPT and RoBERTa."),
                 realParam("init_std", 0.02)
                     .label("Init std")
                     .range(0, 10)
                     .help("Standard deviation of the starting table.")},
      .summary = {"length"},
      .isCausal = true,
      .lower = lower,
      .examples = {{.params = {{"length", int64_t(9)}}, .dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                   {.params = {{"length", int64_t(7)}, {"skip", int64_t(2)}}, .dims = {{"B", 1}, {"T", 7}, {"D", 3}}}},
  };
}

}  // namespace fw
