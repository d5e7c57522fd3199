// OPT: learned positions after two unused rows, ReLU MLPs. (Zhang et al., OPT, 2022.)
#include "engine/families/decoder.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  config.ignore({"layerdrop", "init_std", "activation_dropout", "prefix"});
  const bool isTied = config.flag({"tie_word_embeddings"}, true), hasBias = config.flag({"enable_bias"}, true);
  const bool isNormedBefore = config.flag({"do_layer_norm_before"}, true);
  if (!config.flag({"layer_norm_elementwise_affine"}, true))
    config.fail("layer_norm_elementwise_affine is false; no norm here is without weights.");
  const int64_t width = config.integer({"hidden_size"}, 768);
  const int64_t embeddingWidth = config.integer({"word_embed_proj_dim"}, width);
  const bool isFinalNormRemoved = config.flag({"_remove_final_layer_norm"}, false);
  const bool hasFinalNorm = isNormedBefore && !isFinalNormRemoved;
  FamilyModel model{.architecture = decoder(
                        {.vocabulary = config.integer({"vocab_size"}, 50272),
                         .width = width,
                         .layers = config.integer({"num_hidden_layers"}, 12),
                         .embeddingWidth = embeddingWidth == width ? 0 : embeddingWidth,
                         .positions = config.integer({"max_position_embeddings"}, 2048),
                         .skippedRows = 2,
                         .norm = "norm.layer",
                         .hasPreNorms = isNormedBefore,
                         .hasNormsAfterSum = !isNormedBefore,
                         .hasFinalNorm = hasFinalNorm,
                         .kinds = {{.attention = {{"heads", config.integer({"num_attention_heads"}, 12)},
                                                  {"positions", std::string("none")},
                                                  {"bias", std::string(hasBias ? "all" : "none")}},
                                    .mlp = "mlp.mlp",
                                    .mlpParams = {{"hidden", config.integer({"ffn_dim"}, 3072)},
                                                  {"activation", activationOf(config, {"activation_function"}, "relu")},
                                                  {"bias", hasBias}}}},
                         .head = {{"tied", isTied}}},
                        catalog),
                    .prefix = "model.",
                    .unused = {"lm_head.weight"}};
  std::vector<WeightRule>& rules = model.weights;
  const std::string theirs = "model.decoder.layers.{}.", ours = "layers.{}.";
  addModule(rules, "model.decoder.embed_tokens", "embedding");
  addModule(rules, "model.decoder.embed_positions", "positions");
  addModule(rules, "model.decoder.project_in", "project_in");
  addModule(rules, "model.decoder.project_out", "project_out");
  for (const char* part : {"q", "k", "v"})
    addModule(rules, theirs + "self_attn." + part + "_proj", ours + "attention." + part, hasBias);
  addModule(rules, theirs + "self_attn.out_proj", ours + "attention.o", hasBias);
  addModule(rules, theirs + "self_attn_layer_norm", ours + "norm_attention", true);
  addModule(rules, theirs + "fc1", ours + "mlp.up", hasBias);
  addModule(rules, theirs + "fc2", ours + "mlp.down", hasBias);
  addModule(rules, theirs + "final_layer_norm", ours + "norm_mlp", true);
  if (hasFinalNorm) addModule(rules, "model.decoder.final_layer_norm", "norm_final", true);
  if (!isTied) addModule(rules, "lm_head", "head");
  return model;
}

}  // namespace

FamilyDef family_decoder_opt() {
  return {.id = "opt",
          .title = "OPT",
          .help = "OPT: learned positions, ReLU MLPs; the 350M size with norms after the sums and narrower embeddings.",
          .paper = "Zhang et al., OPT: Open Pre-trained Transformer Language Models, 2022",
          .modelTypes = {"opt"},
          .modelClass = "OPTForCausalLM",
          .read = read};
}

}  // namespace fw
