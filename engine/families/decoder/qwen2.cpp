// Qwen 2 and 2.5: Llama with biases on queries, keys and values. (Yang et al., Qwen2 Technical Report, 2024.)
#include "engine/families/decoder.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  const bool isTied = config.flag({"tie_word_embeddings"}, false);
  const std::string bias = "qkv";
  const int64_t heads = config.integer({"num_attention_heads"}, 32);
  LayerKind kind{.attention = ropeParams(config)};
  kind.attention["heads"] = heads;
  kind.attention["kv_heads"] = config.integer({"num_key_value_heads"}, heads);
  kind.attention["head_width"] = config.integer({"head_dim"}, 0);
  kind.attention["bias"] = bias;
  kind.mlpParams = {{"hidden", config.integer({"intermediate_size"}, 22016)},
                    {"activation", activationOf(config, {"hidden_act"}, "silu")}};
  DecoderSketch sketch{.vocabulary = config.integer({"vocab_size"}, 151936),
                       .width = config.integer({"hidden_size"}, 4096),
                       .layers = config.integer({"num_hidden_layers"}, 32),
                       .normParams = {{"eps", config.real({"rms_norm_eps"}, 1e-6)}},
                       .attentionBlock = "attention.grouped_query",
                       .head = {{"tied", isTied}}};
  const bool isSliding = config.flag({"use_sliding_window"}, false);
  const int64_t window = config.integer({"sliding_window"}, 4096), first = config.integer({"max_window_layers"}, 28);
  setLayerTypes(sketch, config, kind, kind, isSliding ? window : 0, [&](int64_t i) { return i >= first; });
  FamilyModel model{.architecture = decoder(sketch, catalog),
                    .weights = llamaNames(bias, false, isTied),
                    .prefix = "model.",
                    .unused = {"lm_head.weight", "model.layers.{}.self_attn.rotary_emb.inv_freq"}};
  return model;
}

}  // namespace

FamilyDef family_decoder_qwen2() {
  return {.id = "qwen2",
          .title = "Qwen 2",
          .help = "Qwen 2 and 2.5: Llama with biases on queries, keys and values; some sizes with a sliding window.",
          .paper = "Yang et al., Qwen2 Technical Report, 2024",
          .modelTypes = {"qwen2"},
          .modelClass = "Qwen2ForCausalLM",
          .read = read};
}

}  // namespace fw
