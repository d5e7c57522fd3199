// One vector a sample from a sequence: the mean, the first (a class token), or the last.
#include "engine/blocks/lowering.h"
#include "engine/ops/mean.h"
#include "engine/ops/reshape.h"
#include "engine/ops/slice.h"

namespace fw {
namespace {

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const std::string& kind = at.text("kind");
  if (kind == "mean") {
    at.output("y", ir::mean(x, {1}, false));
    return;
  }
  const int64_t row = kind == "first" ? 0 : x.size(1) - 1;
  at.output("y", ir::reshape(ir::slice(x, 1, row, row + 1), Shape{x.size(0), x.size(2)}));
}

}  // namespace

BlockDef block_head_pooling() {
  return {
      .id = "head.pooling",
      .title = "Pooling",
      .category = "embedding",
      .help = "Makes one vector of a sequence: the mean of all, the first (a class token), or the last.",
      .synonyms = {"CLS", "mean", "global average"},
      .name = "pooling",
      .inputs = {{.name = "x", .dims = "B T D"}},
      .outputs = {{.name = "y", .dims = "B D"}},
      .params = {choiceParam("kind", "mean", {"mean", "first", "last"}).label("Takes").help("Which positions.")},
      .summary = {"kind"},
      .lower = lower,
      .examples = {{.dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                   {.params = {{"kind", std::string("first")}}, .dims = {{"B", 2}, {"T", 3}, {"D", 5}}},
                   {.params = {{"kind", std::string("last")}}, .dims = {{"B", 1}, {"T", 4}, {"D", 3}}}},
  };
}

}  // namespace fw
