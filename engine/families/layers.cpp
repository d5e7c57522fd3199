// Layers that differ.
#include "engine/families/layers.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/arch/editor.h"
#include "engine/base/error.h"

namespace fw {
namespace {

constexpr size_t kMostDifferent = 4096;  // layers; each is read like a model

struct Difference {
  Json values = Json::object();  // keys of config.json
  std::set<std::string> skipped;
};
using Differences = std::map<int64_t, Difference>;

/// "attention" or "mlp" for the names in use, else "".
std::string sublayerOf(const std::string& name) {
  if (name == "attention" || name == "self_attn" || name == "attn") return "attention";
  if (name == "mlp" || name == "ffn" || name == "feed_forward") return "mlp";
  return {};
}

void readPerLayer(const ModelConfig& config, Differences& differences) {
  const Json& layers = config.json()["per_layer_config"];
  if (!layers.is_object()) config.fail("per_layer_config is no object.");
  for (const auto& [key, own] : layers.items()) {
    if (key.empty() || key.size() > 6 || key.find_first_not_of("0123456789") != std::string::npos || !own.is_object())
      config.fail(text("per_layer_config has '", key.substr(0, 40), "'; expected layer numbers, each with an object."));
    Difference& difference = differences[std::stoll(key)];
    for (const auto& [name, value] : own.items()) {
      if (name != "skip") {
        difference.values[name] = value;
        continue;
      }
      for (const Json& one : value.is_array() ? value : Json::array()) {
        const std::string part = one.is_string() ? sublayerOf(one.get<std::string>()) : "";
        if (part.empty())
          config.fail(text("per_layer_config skips ", one.dump().substr(0, 40), "; known are attention, mlp."));
        difference.skipped.insert(part);
      }
    }
  }
}

void readBlocks(const ModelConfig& config, Differences& differences) {
  const Json& blocks = config.json()["block_configs"];
  if (!blocks.is_array()) config.fail("block_configs is no list.");
  const int64_t width = config.integer({"hidden_size"}), heads = config.integer({"num_attention_heads"}, 0);
  const auto number = [](const Json& of, const char* key) { return of.contains(key) && of[key].is_number(); };
  for (size_t i = 0; i < blocks.size(); ++i) {
    Difference difference;
    for (const char* part : {"attention", "ffn"}) {
      if (!blocks[i].is_object() || !blocks[i].contains(part) || !blocks[i][part].is_object()) continue;
      const Json& own = blocks[i][part];
      if (own.contains("replace_with_linear") && own["replace_with_linear"] == true)
        config.fail(text("block_configs replaces '", part, "' of layer ", i, " by a linear map, which is not known."));
      if (own.contains("no_op") && own["no_op"] == true) {
        difference.skipped.insert(sublayerOf(part));
      } else if (std::string(part) == "attention") {
        if (number(own, "num_query_groups")) {
          difference.values["num_key_value_heads"] = own["num_query_groups"];
        } else if (number(own, "n_heads_in_group")) {
          const double group = own["n_heads_in_group"].get<double>();
          if (!(group >= 1 && group <= double(heads)) || heads % int64_t(group) != 0)
            config.fail(text("block_configs gives layer ", i, " groups of ", group, " heads; expected a divisor of ",
                             heads, "."));
          difference.values["num_key_value_heads"] = heads / int64_t(group);
        }
      } else {
        if (number(own, "ffn_hidden_size")) {
          difference.values["intermediate_size"] = own["ffn_hidden_size"];
        } else if (number(own, "ffn_mult")) {
          const double multiplier = own["ffn_mult"].get<double>();
          if (!(multiplier > 0 && multiplier < 1e6))
            config.fail(text("block_configs gives layer ", i, " an ffn_mult of ", multiplier, "."));
          difference.values["intermediate_size"] = widthOfMultiplier(multiplier, width);
        }
      }
    }
    if (!difference.values.empty() || !difference.skipped.empty()) differences[int64_t(i)] = std::move(difference);
  }
}

Differences differencesOf(const ModelConfig& config) {
  Differences differences;
  const auto has = [&](const char* key) { return config.json().contains(key) && !config.json()[key].is_null(); };
  if (has("per_layer_config")) {
    readPerLayer(config, differences);
  } else if (has("block_configs")) {
    readBlocks(config, differences);
  } else {
    for (const int64_t layer : config.integers({"drop_attn_list"})) differences[layer].skipped.insert("attention");
    for (const int64_t layer : config.integers({"drop_mlp_list"})) differences[layer].skipped.insert("mlp");
  }
  config.ignore({"per_layer_config", "block_configs", "drop_attn_list", "drop_mlp_list"});
  return differences;
}

ParamValue valueOf(const Node& node, const Catalog& catalog, const std::string& param) {
  if (const auto own = node.params.find(param); own != node.params.end()) return own->second;
  return catalog.find(node.block)->findParam(param)->value;
}

/// What `variant` has that differs from `base`, in nodes of the same names, becomes an override.
void overrideParams(Editor& editor, const Node& repeat, int64_t layer, const Graph& base, const Graph& variant,
                    const Catalog& catalog) {
  for (const auto& [id, node] : base.nodes) {
    const Node* other = variant.findByName(node->name);
    if (!other || other->block != node->block) continue;
    std::set<std::string> names;
    for (const auto& [name, value] : node->params) names.insert(name);
    for (const auto& [name, value] : other->params) names.insert(name);
    for (const std::string& name : names)
      if (const ParamValue value = valueOf(*other, catalog, name); value != valueOf(*node, catalog, name))
        editor.setLayerParam(repeat.id, layer, id, name, value);
  }
}

}  // namespace

int64_t widthOfMultiplier(double multiplier, int64_t width) {
  const int64_t exact = int64_t(std::floor(2 * multiplier * double(width) / 3));
  return (exact + 255) / 256 * 256;
}

Json withFamilyType(Json config) {
  const std::string prefix = kLayeredType;
  if (config.is_object() && config.contains("model_type") && config["model_type"].is_string())
    if (const std::string type = config["model_type"].get<std::string>(); type.starts_with(prefix))
      config["model_type"] = type.substr(prefix.size());
  return config;
}

const Node* onlyRepeat(const Architecture& architecture, const Catalog& catalog) {
  const Node* found = nullptr;
  for (const auto& [id, node] : architecture.root->nodes) {
    const BlockDef* block = catalog.find(node->block);
    if (!block || block->body != BodyKind::Repeat) continue;
    if (found) return nullptr;
    found = node.get();
  }
  return found;
}

NodeId sublayerSum(const Graph& body, const std::string& part) {
  const Node* node = body.findByName(part);
  if (!node) return 0;
  // A norm may stand between.
  NodeId at = node->id;
  for (int steps = 0; steps < 3; ++steps) {
    const std::vector<Wire> next = body.wiresFrom(at);
    if (next.size() != 1) return 0;
    at = next.front().to.node;
    if (body.find(at)->block == "structure.residual") return next.front().to.port == "branch" ? at : 0;
  }
  return 0;
}

FamilyModel readModel(const FamilyDef& family, const ModelConfig& config, const Catalog& catalog) {
  FamilyModel model = family.read(config, catalog);
  const Differences differences = differencesOf(config);
  if (differences.empty()) return model;
  if (differences.size() > kMostDifferent)
    config.fail(text(differences.size(), " layers are to differ; expected at most ", kMostDifferent, "."));
  const Node* repeat = onlyRepeat(model.architecture, catalog);
  if (!repeat) config.fail("the layers differ, but the family has no single stack of layers.");
  const BlockDef& block = *catalog.find(repeat->block);
  const int64_t layers = layerCount(*repeat, block, model.architecture.variables).value_or(0);
  const Hash alike = structuralHash(model.architecture);
  std::map<std::string, Architecture> variants;  // by the values
  Json common = config.json();
  for (const char* key : {"per_layer_config", "block_configs", "drop_attn_list", "drop_mlp_list"}) common.erase(key);
  Editor editor(model.architecture, catalog);
  for (const auto& [layer, own] : differences) {
    if (layer < 0 || layer >= layers)
      config.fail(text("layer ", layer, " is to differ; expected layers 0 to ", layers - 1, "."));
    const std::string letter = layerBody(*repeat, block, layer);
    const Graph& body = *repeat->bodies.at(letter);
    if (!own.values.empty()) {
      auto variant = variants.find(own.values.dump());
      if (variant == variants.end()) {
        Json json = common;
        for (const auto& [key, value] : own.values.items()) json[key] = value;
        variant =
            variants.emplace(own.values.dump(), family.read(ModelConfig(json, config.place()), catalog).architecture)
                .first;
      }
      const Node* other = onlyRepeat(variant->second, catalog);
      if (!other || !other->bodies.contains(letter))
        config.fail(
            text("layer ", layer, " is to have ", own.values.dump().substr(0, 80), ", which changes the stack."));
      const Architecture before = editor.result();
      overrideParams(editor, *repeat, layer, body, *other->bodies.at(letter), catalog);
      const bool changesNothing = structuralHash(editor.result()) == structuralHash(before);
      if (changesNothing && structuralHash(variant->second) != alike)
        config.fail(text("layer ", layer, " is to have ", own.values.dump().substr(0, 80),
                         ", which a layer cannot have of its own."));
    }
    for (const std::string& part : own.skipped) {
      const NodeId sum = sublayerSum(body, part);
      if (sum == 0) config.fail(text("layer ", layer, " is to skip its ", part, ", which this family cannot."));
      editor.setLayerMuted(repeat->id, layer, sum, true);
    }
  }
  const std::string extra = model.architecture.extra;
  model.architecture = editor.result();
  model.architecture.extra = extra;
  return model;
}

}  // namespace fw
