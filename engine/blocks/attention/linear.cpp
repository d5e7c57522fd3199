// Linear attention: y_t = sum_j (f(q_t) . f(k_j)) v_j / sum_j f(q_t) . f(k_j), f = elu + 1. (Katharopoulos et al.,
// Transformers are RNNs, 2020.)
#include "engine/blocks/attention_parts.h"
#include "engine/ops/elementwise.h"

namespace fw {
namespace {

ir::Value eluPlusOne(ir::Value x) { return ir::where(ir::greater(x, 0.0), x + 1.0, ir::exp(ir::minimum(x, 0.0))); }

void lower(Lowering& at) {
  const ir::Value x = at.input("x");
  const HeadValues heads = projectHeads(at, x, headShape(at, x.size(2)));
  const bool causal = isCausal(at);
  outputHeads(at,
              featureAttention(at, eluPlusOne(heads.q), eluPlusOne(heads.k), heads.v, causal,
                               [](ir::Value sum) { return sum + 1e-6; }),
              x.size(2));
}

}  // namespace

BlockDef block_attention_linear() {
  return headsBlock(
      {.id = "attention.linear",
       .title = "Linear attention",
       .help = "Weights are products of positive features of queries and keys, so that sums over the past can be "
               "carried along: time grows linearly with the sequence, and decoding keeps one matrix a head.",
       .paper = "Katharopoulos et al., Transformers are RNNs: Fast Autoregressive Transformers with Linear Attention, "
                "2020",
       .synonyms = {"elu", "kernel attention", "fast weights"},
       .params = {maskParam("causal")},
       .summary = {"heads", "mask"},
       .isCausal = true,
       .lower = lower,
       .examples = {{.params = {{"heads", int64_t(2)}}, .dims = {{"B", 2}, {"T", 7}, {"D", 6}}},
                    {.params = {{"heads", int64_t(3)}, {"head_width", int64_t(4)}, {"bias", std::string("all")}},
                     .dims = {{"B", 1}, {"T", 5}, {"D", 5}}}}});
}

}  // namespace fw
