// Gemma 1, 2 and 3 (text): norms around one, scaled embeddings, wide GELU gates; from 2 on norms after each branch and
// sliding windows, in 2 soft caps, in 3 QK norms. (Gemma Team, 2024 and 2025.)
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/families/decoder.h"

namespace fw {
namespace {

/// The generation: 1, 2 or 3.
int generation(const ModelConfig& config) {
  const std::string type = config.text({"model_type"}, "");
  return type == "gemma" ? 1 : type == "gemma2" ? 2 : 3;
}

std::vector<WeightRule> names(int version, const std::string& bias, bool isTied) {
  std::vector<WeightRule> rules = llamaNames(bias, false, isTied);
  if (version == 1) return rules;
  const std::string theirs = "model.layers.{}.", ours = "layers.{}.";
  std::erase_if(rules, [](const WeightRule& rule) { return rule.tensor.find("post_attention") != std::string::npos; });
  addModule(rules, theirs + "post_attention_layernorm", ours + "post_norm_attention");
  addModule(rules, theirs + "pre_feedforward_layernorm", ours + "norm_mlp");
  addModule(rules, theirs + "post_feedforward_layernorm", ours + "post_norm_mlp");
  if (version == 3)
    for (const char* part : {"q_norm", "k_norm"})
      addModule(rules, theirs + "self_attn." + part, ours + "attention." + part);
  return rules;
}

FamilyModel readText(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  const int version = generation(config);
  const bool isTied = config.flag({"tie_word_embeddings"}, true);
  const std::string bias = config.flag({"attention_bias"}, false) ? "all" : "none";
  if (config.flag({"use_bidirectional_attention"}, false))
    config.fail("use_bidirectional_attention is true; expected a causal model.");
  const int64_t width = config.integer({"hidden_size"}, version == 1 ? 3072 : 2304);
  const int64_t headWidth = config.integer({"head_dim"}, 256);
  const double eps = config.real({"rms_norm_eps"}, 1e-6);
  std::string activation = activationOf(config, {"hidden_activation", "hidden_act"}, "gelu_pytorch_tanh");
  if (activation == "gelu") activation = "gelu_tanh";  // what "gelu" has always meant in these files
  const auto attention = [&](const std::string& layerType) {
    const bool isLocal = version == 3 && layerType == "sliding_attention";
    Params params = ropeParams(config, layerType, version == 3 && !isLocal ? 1e6 : 1e4);
    if (isLocal && !config.has({"rope_parameters"}))
      params = {{"rope_base", config.real({"rope_local_base_freq"}, 1e4)}};
    params["heads"] = config.integer({"num_attention_heads"}, version == 1 ? 16 : 8);
    params["kv_heads"] = config.integer({"num_key_value_heads"}, version == 1 ? 16 : 4);
    params["head_width"] = headWidth;
    params["bias"] = bias;
    if (version == 1) return params;
    params["score_scale"] = 1 / std::sqrt(config.real({"query_pre_attn_scalar"}, 256));
    params["soft_cap"] = config.real({"attn_logit_softcapping"}, version == 2 && !config.has({"layer_types"}) ? 50 : 0);
    params["qk_norm"] = version == 3;
    params["qk_norm_eps"] = eps;
    params["qk_norm_around_one"] = version == 3;
    return params;
  };
  DecoderSketch sketch{.vocabulary = config.integer({"vocab_size"}, version == 3 ? 262208 : 256000),
                       .width = width,
                       .layers = config.integer({"num_hidden_layers"}, version == 1 ? 28 : 26),
                       .embedding = {{"scale", std::sqrt(double(width))}},
                       .normParams = {{"eps", eps}, {"around_one", true}},
                       .hasPostNorms = version > 1,
                       .attentionBlock = "attention.grouped_query",
                       .head = {{"tied", isTied}}};
  sketch.head["soft_cap"] = config.real({"final_logit_softcapping"}, 0);
  const auto kind = [&](const std::string& layerType) {
    return LayerKind{.attention = attention(layerType),
                     .mlpParams = {{"hidden", config.integer({"intermediate_size"}, version == 1 ? 24576 : 9216)},
                                   {"activation", activation}}};
  };
  const int64_t period = version == 3 ? config.integer({"sliding_window_pattern", "_sliding_window_pattern"}, 6) : 2;
  const int64_t window = version == 1 ? 0 : config.integer({"sliding_window"}, 4096);
  setLayerTypes(sketch, config, kind("full_attention"), kind("sliding_attention"), window,
                [&](int64_t i) { return period > 0 && (i + 1) % period != 0; });
  return {.architecture = decoder(sketch, catalog),
          .weights = names(version, bias, isTied),
          .prefix = "model.",
          .unused = {"lm_head.weight", "model.layers.{}.self_attn.rotary_emb.inv_freq"}};
}

/// With a vision tower, the language model alone.
FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  if (config.text({"model_type"}, "") != "gemma3") return readText(config, catalog);
  ignoreCommonKeys(config);
  config.ignore({"vision_config", "mm_tokens_per_image", "boi_token_index", "eoi_token_index", "image_token_index",
                 "tie_word_embeddings"});
  FamilyModel model = readText(config.inner("text_config"), catalog);
  // Its name in files of transformers up to 4.51 and from 5 on, and in those between.
  model.prefix = "language_model.";
  const std::vector<WeightRule> names = std::exchange(model.weights, {});
  for (WeightRule rule : names) {
    const std::string tensor = rule.tensor;
    rule.tensor = model.prefix + tensor;
    model.weights.push_back(rule);
    rule.tensor = tensor.starts_with("model.") ? "model.language_model." + tensor.substr(6) : tensor;
    rule.isOldName = true;
    model.weights.push_back(rule);
  }
  for (const char* tensor : {"language_model.lm_head.weight", "vision_tower.*", "multi_modal_projector.*",
                             "model.vision_tower.*", "model.multi_modal_projector.*"})
    model.unused.push_back(tensor);
  Json text = config.inner("text_config").json();
  text["model_type"] = "gemma3_text";
  model.config = text.dump();
  model.notes.push_back("The language model alone is opened: the vision tower and its projector are left out.");
  return model;
}

}  // namespace

FamilyDef family_decoder_gemma() {
  return {.id = "gemma",
          .title = "Gemma",
          .help =
              "Gemma 1, 2 and 3 (of its multimodal models the text part): scaled embeddings, norms around one, wide "
              "GELU gates.",
          .paper = "Gemma Team, Gemma 3 Technical Report, 2025",
          .modelTypes = {"gemma", "gemma2", "gemma3_text", "gemma3"},
          .modelClass = "GemmaForCausalLM",
          .read = read};
}

}  // namespace fw
