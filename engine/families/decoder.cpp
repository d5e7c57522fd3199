// What decoder-only families have in common.
#include "engine/families/decoder.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/presets/sketch.h"

namespace fw {

const FamilyDef* findFamily(const std::string& modelType) {
  for (const FamilyDef& family : allFamilies())
    for (const std::string& type : family.modelTypes)
      if (type == modelType) return &family;
  return nullptr;
}

std::string activationOf(const ModelConfig& config, ModelConfig::Keys keys, const std::string& fallback) {
  static const std::map<std::string, std::string> names = {
      {"silu", "silu"},           {"swish", "silu"},
      {"gelu", "gelu"},           {"gelu_python", "gelu"},
      {"gelu_new", "gelu_tanh"},  {"gelu_pytorch_tanh", "gelu_tanh"},
      {"gelu_fast", "gelu_tanh"}, {"quick_gelu", "quick_gelu"},
      {"relu", "relu"},           {"relu2", "squared_relu"},
      {"sigmoid", "sigmoid"},     {"tanh", "tanh"},
      {"linear", "none"}};
  const std::string given = config.text(keys, fallback);
  const auto at = names.find(given);
  if (at == names.end()) {
    std::string known;
    for (const auto& [name, ours] : names) known += (known.empty() ? "" : ", ") + name;
    config.fail(text(*keys.begin(), " is '", given.substr(0, 40), "'; known are ", known, "."));
  }
  return at->second;
}

namespace {

/// Numbers separated by spaces, as parameters hold them.
std::string listed(const std::vector<double>& numbers) {
  std::string list;
  for (const double number : numbers) {
    char digits[32];
    list += (list.empty() ? "" : " ") + std::string(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  }
  return list;
}

/// `original`: positions of the training where the model's own key tells them; 0: it does not.
Params scalingParams(const ModelConfig& scaling, int64_t positions, int64_t original) {
  const std::string given = scaling.text({"rope_type", "type"}, "default"), kind = given == "su" ? "longrope" : given;
  if (kind == "default") return {};
  if (kind == "longrope") {
    const int64_t length = scaling.integer({"original_max_position_embeddings"}, original);
    if (length == 0) scaling.fail("original_max_position_embeddings is missing.");
    return {{"rope_scaling", kind},
            {"rope_length", length},
            {"rope_factor", scaling.real({"factor"}, positions > 0 ? double(positions) / double(length) : 1)},
            {"rope_attention_factor", scaling.real({"attention_factor"}, 0)},
            {"rope_short", listed(scaling.reals({"short_factor"}))},
            {"rope_long", listed(scaling.reals({"long_factor"}))}};
  }
  if (kind == "dynamic") {
    scaling.ignore({"original_max_position_embeddings"});
    if (positions == 0) scaling.fail("max_position_embeddings is missing.");
    return {{"rope_scaling", kind}, {"rope_factor", scaling.real({"factor"}, 1)}, {"rope_length", positions}};
  }
  Params params{{"rope_scaling", kind}, {"rope_factor", scaling.real({"factor"}, 1)}};
  if (kind == "linear") return params;
  const int64_t length = scaling.integer({"original_max_position_embeddings"}, positions);
  if (length == 0) scaling.fail("original_max_position_embeddings is missing.");
  params["rope_length"] = length;
  if (kind == "llama3") {
    params["rope_low"] = scaling.real({"low_freq_factor"}, 1);
    params["rope_high"] = scaling.real({"high_freq_factor"}, 4);
    return params;
  }
  if (kind == "yarn") {
    params["rope_low"] = scaling.real({"beta_slow"}, 1);
    params["rope_high"] = scaling.real({"beta_fast"}, 32);
    params["rope_attention_factor"] = scaling.real({"attention_factor"}, 0);
    return params;
  }
  scaling.fail(
      text("rope_type is '", kind.substr(0, 40), "'; known are default, linear, dynamic, llama3, yarn, longrope."));
}

}  // namespace

Params ropeParams(const ModelConfig& config, const std::string& layerType, double base, double wholeShare) {
  ModelConfig rope = config.inner("rope_parameters");
  if (!layerType.empty() && rope.isObject({layerType.c_str()})) rope = rope.inner(layerType.c_str());
  Params params{{"rope_base", rope.real({"rope_theta"}, config.real({"rope_theta", "rotary_emb_base"}, base))}};
  const double share =
      rope.real({"partial_rotary_factor"}, config.real({"partial_rotary_factor", "rotary_pct"}, wholeShare));
  if (share != 1) params["rope_share"] = share;
  const int64_t positions = config.integer({"max_position_embeddings"}, 0);
  const int64_t original = config.integer({"original_max_position_embeddings"}, 0);
  params.merge(scalingParams(rope, positions, original));
  params.merge(scalingParams(config.inner("rope_scaling"), positions, original));
  return params;
}

Params groupedQueryParams(const ModelConfig& config, const std::string& bias, int64_t keyHeads, int64_t headWidth) {
  Params attention = ropeParams(config);
  const int64_t heads = config.integer({"num_attention_heads"}, 32);
  attention["heads"] = heads;
  attention["kv_heads"] = config.integer({"num_key_value_heads"}, keyHeads > 0 ? keyHeads : heads);
  attention["head_width"] = config.integer({"head_dim"}, headWidth);
  attention["bias"] = bias;
  return attention;
}

void addQkNorm(Params& attention, double eps) {
  attention["qk_norm"] = true;
  attention["qk_norm_eps"] = eps;
}

void addQkNormNames(std::vector<WeightRule>& rules) {
  for (const std::string part : {"q_norm", "k_norm"})
    addModule(rules, "model.layers.{}.self_attn." + part, "layers.{}.attention." + part);
}

void ignoreCommonKeys(const ModelConfig& config) {
  config.ignore({"architectures",
                 "model_type",
                 "transformers_version",
                 "torch_dtype",
                 "dtype",
                 "_name_or_path",
                 "bos_token_id",
                 "eos_token_id",
                 "pad_token_id",
                 "sep_token_id",
                 "decoder_start_token_id",
                 "use_cache",
                 "initializer_range",
                 "initializer_factor",
                 "attention_dropout",
                 "attention_probs_dropout_prob",
                 "hidden_dropout",
                 "hidden_dropout_prob",
                 "embd_pdrop",
                 "attn_pdrop",
                 "resid_pdrop",
                 "dropout",
                 "embd_dropout",
                 "classifier_dropout",
                 "max_position_embeddings",
                 "pretraining_tp",
                 "id2label",
                 "label2id",
                 "problem_type",
                 "use_return_dict",
                 "return_dict",
                 "output_attentions",
                 "output_hidden_states",
                 "is_decoder",
                 "is_encoder_decoder",
                 "add_cross_attention",
                 "cross_attention_hidden_size",
                 "chunk_size_feed_forward",
                 "gradient_checkpointing",
                 "rope_theta",
                 "rope_scaling"});
}

std::string foldedPattern(const std::string& letters) {
  for (size_t period = 1; period <= letters.size(); ++period) {
    bool isPeriod = true;
    for (size_t i = period; i < letters.size() && isPeriod; ++i) isPeriod = letters[i] == letters[i - period];
    if (isPeriod) return period == 1 ? "" : letters.substr(0, period);
  }
  return {};
}

namespace {

/// Writes one layer.
void writeLayer(Sketch layer, const DecoderSketch& of, const LayerKind& kind) {
  const NodeId stream = layer.last();
  const std::string mixer = kind.mixer.empty() ? of.attentionBlock : kind.mixer;
  const std::string mixerName = kind.mixer.empty() ? "attention" : "mamba";
  const auto normName = [&](const std::string& name) {
    return name == "mlp" && kind.hasMixer ? "norm_mlp" : of.mixerNorm;
  };
  const auto branch = [&](NodeId from, const std::string& block, const Params& params, const std::string& name) {
    layer.from(from);
    if (of.hasPreNorms) layer.add(of.norm, of.normParams, normName(name));
    NodeId last = layer.add(block, params, name);
    if (of.hasPostNorms) last = layer.add(of.norm, of.normParams, "post_norm_" + name);
    return last;
  };
  if (of.isParallel) {
    const NodeId a = branch(stream, mixer, kind.attention, mixerName);
    const NodeId b = branch(stream, kind.mlp, kind.mlpParams, "mlp");
    const NodeId sum = layer.place("structure.parallel_residual");
    layer.connect(stream, sum, "x");
    layer.connect(a, sum, "a");
    layer.connect(b, sum, "b");
    layer.finish();
    return;
  }
  const auto sublayer = [&](NodeId from, const std::string& block, const Params& params, const std::string& name) {
    const NodeId last = branch(from, block, params, name);
    NodeId sum = layer.place("structure.residual");
    layer.connect(from, sum, "x");
    layer.connect(last, sum, "branch");
    if (of.hasNormsAfterSum) sum = layer.add(of.norm, of.normParams, normName(name));
    return sum;
  };
  const NodeId mixed = kind.hasMixer ? sublayer(stream, mixer, kind.attention, mixerName) : stream;
  if (!kind.mlp.empty()) sublayer(mixed, kind.mlp, kind.mlpParams, "mlp");
  layer.finish();
}

}  // namespace

void writeLayers(Sketch& sketch, const DecoderSketch& of) {
  const std::string pattern = foldedPattern(of.pattern);
  Params repeat{{"count", of.layers}};
  if (!pattern.empty()) repeat["pattern"] = pattern;
  const NodeId layers = sketch.add("structure.repeat", repeat);
  const std::string only = of.pattern.empty() ? of.kinds.front().letter : of.pattern.substr(0, 1);
  for (const LayerKind& kind : of.kinds) {
    if (pattern.empty() && kind.letter == only) writeLayer(sketch.inside(layers), of, kind);
    if (!pattern.empty() && pattern.find(kind.letter) != std::string::npos)
      writeLayer(sketch.inside(layers, kind.letter), of, kind);
  }
}

void setLayerTypes(DecoderSketch& sketch, const ModelConfig& config, const LayerKind& full, const LayerKind& sliding,
                   int64_t window, const std::function<bool(int64_t)>& slides) {
  const std::vector<std::string> types = config.texts({"layer_types"});
  if (sketch.layers > kMaxLayers)
    config.fail(text("num_hidden_layers is ", sketch.layers, "; expected at most ", kMaxLayers, "."));
  if (!types.empty() && int64_t(types.size()) != sketch.layers)
    config.fail(text("layer_types has ", types.size(), " entries; expected ", sketch.layers, "."));
  for (int64_t i = 0; i < sketch.layers; ++i) {
    const std::string type = types.empty() ? "" : types[size_t(i)];
    if (!type.empty() && type != "full_attention" && type != "sliding_attention")
      config.fail(text("layer_types holds '", type.substr(0, 40), "'; known are full_attention, sliding_attention."));
    const bool isSliding = types.empty() ? slides(i) : type == "sliding_attention";
    sketch.pattern += isSliding && window > 0 ? "S" : "F";
  }
  sketch.kinds = {full, sliding};
  sketch.kinds[0].letter = "F";
  sketch.kinds[1].letter = "S";
  sketch.kinds[1].attention["mask"] = std::string("sliding");
  sketch.kinds[1].attention["window"] = std::max<int64_t>(window, 1);
}

Architecture decoder(const DecoderSketch& of, const Catalog& catalog) {
  Sketch sketch(of.name, catalog);
  sketch.variable("width", double(of.width));
  sketch.add("in", {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  Params embedding = of.embedding, head = of.head;
  embedding["vocabulary"] = head["vocabulary"] = of.vocabulary;
  embedding["width"] = std::string("=width");
  if (of.embeddingWidth > 0) embedding["width"] = of.embeddingWidth;
  sketch.add("embedding.token", embedding);
  if (of.embeddingWidth > 0) sketch.add("mlp.linear", {{"out", std::string("=width")}, {"bias", false}}, "project_in");
  if (of.positions > 0) sketch.add("embedding.position", {{"length", of.positions}, {"skip", of.skippedRows}});
  writeLayers(sketch, of);
  if (of.hasFinalNorm) sketch.add(of.norm, of.normParams, "norm_final");
  if (of.embeddingWidth > 0) sketch.add("mlp.linear", {{"out", of.embeddingWidth}, {"bias", false}}, "project_out");
  sketch.add("head.language_model", head);
  sketch.add("out", {}, "logits");
  return sketch.result();
}

void addModule(std::vector<WeightRule>& rules, const std::string& theirs, const std::string& ours, bool hasBias) {
  rules.push_back({.tensor = theirs + ".weight", .parts = {{ours + ".weight"}}});
  if (hasBias) rules.push_back({.tensor = theirs + ".bias", .parts = {{ours + ".bias"}}});
}

void setStepLimits(Params& mamba, const ModelConfig& config) {
  config.ignore({"time_step_limit"});
  const auto limits = config.json().find("time_step_limit");
  if (limits == config.json().end() || !limits->is_array() || limits->size() != 2) return;
  if ((*limits)[0].is_number() && (*limits)[0].get<double>() > 0) mamba["step_low"] = (*limits)[0].get<double>();
  if ((*limits)[1].is_number() && (*limits)[1].get<double>() < 1e30) mamba["step_high"] = (*limits)[1].get<double>();
}

void addMamba2Names(std::vector<WeightRule>& rules, const std::string& theirs, const std::string& ours, bool hasBias,
                    bool hasConvBias) {
  addModule(rules, theirs + "in_proj", ours + "in_proj", hasBias);
  addModule(rules, theirs + "conv1d", ours + "conv1d", hasConvBias);
  addModule(rules, theirs + "norm", ours + "norm");
  addModule(rules, theirs + "out_proj", ours + "out_proj", hasBias);
  for (const char* name : {"A_log", "D", "dt_bias"})
    rules.push_back({.tensor = theirs + name, .parts = {{ours + name}}});
}

std::vector<WeightRule> llamaNames(const std::string& attentionBias, bool hasMlpBias, bool isTied) {
  std::vector<WeightRule> rules;
  addModule(rules, "model.embed_tokens", "embedding");
  const std::string theirs = "model.layers.{}.", ours = "layers.{}.";
  addModule(rules, theirs + "input_layernorm", ours + "norm_attention");
  for (const char* part : {"q", "k", "v"})
    addModule(rules, theirs + "self_attn." + part + "_proj", ours + "attention." + part, attentionBias != "none");
  addModule(rules, theirs + "self_attn.o_proj", ours + "attention.o", attentionBias == "all");
  addModule(rules, theirs + "post_attention_layernorm", ours + "norm_mlp");
  for (const char* part : {"gate", "up", "down"})
    addModule(rules, theirs + "mlp." + part + "_proj", ours + "mlp." + part, hasMlpBias);
  addModule(rules, "model.norm", "norm_final");
  if (!isTied) addModule(rules, "lm_head", "head");
  return rules;
}

}  // namespace fw
