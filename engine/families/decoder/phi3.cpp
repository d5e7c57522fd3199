// Phi 3 and 4: Llama with fused projections. (Abdin et al., Phi-3 Technical Report, 2024.)
#include "engine/families/decoder.h"

namespace fw {
namespace {

FamilyModel read(const ModelConfig& config, const Catalog& catalog) {
  ignoreCommonKeys(config);
  config.ignore({"original_max_position_embeddings"});
  const bool isTied = config.flag({"tie_word_embeddings"}, false);
  const int64_t width = config.integer({"hidden_size"}, 3072), heads = config.integer({"num_attention_heads"}, 32);
  const int64_t keyHeads = config.integer({"num_key_value_heads"}, heads);
  if (heads == 0 || width % heads != 0) config.fail("hidden_size is no multiple of num_attention_heads.");
  const int64_t headWidth = config.integer({"head_dim"}, width / heads);
  const int64_t hidden = config.integer({"intermediate_size"}, 8192);
  const int64_t window = config.integer({"sliding_window"}, 0);
  Params attention = ropeParams(config);
  attention["heads"] = heads;
  attention["kv_heads"] = keyHeads;
  attention["head_width"] = headWidth;
  if (window > 0) {
    attention["mask"] = std::string("sliding");
    attention["window"] = window;
  }
  FamilyModel model{
      .architecture = decoder(
          {.vocabulary = config.integer({"vocab_size"}, 32064),
           .width = width,
           .layers = config.integer({"num_hidden_layers"}, 32),
           .normParams = {{"eps", config.real({"rms_norm_eps"}, 1e-5)}},
           .attentionBlock = "attention.grouped_query",
           .kinds = {{.attention = attention,
                      .mlpParams = {{"hidden", hidden}, {"activation", activationOf(config, {"hidden_act"}, "silu")}}}},
           .head = {{"tied", isTied}}},
          catalog),
      .prefix = "model.",
      .unused = {"lm_head.weight"}};
  std::vector<WeightRule>& rules = model.weights;
  const std::string theirs = "model.layers.{}.", ours = "layers.{}.";
  addModule(rules, "model.embed_tokens", "embedding");
  addModule(rules, theirs + "input_layernorm", ours + "norm_attention");
  rules.push_back({.tensor = theirs + "self_attn.qkv_proj.weight",
                   .parts = {{ours + "attention.q.weight", heads * headWidth},
                             {ours + "attention.k.weight", keyHeads * headWidth},
                             {ours + "attention.v.weight", keyHeads * headWidth}}});
  addModule(rules, theirs + "self_attn.o_proj", ours + "attention.o");
  addModule(rules, theirs + "post_attention_layernorm", ours + "norm_mlp");
  rules.push_back({.tensor = theirs + "mlp.gate_up_proj.weight",
                   .parts = {{ours + "mlp.gate.weight", hidden}, {ours + "mlp.up.weight", hidden}}});
  addModule(rules, theirs + "mlp.down_proj", ours + "mlp.down");
  addModule(rules, "model.norm", "norm_final");
  if (!isTied) addModule(rules, "lm_head", "head");
  return model;
}

}  // namespace

FamilyDef family_decoder_phi3() {
  return {.id = "phi3",
          .title = "Phi 3",
          .help = "Phi 3, 3.5 and 4: Llama with queries, keys and values, and gate and value, in one tensor each.",
          .paper = "Abdin et al., Phi-3 Technical Report, 2024",
          .modelTypes = {"phi3"},
          .modelClass = "Phi3ForCausalLM",
          .read = read};
}

}  // namespace fw
