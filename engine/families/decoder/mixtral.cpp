// Mixtral: Mistral with a mixture of experts in place of each MLP. (Jiang et al., Mixtral of Experts, 2024.)
#include "engine/families/decoder.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  config.ignore({"output_router_logits", "router_aux_loss_coef", "router_jitter_noise"});
  const bool isTied = config.flag({"tie_word_embeddings"}, false);
  const int64_t window = config.integer({"sliding_window"}, 0);
  Params attention = ropeParams(config, {}, 1e6);
  attention["heads"] = config.integer({"num_attention_heads"}, 32);
  attention["kv_heads"] = config.integer({"num_key_value_heads"}, 8);
  attention["head_width"] = config.integer({"head_dim"}, 0);
  if (window > 0) {
    attention["mask"] = std::string("sliding");
    attention["window"] = window;
  }
  FamilyModel model{.architecture = decoder(
                        {.vocabulary = config.integer({"vocab_size"}, 32000),
                         .width = config.integer({"hidden_size"}, 4096),
                         .layers = config.integer({"num_hidden_layers"}, 32),
                         .normParams = {{"eps", config.real({"rms_norm_eps"}, 1e-5)}},
                         .attentionBlock = "attention.grouped_query",
                         .kinds = {{.attention = attention,
                                    .mlp = "experts.mixture",
                                    .mlpParams = {{"experts", config.integer({"num_local_experts", "num_experts"}, 8)},
                                                  {"top_k", config.integer({"num_experts_per_tok"}, 2)},
                                                  {"hidden", config.integer({"intermediate_size"}, 14336)},
                                                  {"activation", activationOf(config, {"hidden_act"}, "silu")}}}},
                         .head = {{"tied", isTied}}},
                        catalog),
                    .weights = llamaNames("none", false, isTied),
                    .prefix = "model.",
                    .unused = {"lm_head.weight"}};
  const std::string theirs = "model.layers.{}.block_sparse_moe.", ours = "layers.{}.mlp.";
  addModule(model.weights, theirs + "gate", ours + "router");
  addModule(model.weights, theirs + "experts.{}.w1", ours + "experts.{}.gate");
  addModule(model.weights, theirs + "experts.{}.w2", ours + "experts.{}.down");
  addModule(model.weights, theirs + "experts.{}.w3", ours + "experts.{}.up");
  return model;
}

}  // namespace

FamilyDef family_decoder_mixtral() {
  return {.id = "mixtral",
          .title = "Mixtral",
          .help = "Mistral with a mixture of experts in place of each MLP.",
          .paper = "Jiang et al., Mixtral of Experts, 2024",
          .modelTypes = {"mixtral"},
          .modelClass = "MixtralForCausalLM",
          .read = read};
}

}  // namespace fw
