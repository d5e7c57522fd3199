// x -> a g x on the parts of the hidden width that are active for a token: the first ones for all tokens, k more by the
// softmax g of a linear map of x; the scale a gives back what the others would have carried. What computes on y is a
// mixture of hidden dimensions; a fusion joins its parts again. (Chen et al., Mixture of Hidden-Dimensions Transformer,
// 2024.)
#include "engine/blocks/lowering.h"
#include "engine/ops/broadcast_to.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/one_hot.h"
#include "engine/ops/reshape.h"
#include "engine/ops/slice.h"
#include "engine/ops/softmax.h"
#include "engine/ops/sum.h"
#include "engine/ops/top_k.h"

namespace fw {
namespace {

/// [...,N]: 1 for parts that are active.
ir::Value activeParts(Lowering& at, ir::Value scores, int64_t parts) {
  const int64_t shared = at.integer("shared"), routed = at.integer("active") - shared;
  const int axis = scores.rank() - 1;
  std::vector<ir::Value> sides;
  if (shared > 0) sides.push_back(ir::stopGradient(ir::slice(scores, axis, 0, shared) * 0.0 + 1.0));
  if (shared < parts) {
    const ir::Value rest = ir::stopGradient(ir::slice(scores, axis, shared, parts));
    sides.push_back(routed == 0 ? rest * 0.0
                                : ir::sum(ir::oneHot(ir::topK(rest, routed).indices, parts - shared), {-2}, false));
  }
  return sides.size() == 1 ? sides[0] : ir::concat(sides, axis);
}

/// Of each part for each of its channels: [...,N] -> [...,D].
ir::Value spread(ir::Value parts, const Shape& full, int64_t count) {
  std::vector<int64_t> one = parts.shape().dims(), split = one;
  one.push_back(1);
  split.push_back(full[-1] / count);
  return ir::reshape(ir::broadcastTo(ir::reshape(parts, one), Shape(split)), full);
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t parts = at.integer("parts");
  if (x.size(-1) % parts != 0)
    throw Error(Code::Shape, text("the width ", x.size(-1), " is no multiple of ", parts, " parts."));
  const ir::Value scores = ir::softmax(at.linear("router", x, parts, false));
  const ir::Value mask = activeParts(at, scores, parts), gates = scores * mask;
  at.probe("experts.share", gates);
  const std::string& scaling = at.text("scaling");
  const ir::Value total = ir::sum(gates, {-1}, true);
  const ir::Value scaled = scaling == "mean"  ? gates / total * double(parts)
                           : scaling == "sum" ? gates * total * double(parts)
                                              : gates * double(parts);
  at.output("y", x * spread(scaled, x.shape(), parts));
  at.output("mask", spread(mask, x.shape(), parts));
}

std::string check(const Params& params) {
  const auto of = [&](const char* name) { return std::get<int64_t>(params.at(name)); };
  if (of("active") > of("parts")) return "more parts are active than there are";
  if (of("shared") > of("active")) return "more parts are shared than are active";
  return {};
}

}  // namespace

BlockDef block_experts_hidden_router() {
  return {
      .id = "experts.hidden_router",
      .title = "Hidden-dimension router",
      .category = "experts",
      .help =
          "Cuts the width into parts and lets each token use a few: some for all tokens, the rest by a router. Put it "
          "before an attention or MLP, and a hidden-dimension fusion with its mask behind.",
      .paper = "Chen et al., Mixture of Hidden-Dimensions Transformer, 2024",
      .synonyms = {"MoHD", "mixture of hidden dimensions", "sparse", "router"},
      .name = "router",
      .inputs = {{.name = "x", .dims = "... D"}},
      .outputs = {{.name = "y", .dims = "... D", .help = "The active parts, scaled; 0 elsewhere."},
                  {.name = "mask", .dims = "... D", .help = "1 where a channel is active."}},
      .params =
          {intParam("parts", 16).label("Parts").range(1, 4096).help("Pieces of equal width that are chosen as one."),
           intParam("active", 8).label("Active").range(1, 4096).help("Parts that a token uses, the shared among them."),
           intParam("shared", 6).label("Shared").range(0, 4096).help("Parts that all tokens use."),
           choiceParam("scaling", "mean", {"mean", "sum", "none"})
               .label("Scaling")
               .help("Of the active parts: to a mean of parts / active, by the sum of their gates, or by nothing.")},
      .summary = {"parts", "active", "shared"},
      .isCausal = true,
      .lower = lower,
      .check = check,
      .examples = {{.params = {{"parts", int64_t(4)}, {"active", int64_t(2)}, {"shared", int64_t(1)}},
                    .dims = {{"B", 2}, {"T", 7}, {"D", 12}}},
                   {.params = {{"parts", int64_t(3)},
                               {"active", int64_t(2)},
                               {"shared", int64_t(0)},
                               {"scaling", std::string("sum")}},
                    .dims = {{"B", 2}, {"T", 3}, {"D", 9}}},
                   {.params = {{"parts", int64_t(3)},
                               {"active", int64_t(2)},
                               {"shared", int64_t(1)},
                               {"scaling", std::string("none")}},
                    .dims = {{"B", 1}, {"T", 5}, {"D", 6}}}},
  };
}

}  // namespace fw
