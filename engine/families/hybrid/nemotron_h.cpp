// Nemotron-H: Mamba 2 layers, attention without positions and MLPs, one of them a layer, by a pattern such as "M-M*-".
// (NVIDIA, Nemotron-H, 2025.)
#include <map>

#include "engine/base/error.h"
#include "engine/families/decoder.h"

namespace fw {
namespace {

/// One letter a layer: M Mamba 2, * attention, - MLP.
std::string patternOf(const ModelConfig& config) {
  static const std::map<std::string, char> kLetters = {
      {"linear_attention", 'M'}, {"mamba", 'M'}, {"full_attention", '*'},
      {"attention", '*'},        {"mlp", '-'},   {"moe", 'E'}};
  std::string pattern = config.text({"hybrid_override_pattern"}, "");
  for (const std::string& type : config.texts({"layers_block_type", "layer_types"})) {
    if (!kLetters.contains(type))
      config.fail(
          text("layers_block_type holds '", type.substr(0, 40), "'; known are linear_attention, full_attention, mlp."));
    if (config.has({"hybrid_override_pattern"})) continue;
    pattern += kLetters.at(type);
  }
  if (pattern.empty()) config.fail("hybrid_override_pattern is missing.");
  if (int64_t(pattern.size()) > kMaxLayers) config.fail("hybrid_override_pattern is too long.");
  if (pattern.find('E') != std::string::npos)
    config.fail("hybrid_override_pattern has layers with experts; known are M, * and -.");
  if (pattern.find_first_not_of("M*-") != std::string::npos)
    config.fail(text("hybrid_override_pattern is '", pattern.substr(0, 60), "'; expected M, * and -."));
  return pattern;
}

std::vector<WeightRule> names(bool hasBias, bool hasConvBias, bool hasMlpBias) {
  std::vector<WeightRule> rules;
  const std::string theirs = "backbone.layers.{}.", ours = "layers.{}.";
  addModule(rules, "backbone.embeddings", "embedding");
  addModule(rules, theirs + "norm", ours + "norm_mixer");
  for (const char* part : {"q", "k", "v", "o"})
    addModule(rules, theirs + "mixer." + part + "_proj", ours + "attention." + part);
  addMamba2Names(rules, theirs + "mixer.", ours + "mamba.", hasBias, hasConvBias);
  for (const char* part : {"up", "down"})
    addModule(rules, theirs + "mixer." + part + "_proj", ours + "mlp." + part, hasMlpBias);
  addModule(rules, "backbone.norm_f", "norm_final");
  addModule(rules, "lm_head", "head");
  return rules;
}

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  config.ignore({"num_hidden_layers", "attention_bias", "chunk_size", "expand", "mamba_proj_bias", "mamba_expand",
                 "mamba_ssm_cache_dtype", "use_mamba_kernels", "num_logits_to_keep", "residual_in_fp32",
                 "rescale_prenorm_residual", "time_step_floor", "time_step_max", "time_step_limit", "time_step_rank",
                 "norm_before_gate", "sliding_window", "output_router_logits"});
  // Of layers with experts and of heads that foretell more than one token.
  config.ignore({"moe_intermediate_size", "moe_latent_size", "moe_shared_expert_intermediate_size",
                 "moe_shared_expert_overlap", "mtp_layers_block_type", "n_group", "n_routed_experts",
                 "n_shared_experts", "norm_topk_prob", "num_experts_per_tok", "num_nextn_predict_layers",
                 "routed_scaling_factor", "topk_group", "mtp_hybrid_override_pattern"});
  config.ignore({"tie_word_embeddings"});  // the head has a tensor of its own whatever this says
  const bool hasBias = config.flag({"use_bias"}, false), hasConvBias = config.flag({"use_conv_bias"}, true);
  const bool hasMlpBias = config.flag({"mlp_bias"}, false);
  const double eps = config.real({"layer_norm_epsilon", "rms_norm_eps"}, 1e-5);
  if (activationOf(config, {"mamba_hidden_act"}, "silu") != "silu")
    config.fail("mamba_hidden_act is not silu; expected it.");
  const std::string pattern = patternOf(config);

  const Params attention = {{"heads", config.integer({"num_attention_heads"}, 32)},
                            {"kv_heads", config.integer({"num_key_value_heads"}, 8)},
                            {"head_width", config.integer({"head_dim", "attention_head_dim"}, 128)},
                            {"positions", std::string("none")}};
  const Params mamba = {{"heads", config.integer({"mamba_num_heads"}, 128)},
                        {"head_width", config.integer({"mamba_head_dim"}, 64)},
                        {"state", config.integer({"ssm_state_size"}, 128)},
                        {"groups", config.integer({"n_groups"}, 8)},
                        {"conv", config.integer({"conv_kernel"}, 4)},
                        {"bias", hasBias},
                        {"conv_bias", hasConvBias},
                        {"eps", eps},
                        {"step_low", config.real({"time_step_min"}, 0.001)}};
  const Params mlp = {{"hidden", config.integer({"intermediate_size"}, 21504)},
                      {"activation", activationOf(config, {"mlp_hidden_act"}, "relu2")},
                      {"bias", hasMlpBias}};
  return {.architecture = decoder({.vocabulary = config.integer({"vocab_size"}, 131072),
                                   .width = config.integer({"hidden_size"}, 4096),
                                   .layers = int64_t(pattern.size()),
                                   .normParams = {{"eps", eps}},
                                   .mixerNorm = "norm_mixer",
                                   .attentionBlock = "attention.grouped_query",
                                   .kinds = {{.letter = "M", .mixer = "ssm.mamba2", .attention = mamba, .mlp = ""},
                                             {.letter = "*", .attention = attention, .mlp = ""},
                                             {.letter = "-", .mlp = "mlp.mlp", .mlpParams = mlp, .hasMixer = false}},
                                   .pattern = pattern,
                                   .head = {{"tied", false}}},
                                  catalog),
          .weights = names(hasBias, hasConvBias, hasMlpBias),
          .prefix = "backbone."};
}

}  // namespace

FamilyDef family_hybrid_nemotron_h() {
  return {.id = "nemotron_h",
          .title = "Nemotron-H",
          .help = "Mamba 2, attention without positions and MLPs in one stack, by a pattern of letters.",
          .paper = "NVIDIA, Nemotron-H: A Family of Accurate and Efficient Hybrid Mamba-Transformer Models, 2025",
          .modelTypes = {"nemotron_h"},
          .modelClass = "NemotronHForCausalLM",
          .read = read};
}

}  // namespace fw
