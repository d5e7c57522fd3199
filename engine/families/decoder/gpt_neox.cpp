// GPT-NeoX and Pythia: parallel branches, partly rotated heads. (Black et al., GPT-NeoX-20B, 2022; Biderman et al.,
// Pythia, 2023.)
#include "engine/families/decoder.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  const bool isTied = config.flag({"tie_word_embeddings"}, false), hasBias = config.flag({"attention_bias"}, true);
  const int64_t heads = config.integer({"num_attention_heads"}, 64), width = config.integer({"hidden_size"}, 6144);
  Params attention = ropeParams(config, {}, 10000, 0.25);
  attention["heads"] = heads;
  attention["bias"] = std::string(hasBias ? "all" : "none");
  FamilyModel model{
      .architecture = decoder({.vocabulary = config.integer({"vocab_size"}, 50432),
                               .width = width,
                               .layers = config.integer({"num_hidden_layers"}, 44),
                               .norm = "norm.layer",
                               .normParams = {{"eps", config.real({"layer_norm_eps"}, 1e-5)}},
                               .isParallel = config.flag({"use_parallel_residual"}, true),
                               .kinds = {{.attention = attention,
                                          .mlp = "mlp.mlp",
                                          .mlpParams = {{"hidden", config.integer({"intermediate_size"}, 24576)},
                                                        {"activation", activationOf(config, {"hidden_act"}, "gelu")}}}},
                               .head = {{"tied", isTied}}},
                              catalog),
      .prefix = "gpt_neox.",
      .unused = {"embed_out.weight", "gpt_neox.layers.{}.attention.bias", "gpt_neox.layers.{}.attention.masked_bias",
                 "gpt_neox.layers.{}.attention.rotary_emb.inv_freq"}};
  std::vector<WeightRule>& rules = model.weights;
  const std::string theirs = "gpt_neox.layers.{}.", ours = "layers.{}.";
  addModule(rules, "gpt_neox.embed_in", "embedding");
  addModule(rules, theirs + "input_layernorm", ours + "norm_attention", true);
  addModule(rules, theirs + "post_attention_layernorm", ours + "norm_mlp", true);
  for (const char* kind : {"weight", "bias"}) {
    if (kind == std::string("bias") && !hasBias) continue;
    std::vector<WeightPart> parts;
    for (const char* part : {"q", "k", "v"}) parts.push_back({ours + "attention." + part + "." + kind, width});
    rules.push_back({.tensor = theirs + "attention.query_key_value." + kind, .parts = parts, .groups = heads});
  }
  addModule(rules, theirs + "attention.dense", ours + "attention.o", hasBias);
  addModule(rules, theirs + "mlp.dense_h_to_4h", ours + "mlp.up", true);
  addModule(rules, theirs + "mlp.dense_4h_to_h", ours + "mlp.down", true);
  addModule(rules, "gpt_neox.final_layer_norm", "norm_final", true);
  if (!isTied) addModule(rules, "embed_out", "head");
  return model;
}

}  // namespace

FamilyDef family_decoder_gpt_neox() {
  return {.id = "gpt_neox",
          .title = "GPT-NeoX, Pythia",
          .help = "GPT-NeoX and Pythia: attention and MLP side by side, a quarter of each head rotated.",
          .paper = "Biderman et al., Pythia: A Suite for Analyzing Large Language Models, 2023",
          .modelTypes = {"gpt_neox"},
          .modelClass = "GPTNeoXForCausalLM",
          .read = read};
}

}  // namespace fw
