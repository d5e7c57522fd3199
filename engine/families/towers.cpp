// What encoders of text and images have in common.
#include "engine/families/towers.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"

namespace fw {

std::string askedHead(const ModelConfig& config, std::initializer_list<const char*> endings) {
  for (const std::string& name : config.texts({"architectures"}))
    for (const char* ending : endings)
      if (name.ends_with(ending)) return ending;
  return {};
}

int64_t labelCount(const ModelConfig& config) {
  config.ignore({"id2label", "label2id"});
  const auto labels = config.json().find("id2label");
  const int64_t listed = labels != config.json().end() && labels->is_object() ? int64_t(labels->size()) : 2;
  return config.integer({"num_labels"}, listed);
}

int64_t squareSize(const ModelConfig& config, const char* key, int64_t fallback) {
  const auto value = config.json().find(key);
  if (value == config.json().end() || !value->is_array()) return config.integer({key}, fallback);
  const std::vector<int64_t> sizes = config.integers({key});
  if (sizes.size() != 2 || sizes[0] != sizes[1]) config.fail(text(key, " is no square; expected one size."));
  return sizes[0];
}

DecoderSketch towerSketch(const ModelConfig& config, const std::string& mask, const std::string& activation) {
  return {.width = config.integer({"hidden_size"}, 768),
          .layers = config.integer({"num_hidden_layers"}, 12),
          .norm = "norm.layer",
          .normParams = {{"eps", config.real({"layer_norm_eps"}, 1e-5)}},
          .kinds = {{.attention = {{"heads", config.integer({"num_attention_heads"}, 12)},
                                   {"positions", std::string("none")},
                                   {"mask", mask},
                                   {"bias", std::string("all")}},
                     .mlp = "mlp.mlp",
                     .mlpParams = {{"hidden", config.integer({"intermediate_size"}, 3072)},
                                   {"activation", activationOf(config, {"hidden_act"}, activation)}}}}};
}

void addTowerNames(std::vector<WeightRule>& rules, const std::string& theirs, const std::string& ours) {
  addModule(rules, theirs + "layer_norm1", ours + "norm_attention", true);
  for (const char* part : {"q", "k", "v"})
    addModule(rules, theirs + "self_attn." + part + "_proj", ours + "attention." + part, true);
  addModule(rules, theirs + "self_attn.out_proj", ours + "attention.o", true);
  addModule(rules, theirs + "layer_norm2", ours + "norm_mlp", true);
  addModule(rules, theirs + "mlp.fc1", ours + "mlp.up", true);
  addModule(rules, theirs + "mlp.fc2", ours + "mlp.down", true);
}

NodeId addPixels(Sketch& sketch, const ModelConfig& config) {
  const int64_t size = squareSize(config, "image_size", 224);
  return sketch.add("in",
                    {{"kind", std::string("pixels")},
                     {"dims", text("B ", config.integer({"num_channels"}, 3), " ", size, " ", size)}},
                    "pixels");
}

}  // namespace fw
