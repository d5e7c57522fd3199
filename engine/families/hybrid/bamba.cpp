// Bamba: Mamba 2 layers with attention in between, each with an MLP. (IBM Research, Princeton, CMU and UIUC, Bamba,
// 2024.)
#include <set>

#include "engine/families/decoder.h"

namespace fw {
namespace {

std::vector<WeightRule> names(bool hasProjectionBias, bool hasConvBias, const std::string& bias, bool hasMlpBias,
                              bool isTied) {
  std::vector<WeightRule> rules;
  const std::string theirs = "model.layers.{}.", ours = "layers.{}.";
  addModule(rules, "model.embed_tokens", "embedding");
  addModule(rules, theirs + "input_layernorm", ours + "norm_mixer");
  for (const char* part : {"q", "k", "v", "o"})
    addModule(rules, theirs + "self_attn." + part + "_proj", ours + "attention." + part, bias == "all");
  addMamba2Names(rules, theirs + "mamba.", ours + "mamba.", hasProjectionBias, hasConvBias);
  addModule(rules, theirs + "pre_ff_layernorm", ours + "norm_mlp");
  for (const char* part : {"gate", "up", "down"})
    addModule(rules, theirs + "feed_forward." + part + "_proj", ours + "mlp." + part, hasMlpBias);
  addModule(rules, "model.final_layernorm", "norm_final");
  if (!isTied) addModule(rules, "lm_head", "head");
  return rules;
}

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  config.ignore({"num_logits_to_keep", "mamba_chunk_size", "z_loss_coefficient"});
  const bool isTied = config.flag({"tie_word_embeddings"}, false);
  const bool hasBias = config.flag({"mamba_proj_bias"}, false), hasConvBias = config.flag({"mamba_conv_bias"}, true);
  const bool hasMlpBias = config.flag({"mlp_bias"}, false);
  const std::string bias = config.flag({"attention_bias"}, false) ? "all" : "none";
  const double eps = config.real({"rms_norm_eps"}, 1e-5);
  const int64_t width = config.integer({"hidden_size"}, 4096), layers = config.integer({"num_hidden_layers"}, 32);
  const int64_t heads = config.integer({"mamba_n_heads"}, 128), inner = config.integer({"mamba_expand"}, 2) * width;
  if (heads == 0 || inner % heads != 0) config.fail("mamba_expand * hidden_size is no multiple of mamba_n_heads.");
  const bool isAutomatic = !config.has({"mamba_d_head"}) || config.isText({"mamba_d_head"});
  const int64_t mambaWidth = isAutomatic ? inner / heads : config.integer({"mamba_d_head"});
  if (mambaWidth != inner / heads) config.fail("mamba_d_head * mamba_n_heads is not mamba_expand * hidden_size.");

  Params attention = ropeParams(config, {}, 10000, 0.5);
  attention["heads"] = config.integer({"num_attention_heads"}, 32);
  attention["kv_heads"] = config.integer({"num_key_value_heads"}, 8);
  attention["head_width"] = config.integer({"head_dim"}, 0);
  attention["bias"] = bias;
  Params mamba = {{"heads", heads},
                  {"head_width", mambaWidth},
                  {"state", config.integer({"mamba_d_state"}, 256)},
                  {"groups", config.integer({"mamba_n_groups"}, 1)},
                  {"conv", config.integer({"mamba_d_conv"}, 4)},
                  {"bias", hasBias},
                  {"conv_bias", hasConvBias},
                  {"eps", eps}};
  setStepLimits(mamba, config);
  const Params mlp = {{"hidden", config.integer({"intermediate_size"}, 14336)},
                      {"activation", activationOf(config, {"hidden_act"}, "silu")},
                      {"bias", hasMlpBias}};
  const std::vector<int64_t> listed = config.integers({"attn_layer_indices"});
  const std::vector<std::string> types = config.texts({"layer_types", "layers_block_type"});
  const std::set<int64_t> attentionLayers(listed.begin(), listed.end());
  if (layers > kMaxLayers) config.fail("num_hidden_layers is too large.");
  if (!types.empty() && int64_t(types.size()) != layers) config.fail("layer_types does not name every layer.");
  std::string pattern;
  for (int64_t i = 0; i < layers; ++i) {
    const bool isAttention = types.empty() || !listed.empty() ? attentionLayers.contains(i)
                                                              : types[size_t(i)].find("attention") != std::string::npos;
    pattern += isAttention ? "A" : "M";
  }
  return {
      .architecture = decoder({.vocabulary = config.integer({"vocab_size"}, 128000),
                               .width = width,
                               .layers = layers,
                               .normParams = {{"eps", eps}},
                               .mixerNorm = "norm_mixer",
                               .attentionBlock = "attention.grouped_query",
                               .kinds = {{.letter = "M", .mixer = "ssm.mamba2", .attention = mamba, .mlpParams = mlp},
                                         {.letter = "A", .attention = attention, .mlpParams = mlp}},
                               .pattern = pattern,
                               .head = {{"tied", isTied}}},
                              catalog),
      .weights = names(hasBias, hasConvBias, bias, hasMlpBias, isTied),
      .prefix = "model.",
      .unused = {"lm_head.weight"}};
}

}  // namespace

FamilyDef family_hybrid_bamba() {
  return {.id = "bamba",
          .title = "Bamba",
          .help = "Mamba 2 layers with partly rotated attention in between, each with an MLP.",
          .paper = "IBM Research, Princeton, CMU and UIUC, Bamba: Inference-Efficient Hybrid Mamba2 Model, 2024",
          .modelTypes = {"bamba"},
          .modelClass = "BambaForCausalLM",
          .read = read};
}

}  // namespace fw
