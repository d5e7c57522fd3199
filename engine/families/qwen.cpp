// What the dense Qwen models have in common.
#include "engine/families/qwen.h"

namespace fw {

FamilyModel qwen(const ModelConfig& config, const Catalog& catalog, const Params& attention, const std::string& bias) {
  ignoreCommonKeys(config);
  const bool isTied = config.flag({"tie_word_embeddings"}, false);
  const LayerKind kind{.attention = attention,
                       .mlpParams = {{"hidden", config.integer({"intermediate_size"}, 22016)},
                                     {"activation", activationOf(config, {"hidden_act"}, "silu")}}};
  DecoderSketch sketch{.vocabulary = config.integer({"vocab_size"}, 151936),
                       .width = config.integer({"hidden_size"}, 4096),
                       .layers = config.integer({"num_hidden_layers"}, 32),
                       .normParams = {{"eps", config.real({"rms_norm_eps"}, 1e-6)}},
                       .attentionBlock = "attention.grouped_query",
                       .head = {{"tied", isTied}}};
  const bool isSliding = config.flag({"use_sliding_window"}, false);
  const int64_t window = config.integer({"sliding_window"}, 4096), first = config.integer({"max_window_layers"}, 28);
  setLayerTypes(sketch, config, kind, kind, isSliding ? window : 0, [&](int64_t i) { return i >= first; });
  return {.architecture = decoder(sketch, catalog),
          .weights = llamaNames(bias, false, isTied),
          .prefix = "model.",
          .unused = {"lm_head.weight", "model.layers.{}.self_attn.rotary_emb.inv_freq"}};
}

}  // namespace fw
