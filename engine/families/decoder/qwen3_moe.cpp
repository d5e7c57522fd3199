// Qwen 3 with experts: a mixture in place of the MLP of most layers. (Yang et al., Qwen3 Technical Report, 2025.)
#include <set>

#include "engine/families/decoder.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  config.ignore({"output_router_logits", "router_aux_loss_coef", "max_window_layers"});
  const bool isTied = config.flag({"tie_word_embeddings"}, false);
  const std::string bias = config.flag({"attention_bias"}, false) ? "all" : "none";
  const int64_t layers = config.integer({"num_hidden_layers"}, 24);
  const std::string activation = activationOf(config, {"hidden_act"}, "silu");
  Params attention = groupedQueryParams(config, bias, 4);
  addQkNorm(attention, config.real({"rms_norm_eps"}, 1e-6));
  if (config.flag({"use_sliding_window"}, false)) {
    attention["mask"] = std::string("sliding");
    attention["window"] = config.integer({"sliding_window"}, 4096);
  } else {
    config.ignore({"sliding_window"});
  }
  const int64_t every = config.integer({"decoder_sparse_step"}, 1);
  const int64_t experts = config.integer({"num_experts", "num_local_experts"}, 128);
  const std::vector<int64_t> dense = config.integers({"mlp_only_layers"});
  const std::set<int64_t> denseLayers(dense.begin(), dense.end());
  if (layers > kMaxLayers) config.fail("num_hidden_layers is too large.");
  std::string pattern;
  for (int64_t i = 0; i < layers; ++i) {
    const bool isSparse = experts > 0 && every > 0 && (i + 1) % every == 0 && !denseLayers.contains(i);
    pattern += isSparse ? "E" : "D";
  }
  FamilyModel model{
      .architecture = decoder({.vocabulary = config.integer({"vocab_size"}, 151936),
                               .width = config.integer({"hidden_size"}, 2048),
                               .layers = layers,
                               .normParams = {{"eps", config.real({"rms_norm_eps"}, 1e-6)}},
                               .attentionBlock = "attention.grouped_query",
                               .kinds = {{.letter = "E",
                                          .attention = attention,
                                          .mlp = "experts.mixture",
                                          .mlpParams = {{"experts", experts},
                                                        {"top_k", config.integer({"num_experts_per_tok"}, 8)},
                                                        {"hidden", config.integer({"moe_intermediate_size"}, 768)},
                                                        {"activation", activation},
                                                        {"normalize", config.flag({"norm_topk_prob"}, false)}}},
                                         {.letter = "D",
                                          .attention = attention,
                                          .mlpParams = {{"hidden", config.integer({"intermediate_size"}, 6144)},
                                                        {"activation", activation}}}},
                               .pattern = pattern,
                               .head = {{"tied", isTied}}},
                              catalog),
      .weights = llamaNames(bias, false, isTied),
      .prefix = "model.",
      .unused = {"lm_head.weight"}};
  const std::string theirs = "model.layers.{}.", ours = "layers.{}.";
  addQkNormNames(model.weights);
  addModule(model.weights, theirs + "mlp.gate", ours + "mlp.router");
  for (const char* part : {"gate", "up", "down"})
    addModule(model.weights, theirs + "mlp.experts.{}." + part + "_proj", ours + "mlp.experts.{}." + part);
  return model;
}

}  // namespace

FamilyDef family_decoder_qwen3_moe() {
  return {.id = "qwen3_moe",
          .title = "Qwen 3 MoE",
          .help = "Qwen 3 with a mixture of experts in place of the MLP.",
          .paper = "Yang et al., Qwen3 Technical Report, 2025",
          .modelTypes = {"qwen3_moe"},
          .modelClass = "Qwen3MoeForCausalLM",
          .read = read};
}

}  // namespace fw
