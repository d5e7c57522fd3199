// BERT, RoBERTa, DistilBERT: encoders with norms after each sum. (Devlin et al., 2018; Liu et al., 2019; Sanh et al.,
// 2019.)
#include "engine/families/towers.h"

namespace fw {
namespace {

/// How the three name their modules.
struct Names {
  std::string prefix, layers;
  std::string query, key, value, output, attentionNorm, up, down, mlpNorm;
  std::string transform, transformNorm, headBias;
};

Names namesOf(const std::string& type) {
  const std::string attention = "attention.self.", after = "attention.output.";
  if (type == "distilbert")
    return {"distilbert.",     "distilbert.transformer.layer.{}.",
            "attention.q_lin", "attention.k_lin",
            "attention.v_lin", "attention.out_lin",
            "sa_layer_norm",   "ffn.lin1",
            "ffn.lin2",        "output_layer_norm",
            "vocab_transform", "vocab_layer_norm",
            "vocab_projector"};
  const bool isBert = type == "bert";
  return {type + ".",
          type + ".encoder.layer.{}.",
          attention + "query",
          attention + "key",
          attention + "value",
          after + "dense",
          after + "LayerNorm",
          "intermediate.dense",
          "output.dense",
          "output.LayerNorm",
          isBert ? "cls.predictions.transform.dense" : "lm_head.dense",
          isBert ? "cls.predictions.transform.LayerNorm" : "lm_head.layer_norm",
          isBert ? "cls.predictions" : "lm_head"};
}

/// A norm, whose weights files of TensorFlow's time call gamma and beta.
void addNorm(std::vector<WeightRule>& rules, const std::string& theirs, const std::string& ours) {
  addModule(rules, theirs, ours, true);
  rules.push_back({.tensor = theirs + ".gamma", .parts = {{ours + ".weight"}}, .isOldName = true});
  rules.push_back({.tensor = theirs + ".beta", .parts = {{ours + ".bias"}}, .isOldName = true});
}

std::vector<WeightRule> rulesOf(const Names& names, bool hasHead, bool isTied) {
  std::vector<WeightRule> rules;
  const std::string embeddings = names.prefix + "embeddings.", ours = "layers.{}.";
  addModule(rules, embeddings + "word_embeddings", "embedding");
  addModule(rules, embeddings + "position_embeddings", "positions");
  addModule(rules, embeddings + "token_type_embeddings", "segments");
  addNorm(rules, embeddings + "LayerNorm", "norm_embedding");
  addModule(rules, names.layers + names.query, ours + "attention.q", true);
  addModule(rules, names.layers + names.key, ours + "attention.k", true);
  addModule(rules, names.layers + names.value, ours + "attention.v", true);
  addModule(rules, names.layers + names.output, ours + "attention.o", true);
  addNorm(rules, names.layers + names.attentionNorm, ours + "norm_attention");
  addModule(rules, names.layers + names.up, ours + "mlp.up", true);
  addModule(rules, names.layers + names.down, ours + "mlp.down", true);
  addNorm(rules, names.layers + names.mlpNorm, ours + "norm_mlp");
  if (!hasHead) return rules;
  addModule(rules, names.transform, "transform", true);
  addNorm(rules, names.transformNorm, "norm_final");
  const std::string bias = isTied || names.headBias == "vocab_projector" ? ".bias" : ".decoder.bias";
  rules.push_back({.tensor = names.headBias + bias, .parts = {{"head.bias"}}});
  const std::string table =
      names.headBias == "vocab_projector" ? names.headBias + ".weight" : names.headBias + ".decoder.weight";
  if (!isTied) rules.push_back({.tensor = table, .parts = {{"head.weight"}}});
  return rules;
}

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  config.ignore({"position_embedding_type", "qa_dropout", "seq_classif_dropout", "output_past", "directionality"});
  const std::string type = config.text({"model_type"}, "");
  const bool isDistil = type == "distilbert";
  if (config.flag({"is_decoder"}, false)) config.fail("is_decoder is true; expected an encoder.");
  if (config.flag({"sinusoidal_pos_embds"}, false)) config.ignore({"sinusoidal_pos_embds"});  // stored as a table
  const bool isTied = config.flag({"tie_word_embeddings"}, true);
  const bool hasHead = !askedHead(config, {"ForMaskedLM", "ForPreTraining"}).empty();
  const int64_t width = config.integer({"hidden_size", "dim"}, 768);
  const int64_t vocabulary = config.integer({"vocab_size"}, type == "roberta" ? 50265 : 30522);
  const std::string activation = activationOf(config, {"hidden_act", "activation"}, "gelu");
  const DecoderSketch of{.width = width,
                         .layers = config.integer({"num_hidden_layers", "n_layers"}, isDistil ? 6 : 12),
                         .norm = "norm.layer",
                         .normParams = {{"eps", config.real({"layer_norm_eps"}, 1e-12)}},
                         .hasPreNorms = false,
                         .hasNormsAfterSum = true,
                         .kinds = {{.attention = {{"heads", config.integer({"num_attention_heads", "n_heads"}, 12)},
                                                  {"positions", std::string("none")},
                                                  {"mask", std::string("bidirectional")},
                                                  {"bias", std::string("all")}},
                                    .mlp = "mlp.mlp",
                                    .mlpParams = {{"hidden", config.integer({"intermediate_size", "hidden_dim"}, 3072)},
                                                  {"activation", activation}}}}};
  // Positions of RoBERTa start after the one that stands for padding.
  const int64_t skip = type == "roberta" ? config.integer({"pad_token_id"}, 1) + 1 : 0;
  const int64_t positions = config.integer({"max_position_embeddings"}, 512);
  if (positions <= skip) config.fail("max_position_embeddings is too small.");

  Sketch sketch({}, catalog);
  sketch.variable("width", double(width));
  sketch.add("in", {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  sketch.add("embedding.token", {{"vocabulary", vocabulary}, {"width", std::string("=width")}});
  sketch.add("embedding.position", {{"length", positions - skip}, {"skip", skip}});
  const int64_t types = isDistil ? 0 : config.integer({"type_vocab_size"}, 2);
  if (types > 0) sketch.add("embedding.segment", {{"types", types}});
  sketch.add(of.norm, of.normParams, "norm_embedding");
  writeLayers(sketch, of);
  if (hasHead) {
    sketch.add("mlp.linear", {{"out", std::string("=width")}, {"activation", activation}}, "transform");
    sketch.add(of.norm, of.normParams, "norm_final");
    sketch.add("head.language_model", {{"vocabulary", vocabulary}, {"tied", isTied}, {"bias", true}});
  }
  sketch.add("out", {}, hasHead ? "logits" : "hidden");

  const Names names = namesOf(type);
  return {
      .architecture = sketch.result(),
      .weights = rulesOf(names, hasHead, isTied),
      .prefix = names.prefix,
      .unused = {names.prefix + "embeddings.position_ids", names.prefix + "pooler.*", "cls.*", "lm_head.*", "vocab_*"}};
}

}  // namespace

FamilyDef family_encoder_bert() {
  return {.id = "bert",
          .title = "BERT",
          .help = "BERT, RoBERTa and DistilBERT: bidirectional encoders; with or without the masked-language head.",
          .paper = "Devlin et al., BERT: Pre-training of Deep Bidirectional Transformers, 2018",
          .modelTypes = {"bert", "roberta", "distilbert"},
          .modelClass = "BertForMaskedLM",
          .read = read};
}

}  // namespace fw
