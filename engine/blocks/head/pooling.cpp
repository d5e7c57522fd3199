// One vector a sample from a sequence: the mean, the first (a class token), the last, or that of a certain token.
#include "engine/blocks/lowering.h"
#include "engine/ops/argmax.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/mean.h"
#include "engine/ops/one_hot.h"
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
  if (kind == "token" || kind == "highest_token") {
    if (!at.hasInput("tokens"))
      throw Error(Code::Graph, text("takes the vector of a token; expected input 'tokens' to be connected."));
    const ir::Value tokens = at.input("tokens");
    const ir::Value wanted = kind == "token" ? ir::equal(tokens, double(at.integer("token"))) : tokens;
    const ir::Value picks = ir::oneHot(ir::argmax(ir::cast(wanted, DType::F32)), x.size(1));
    const ir::Value rows = ir::matmul(ir::reshape(picks, Shape{x.size(0), 1, x.size(1)}), x);
    at.output("y", ir::reshape(rows, Shape{x.size(0), x.size(2)}));
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
      .help =
          "Makes one vector of a sequence: the mean of all, the first (a class token), the last, or that of a token "
          "such as "
          "the end of the text.",
      .synonyms = {"CLS", "mean", "global average"},
      .name = "pooling",
      .inputs = {{.name = "x", .dims = "B T D"},
                 {.name = "tokens",
                  .dims = "B T",
                  .kind = PortKind::Tokens,
                  .isOptional = true,
                  .help = "The token ids, where a token picks the vector."}},
      .outputs = {{.name = "y", .dims = "B D"}},
      .params = {choiceParam("kind", "mean", {"mean", "first", "last", "token", "highest_token"})
                     .label("Takes")
                     .help("Which positions; token: the first with this id; highest_token: that with the highest id."),
                 intParam("token", 0).label("Token").range(0, 1e12).when("kind=token").help("Its id.")},
      .summary = {"kind"},
      .lower = lower,
      .examples = {{.dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                   {.params = {{"kind", std::string("first")}}, .dims = {{"B", 2}, {"T", 3}, {"D", 5}}},
                   {.params = {{"kind", std::string("last")}}, .dims = {{"B", 1}, {"T", 4}, {"D", 3}}}},
  };
}

}  // namespace fw
