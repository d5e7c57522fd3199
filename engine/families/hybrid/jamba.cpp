// Jamba: Mamba layers with attention in between, every other MLP a mixture of experts. (Lieber et al., Jamba, 2024.)
#include "engine/families/decoder.h"

namespace fw {
namespace {

/// Whether layer i is one of each `period`, the first at `offset`.
bool isHit(int64_t i, int64_t period, int64_t offset) { return period > 0 && i % period == offset; }

std::vector<WeightRule> names(bool hasProjectionBias, bool hasConvBias, bool isTied) {
  std::vector<WeightRule> rules;
  const std::string theirs = "model.layers.{}.", ours = "layers.{}.";
  addModule(rules, "model.embed_tokens", "embedding");
  addModule(rules, theirs + "input_layernorm", ours + "norm_mixer");
  for (const char* part : {"q", "k", "v", "o"})
    addModule(rules, theirs + "self_attn." + part + "_proj", ours + "attention." + part);
  addModule(rules, theirs + "mamba.in_proj", ours + "mamba.in_proj", hasProjectionBias);
  addModule(rules, theirs + "mamba.conv1d", ours + "mamba.conv1d", hasConvBias);
  addModule(rules, theirs + "mamba.x_proj", ours + "mamba.x_proj");
  addModule(rules, theirs + "mamba.dt_proj", ours + "mamba.dt_proj", true);
  addModule(rules, theirs + "mamba.out_proj", ours + "mamba.out_proj", hasProjectionBias);
  for (const char* part : {"dt", "b", "c"})
    addModule(rules, theirs + "mamba." + part + "_layernorm", ours + "mamba." + part + "_norm");
  for (const char* name : {"A_log", "D"})
    rules.push_back({.tensor = theirs + "mamba." + name, .parts = {{ours + "mamba." + name}}});
  addModule(rules, theirs + "pre_ff_layernorm", ours + "norm_mlp");
  addModule(rules, theirs + "feed_forward.router", ours + "mlp.router");
  for (const char* part : {"gate", "up", "down"}) {
    addModule(rules, theirs + "feed_forward." + part + "_proj", ours + "mlp." + part);
    addModule(rules, theirs + "feed_forward.experts.{}." + part + "_proj", ours + "mlp.experts.{}." + part);
  }
  addModule(rules, "model.final_layernorm", "norm_final");
  if (!isTied) addModule(rules, "lm_head", "head");
  return rules;
}

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  config.ignore({"output_router_logits", "router_aux_loss_coef", "use_mamba_kernels", "use_mambapy",
                 "use_associative_scan", "num_logits_to_keep", "calc_logits_for_entire_prompt", "n_ctx"});
  const bool isTied = config.flag({"tie_word_embeddings"}, false);
  const bool hasBias = config.flag({"mamba_proj_bias"}, false), hasConvBias = config.flag({"mamba_conv_bias"}, true);
  const double eps = config.real({"rms_norm_eps"}, 1e-6);
  const int64_t layers = config.integer({"num_hidden_layers"}, 32), heads = config.integer({"num_attention_heads"}, 32);
  const int64_t experts = config.integer({"num_experts"}, 16), hidden = config.integer({"intermediate_size"}, 14336);
  const int64_t window = config.integer({"sliding_window"}, 0);
  const std::string activation = activationOf(config, {"hidden_act"}, "silu");
  const bool isAutomatic = !config.has({"mamba_dt_rank"}) || config.isText({"mamba_dt_rank"});

  Params attention = {{"heads", heads},
                      {"kv_heads", config.integer({"num_key_value_heads"}, 8)},
                      {"head_width", config.integer({"head_dim"}, 0)},
                      {"positions", std::string("none")}};
  if (window > 0) {
    attention["mask"] = std::string("sliding");
    attention["window"] = window;
  }
  const Params mamba = {{"state", config.integer({"mamba_d_state"}, 16)},
                        {"conv", config.integer({"mamba_d_conv"}, 4)},
                        {"expand", config.integer({"mamba_expand"}, 2)},
                        {"rank", isAutomatic ? int64_t(0) : config.integer({"mamba_dt_rank"})},
                        {"bias", hasBias},
                        {"conv_bias", hasConvBias},
                        {"inner_norm", std::string("weighted")},
                        {"inner_norm_eps", eps}};
  const Params dense = {{"hidden", hidden}, {"activation", activation}};
  const Params mixture = {{"experts", experts},
                          {"top_k", config.integer({"num_experts_per_tok"}, 2)},
                          {"hidden", hidden},
                          {"activation", activation},
                          {"normalize", false}};
  // Capitals have experts.
  const std::vector<LayerKind> kinds = {
      {.letter = "m", .mixer = "ssm.mamba", .attention = mamba, .mlpParams = dense},
      {.letter = "M", .mixer = "ssm.mamba", .attention = mamba, .mlp = "experts.mixture", .mlpParams = mixture},
      {.letter = "a", .attention = attention, .mlpParams = dense},
      {.letter = "A", .attention = attention, .mlp = "experts.mixture", .mlpParams = mixture}};
  const int64_t attentionPeriod = config.integer({"attn_layer_period"}, 8);
  const int64_t attentionOffset = config.integer({"attn_layer_offset"}, 4);
  const int64_t expertPeriod = config.integer({"expert_layer_period"}, 2);
  const int64_t expertOffset = config.integer({"expert_layer_offset"}, 1);
  config.ignore({"layer_types", "layers_block_type", "layers_num_experts"});
  if (layers > kMaxLayers) config.fail("num_hidden_layers is too large.");
  std::string pattern;
  for (int64_t i = 0; i < layers; ++i) {
    const bool hasExperts = experts > 1 && isHit(i, expertPeriod, expertOffset);
    const bool isAttention = isHit(i, attentionPeriod, attentionOffset);
    pattern += isAttention ? (hasExperts ? "A" : "a") : (hasExperts ? "M" : "m");
  }
  return {.architecture = decoder({.vocabulary = config.integer({"vocab_size"}, 65536),
                                   .width = config.integer({"hidden_size"}, 4096),
                                   .layers = layers,
                                   .normParams = {{"eps", eps}},
                                   .mixerNorm = "norm_mixer",
                                   .attentionBlock = "attention.grouped_query",
                                   .kinds = kinds,
                                   .pattern = pattern,
                                   .head = {{"tied", isTied}}},
                                  catalog),
          .weights = names(hasBias, hasConvBias, isTied),
          .prefix = "model.",
          .unused = {"lm_head.weight"}};
}

}  // namespace

FamilyDef family_hybrid_jamba() {
  return {.id = "jamba",
          .title = "Jamba",
          .help = "Mamba layers with attention in between, every other MLP a mixture of experts.",
          .paper = "Lieber et al., Jamba: A Hybrid Transformer-Mamba Language Model, 2024",
          .modelTypes = {"jamba"},
          .modelClass = "JambaForCausalLM",
          .read = read};
}

}  // namespace fw
