// OLMo 2: norms after each branch instead of before it, QK norms over all heads. (OLMo Team, 2 OLMo 2 Furious, 2024.)
#include "engine/families/decoder.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  const bool isTied = config.flag({"tie_word_embeddings"}, false);
  const std::string bias = config.flag({"attention_bias"}, false) ? "all" : "none";
  const int64_t heads = config.integer({"num_attention_heads"}, 32);
  const double eps = config.real({"rms_norm_eps"}, 1e-5);
  Params attention = ropeParams(config);
  attention["heads"] = heads;
  attention["kv_heads"] = config.integer({"num_key_value_heads"}, heads);
  attention["bias"] = bias;
  attention["qk_norm"] = true;
  attention["qk_norm_over"] = std::string("all");
  attention["qk_norm_eps"] = eps;
  FamilyModel model{
      .architecture = decoder({.vocabulary = config.integer({"vocab_size"}, 50304),
                               .width = config.integer({"hidden_size"}, 4096),
                               .layers = config.integer({"num_hidden_layers"}, 32),
                               .normParams = {{"eps", eps}},
                               .hasPreNorms = false,
                               .hasPostNorms = true,
                               .attentionBlock = "attention.grouped_query",
                               .kinds = {{.attention = attention,
                                          .mlpParams = {{"hidden", config.integer({"intermediate_size"}, 11008)},
                                                        {"activation", activationOf(config, {"hidden_act"}, "silu")}}}},
                               .head = {{"tied", isTied}}},
                              catalog),
      .weights = llamaNames(bias, false, isTied),
      .prefix = "model.",
      .unused = {"lm_head.weight"}};
  const std::string theirs = "model.layers.{}.", ours = "layers.{}.";
  std::erase_if(model.weights,
                [](const WeightRule& rule) { return rule.tensor.find("layernorm") != std::string::npos; });
  addModule(model.weights, theirs + "post_attention_layernorm", ours + "post_norm_attention");
  addModule(model.weights, theirs + "post_feedforward_layernorm", ours + "post_norm_mlp");
  for (const char* part : {"q_norm", "k_norm"})
    addModule(model.weights, theirs + "self_attn." + part, ours + "attention." + part);
  return model;
}

}  // namespace

FamilyDef family_decoder_olmo2() {
  return {.id = "olmo2",
          .title = "OLMo 2",
          .help = "OLMo 2: norms after attention and MLP, an RMS norm over all queries and over all keys.",
          .paper = "OLMo Team, 2 OLMo 2 Furious, 2024",
          .modelTypes = {"olmo2"},
          .modelClass = "Olmo2ForCausalLM",
          .read = read};
}

}  // namespace fw
