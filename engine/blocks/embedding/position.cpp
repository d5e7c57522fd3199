// y[t] = x[t] + table[t]: learned absolute positions. (Vaswani et al., Attention Is All You Need, 2017; GPT-2, 2019.)
#include "engine/base/error.h"
#include "engine/blocks/lowering.h"
#include "engine/ops/dynamic_slice.h"
#include "engine/ops/slice.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t length = at.integer("length"), time = x.size(1);
  if (time > length)
    throw Error(Code::Shape, text("input 'x' has ", time, " positions; expected at most ", length, "."));
  const ir::Value table = at.weight({.name = "weight",
                                     .shape = {length, x.size(2)},
                                     .init = initNormal(at.real("init_std")),
                                     .role = "embedding_position",
                                     .decays = false});
  at.output("y", x + (at.isDecode() ? ir::dynamicSlice(table, at.position(), 0, time) : ir::slice(table, 0, 0, time)));
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
                 realParam("init_std", 0.02)
                     .label("Init std")
                     .range(0, 10)
                     .help("Standard deviation of the starting table.")},
      .summary = {"length"},
      .isCausal = true,
      .lower = lower,
      .examples = {{.params = {{"length", int64_t(9)}}, .dims = {{"B", 2}, {"T", 7}, {"D", 6}}}},
  };
}

}  // namespace fw
