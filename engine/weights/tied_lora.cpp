// W_i = W + (alpha / rank) B_i A_i: shared matrices with a low-rank difference for each member.
// (Bae et al., Relaxed Recursive Transformers, 2024; Hu et al., LoRA, 2021.)
#include <algorithm>
#include <cmath>

#include "engine/blocks/lowering.h"
#include "engine/ops/matmul.h"

namespace fw {
namespace {

ir::Value make(PolicyCall& call) {
  const WeightRequest& request = call.request();
  const int64_t set = call.index() % call.integer("distinct");
  const ir::Value base = call.shared(set, "", request.shape, request.init);
  if (request.shape.rank() != 2 || request.role == "embedding") return base;
  const int64_t out = request.shape[0], in = request.shape[1];
  const int64_t rank = std::min({call.integer("rank"), out, in});
  // A starts as nn.Linear does, B at zero: at first all members are equal.
  const double bound = 1.0 / std::sqrt(double(in));
  const ir::Value a = call.own("lora_a", {rank, in}, initUniform(-bound, bound));
  const ir::Value b = call.own("lora_b", {out, rank}, initZeros());
  return base + ir::matmul(b, a) * (call.real("alpha") / double(rank));
}

}  // namespace

WeightPolicyDef policy_tied_lora() {
  return {
      .id = "tied_lora",
      .title = "Tied + LoRA",
      .help = "Members share their matrices and add a low-rank difference of their own. Vectors are shared.",
      .paper = "Bae et al., Relaxed Recursive Transformers, 2024",
      .params = {intParam("distinct", 1).label("Distinct sets").help("Member i uses set i modulo this number."),
                 intParam("rank", 8).label("Rank").range(1, 65536).help("Rank of each member's difference."),
                 realParam("alpha", 8).label("Alpha").range(0, 1e6).help("The difference is scaled by alpha / rank.")},
      .make = make,
  };
}

}  // namespace fw
