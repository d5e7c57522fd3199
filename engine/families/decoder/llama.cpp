// Llama 1 to 3 and what follows it to the letter: Mistral, TinyLlama, SmolLM. (Touvron et al., 2023; Grattafiori et
// al., 2024; Jiang et al., Mistral 7B, 2023.)
#include "engine/families/decoder.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  const bool isMistral = config.text({"model_type"}, "") == "mistral";
  const bool isTied = config.flag({"tie_word_embeddings"}, false);
  const std::string bias = config.flag({"attention_bias"}, false) ? "all" : "none";
  const bool hasMlpBias = config.flag({"mlp_bias"}, false);
  const int64_t heads = config.integer({"num_attention_heads"}, 32);
  const int64_t window = isMistral ? config.integer({"sliding_window"}, 0) : 0;
  Params attention = ropeParams(config);
  attention["heads"] = heads;
  attention["kv_heads"] = config.integer({"num_key_value_heads"}, isMistral ? 8 : heads);
  attention["head_width"] = config.integer({"head_dim"}, 0);
  attention["bias"] = bias;
  if (window > 0) {
    attention["mask"] = std::string("sliding");
    attention["window"] = window;
  }
  const Params mlp = {{"hidden", config.integer({"intermediate_size"}, isMistral ? 14336 : 11008)},
                      {"activation", activationOf(config, {"hidden_act"}, "silu")},
                      {"bias", hasMlpBias}};
  return {.architecture = decoder({.vocabulary = config.integer({"vocab_size"}, 32000),
                                   .width = config.integer({"hidden_size"}, 4096),
                                   .layers = config.integer({"num_hidden_layers"}, 32),
                                   .normParams = {{"eps", config.real({"rms_norm_eps"}, 1e-6)}},
                                   .attentionBlock = "attention.grouped_query",
                                   .kinds = {{.attention = attention, .mlpParams = mlp}},
                                   .head = {{"tied", isTied}}},
                                  catalog),
          .weights = llamaNames(bias, hasMlpBias, isTied),
          .prefix = "model.",
          .unused = {"lm_head.weight", "model.layers.{}.self_attn.rotary_emb.inv_freq"}};
}

}  // namespace

FamilyDef family_decoder_llama() {
  return {.id = "llama",
          .title = "Llama, Mistral",
          .help = "Llama 1 to 3, Mistral, TinyLlama, SmolLM, Nemotron-NAS: rotary positions, RMS norms, SwiGLU.",
          .paper = "Touvron et al., LLaMA: Open and Efficient Foundation Language Models, 2023",
          .modelTypes = {"llama", "mistral", "nemotron-nas"},
          .modelClass = "LlamaForCausalLM",
          .read = read};
}

}  // namespace fw
