// Qwen 3: Llama with an RMS norm of each query and key. (Yang et al., Qwen3 Technical Report, 2025.)
#include "engine/families/decoder.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  const bool isTied = config.flag({"tie_word_embeddings"}, false);
  const std::string bias = config.flag({"attention_bias"}, false) ? "all" : "none";
  const int64_t heads = config.integer({"num_attention_heads"}, 32);
  LayerKind kind{.attention = ropeParams(config)};
  kind.attention["heads"] = heads;
  kind.attention["kv_heads"] = config.integer({"num_key_value_heads"}, heads);
  kind.attention["head_width"] = config.integer({"head_dim"}, 128);
  kind.attention["bias"] = bias;
  kind.attention["qk_norm"] = true;
  kind.attention["qk_norm_eps"] = config.real({"rms_norm_eps"}, 1e-6);
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
  for (const char* part : {"q_norm", "k_norm"})
    addModule(model.weights, std::string("model.layers.{}.self_attn.") + part,
              std::string("layers.{}.attention.") + part);
  return model;
}

}  // namespace

FamilyDef family_decoder_qwen3() {
  return {.id = "qwen3",
          .title = "Qwen 3",
          .help = "Qwen 3, dense: Llama with an RMS norm of each query and key.",
          .paper = "Yang et al., Qwen3 Technical Report, 2025",
          .modelTypes = {"qwen3"},
          .modelClass = "Qwen3ForCausalLM",
          .read = read};
}

}  // namespace fw
