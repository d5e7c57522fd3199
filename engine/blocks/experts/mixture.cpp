// y = sum over the k best experts e of g_e(x) MLP_e(x), with g the softmax of a linear map of x. (Shazeer et al.,
// Outrageously Large Neural Networks, 2017; Jiang et al., Mixtral of Experts, 2024.)
#include "engine/blocks/activation.h"
#include "engine/blocks/lowering.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/matmul.h"
#include "engine/ops/one_hot.h"
#include "engine/ops/routed_experts.h"
#include "engine/ops/slice.h"
#include "engine/ops/softmax.h"
#include "engine/ops/sum.h"
#include "engine/ops/top_k.h"

namespace fw {
namespace {

/// [...,E]: the share of each expert, 0 for those that are not among the best.
ir::Value shares(Lowering& at, ir::Value x, int64_t experts) {
  const ir::Value scores = ir::softmax(at.linear("router", x, experts, at.flag("router_bias")));
  const ir::Value best = ir::topK(ir::stopGradient(scores), at.integer("top_k")).indices;
  const ir::Value chosen = scores * ir::sum(ir::oneHot(best, experts), {-2}, false);
  at.probe("experts.share", chosen);
  if (!at.flag("normalize")) return chosen;
  return chosen / ir::sum(chosen, {-1}, true);
}

ir::Value weight(Lowering& at, const std::string& name, int64_t outputs, int64_t inputs) {
  return at.weight(name + ".weight", {outputs, inputs}, initNormal(0.02));
}

/// Every expert for every token: as fast as the other way where gradients are asked for, and with any activation.
ir::Value mixedDensely(Lowering& at, ir::Value x, ir::Value share, const std::vector<ir::ExpertValues>& experts) {
  const auto bias = [&](size_t e, const char* name, int64_t size) {
    if (!at.flag("bias")) return ir::Value{};
    return at.weight({.name = text("experts.", e, ".", name, ".bias"),
                      .shape = {size},
                      .init = initZeros(),
                      .role = "bias",
                      .decays = false});
  };
  const int64_t hidden = at.integer("hidden"), width = x.size(-1);
  ir::Value y;
  for (size_t e = 0; e < experts.size(); ++e) {
    const ir::Value gate = ir::linear(x, experts[e].gate, bias(e, "gate", hidden)),
                    up = ir::linear(x, experts[e].up, bias(e, "up", hidden));
    const ir::Value part =
        ir::linear(activate(at.text("activation"), gate) * up, experts[e].down, bias(e, "down", width)) *
        ir::slice(share, share.rank() - 1, int64_t(e), int64_t(e) + 1);
    y = y.isValid() ? y + part : part;
  }
  return y;
}

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const int64_t count = at.integer("experts"), hidden = at.integer("hidden"), width = x.size(-1);
  const ir::Value share = shares(at, x, count);
  std::vector<ir::ExpertValues> experts;
  for (int64_t e = 0; e < count; ++e) {
    const std::string name = "experts." + std::to_string(e) + ".";
    const ir::Value gate = weight(at, name + "gate", hidden, width), up = weight(at, name + "up", hidden, width);
    experts.push_back({gate, up, weight(at, name + "down", width, hidden)});
  }
  const std::string& activation = at.text("activation");
  const bool isRouted = at.mode() != Mode::Train && ir::canRoute(activation) && !at.flag("bias");
  at.output("y", isRouted ? ir::routedExperts(x, share, experts, at.integer("top_k"), activation)
                          : mixedDensely(at, x, share, experts));
}

std::string check(const Params& params) {
  if (std::get<int64_t>(params.at("top_k")) > std::get<int64_t>(params.at("experts")))
    return "more experts are chosen than there are";
  return {};
}

}  // namespace

BlockDef block_experts_mixture() {
  return {
      .id = "experts.mixture",
      .title = "Mixture of experts",
      .category = "experts",
      .help =
          "A router picks a few gated MLPs for each token and weighs their results. In training all experts are "
          "computed, "
          "also those with weight 0; else a token goes through its own alone.",
      .paper = "Jiang et al., Mixtral of Experts, 2024",
      .synonyms = {"MoE", "sparse", "router", "top-k"},
      .name = "mlp",
      .inputs = {{.name = "x", .dims = "... D"}},
      .outputs = {{.name = "y", .dims = "... D"}},
      .params =
          {intParam("experts", 8).label("Experts").range(1, 4096).help("How many MLPs there are."),
           intParam("top_k", 2).label("Chosen").range(1, 4096).help("How many a token goes through."),
           intParam("hidden", 172).label("Hidden width").help("Units of gate and value of each expert."),
           choiceParam("activation", "silu", activationNames())
               .label("Activation")
               .help("Applied to the gate of each expert."),
           boolParam("bias", false).label("Bias").help("Whether the maps of the experts have one."),
           boolParam("router_bias", false).label("Router bias").help("Adds a number to each expert's score."),
           boolParam("normalize", true).label("Normalise").help("Whether the weights of the chosen experts sum to 1.")},
      .summary = {"experts", "top_k", "hidden"},
      .isCausal = true,
      .lower = lower,
      .check = check,
      .examples = {{.params = {{"experts", int64_t(3)}, {"top_k", int64_t(2)}, {"hidden", int64_t(5)}},
                    .dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                   {.params = {{"experts", int64_t(2)},
                               {"top_k", int64_t(1)},
                               {"hidden", int64_t(3)},
                               {"normalize", false},
                               {"activation", std::string("gelu")},
                               {"bias", true},
                               {"router_bias", true}},
                    .dims = {{"B", 2}, {"T", 7}, {"D", 4}}}},
  };
}

}  // namespace fw
