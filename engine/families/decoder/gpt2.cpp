// GPT-2: learned positions, layer norms, GELU MLPs, fused projections stored [in,out]. (Radford et al., 2019.)
#include "engine/families/decoder.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  config.ignore({"n_ctx", "task_specific_params", "summary_type", "summary_use_proj", "summary_activation",
                 "summary_proj_to_labels", "summary_first_dropout"});
  if (config.flag({"scale_attn_by_inverse_layer_idx"}, false))
    config.fail("scale_attn_by_inverse_layer_idx is true; no block scales scores by the layer.");
  config.ignore({"reorder_and_upcast_attn"});  // the same numbers
  const int64_t width = config.integer({"n_embd", "hidden_size"}, 768);
  const bool isTied = config.flag({"tie_word_embeddings"}, true);
  Params attention = {{"heads", config.integer({"n_head", "num_attention_heads"}, 12)},
                      {"positions", std::string("none")},
                      {"bias", std::string("all")}};
  if (!config.flag({"scale_attn_weights"}, true)) attention["score_scale"] = 1.0;
  const int64_t hidden = config.integer({"n_inner", "intermediate_size"}, 4 * width);
  FamilyModel model{
      .architecture =
          decoder({.vocabulary = config.integer({"vocab_size"}, 50257),
                   .width = width,
                   .layers = config.integer({"n_layer", "num_hidden_layers"}, 12),
                   .positions = config.integer({"n_positions", "max_position_embeddings"}, 1024),
                   .norm = "norm.layer",
                   .normParams = {{"eps", config.real({"layer_norm_epsilon"}, 1e-5)}},
                   .kinds = {{.attention = attention,
                              .mlp = "mlp.mlp",
                              .mlpParams = {{"hidden", hidden},
                                            {"activation", activationOf(config, {"activation_function"}, "gelu_new")},
                                            {"bias", true}}}},
                   .head = {{"tied", isTied}}},
                  catalog),
      .prefix = "transformer.",
      .unused = {"lm_head.weight", "transformer.h.{}.attn.bias", "transformer.h.{}.attn.masked_bias"}};
  std::vector<WeightRule>& rules = model.weights;
  addModule(rules, "transformer.wte", "embedding");
  addModule(rules, "transformer.wpe", "positions");
  const std::string theirs = "transformer.h.{}.", ours = "layers.{}.";
  addModule(rules, theirs + "ln_1", ours + "norm_attention", true);
  addModule(rules, theirs + "ln_2", ours + "norm_mlp", true);
  for (const char* kind : {"weight", "bias"}) {
    const bool isTransposed = kind == std::string("weight");
    std::vector<WeightPart> parts;
    for (const char* part : {"q", "k", "v"}) parts.push_back({ours + "attention." + part + "." + kind, width});
    rules.push_back({.tensor = theirs + "attn.c_attn." + kind, .parts = parts, .isTransposed = isTransposed});
    const auto one = [&](const char* from, const char* to) {
      rules.push_back({.tensor = theirs + from + kind, .parts = {{ours + to + kind}}, .isTransposed = isTransposed});
    };
    one("attn.c_proj.", "attention.o.");
    one("mlp.c_fc.", "mlp.up.");
    one("mlp.c_proj.", "mlp.down.");
  }
  addModule(rules, "transformer.ln_f", "norm_final", true);
  if (!isTied) addModule(rules, "lm_head", "head");
  return model;
}

}  // namespace

FamilyDef family_decoder_gpt2() {
  return {.id = "gpt2",
          .title = "GPT-2",
          .help = "GPT-2 and its distillations: learned positions, layer norms, GELU MLPs.",
          .paper = "Radford et al., Language Models are Unsupervised Multitask Learners, 2019",
          .modelTypes = {"gpt2"},
          .modelClass = "GPT2LMHeadModel",
          .read = read};
}

}  // namespace fw
