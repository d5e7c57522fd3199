// A document as a folder of its family.
#include "engine/workbench/export/huggingface_native.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/families/layers.h"
#include "engine/io/huggingface.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

/// The config.json that a document was opened with, of the family's own type and for layers that are alike; null where
/// there is none.
Json openedConfig(const Architecture& architecture) {
  const SortedJson extra = SortedJson::parse(architecture.extra.empty() ? "{}" : architecture.extra, nullptr, false);
  if (!extra.is_object() || !extra.contains("huggingface") || !extra["huggingface"].is_object() ||
      !extra["huggingface"].contains("config") || !extra["huggingface"]["config"].is_object())
    return nullptr;
  const Json config = Json::parse(extra["huggingface"]["config"].dump());
  if (!config.contains("model_type") || !config["model_type"].is_string()) return nullptr;
  Json plain = withFamilyType(config);
  if (plain["model_type"] != config["model_type"]) {
    // What the exporter of such layers wrote.
    plain.erase("auto_map");
    if (plain.contains("formwright_architectures")) plain["architectures"] = plain["formwright_architectures"];
    plain.erase("formwright_architectures");
  }
  for (const char* key : {"per_layer_config", "block_configs", "drop_attn_list", "drop_mlp_list"}) plain.erase(key);
  return plain;
}

std::optional<int64_t> layersOf(const Architecture& architecture) {
  const Node* repeat = onlyRepeat(architecture, catalog());
  if (!repeat) return std::nullopt;
  return layerCount(*repeat, *catalog().find(repeat->block), architecture.variables);
}

/// A node with overrides whose values are plain numbers and differ from the layer's common ones.
Node withPlainOverrides(const Node& repeat, const std::map<std::string, double>& variables) {
  Node plain = repeat;
  plain.overrides.clear();
  for (const auto& [layer, own] : repeat.overrides) {
    const auto body = repeat.bodies.find(layerBody(repeat, *catalog().find(repeat.block), layer));
    if (body == repeat.bodies.end()) continue;
    LayerOverride one{.muted = own.muted};
    for (const auto& [id, params] : own.params) {
      const Node* inner = body->second->find(id);
      const BlockDef* block = inner ? catalog().find(inner->block) : nullptr;
      if (!block) continue;
      Node changed = *inner;
      for (const auto& [name, value] : params) changed.params[name] = value;
      for (const auto& [name, value] : params)
        if (const ParamValue now = paramValue(changed, *block, name, variables);
            now != paramValue(*inner, *block, name, variables))
          one.params[id][name] = now;
    }
    if (!one.params.empty() || !one.muted.empty()) plain.overrides[layer] = std::move(one);
  }
  return plain;
}

Architecture withNode(const Architecture& architecture, const Node& node) {
  Architecture changed = architecture;
  Graph root = *architecture.root;
  root.nodes[node.id] = std::make_shared<const Node>(node);
  changed.root = std::make_shared<const Graph>(std::move(root));
  return changed;
}

/// `per_layer_config` of the overrides, or null where one cannot be said by keys of config.json.
Json perLayerConfig(const FamilyDef& family, const Json& config, const Node& repeat) {
  // Of synonyms the file's own come first.
  std::vector<const char*> keys = {
      "n_inner", "ffn_dim", "intermediate_size", "num_key_value_heads", "n_head", "num_attention_heads"};
  std::stable_partition(keys.begin(), keys.end(), [&](const char* key) { return config.contains(key); });
  const BlockDef& block = *catalog().find(repeat.block);
  Json all = Json::object();
  for (const auto& [layer, own] : repeat.overrides) {
    const Graph& body = *repeat.bodies.at(layerBody(repeat, block, layer));
    Json one = Json::object();
    for (const auto& [id, params] : own.params)
      for (const auto& [name, value] : params) {
        const int64_t* number = std::get_if<int64_t>(&value);
        if (!number) return nullptr;
        // The key under which the family makes this of it.
        bool isSaid = false;
        for (const char* key : keys) {
          Json tried = config;
          tried["per_layer_config"][std::to_string(layer)] = one;
          tried["per_layer_config"][std::to_string(layer)][key] = *number;
          try {
            const FamilyModel model = readModel(family, ModelConfig(tried, "config.json"), catalog());
            const Node& theirs = *onlyRepeat(model.architecture, catalog());
            const Node* inner = theirs.bodies.at(layerBody(theirs, block, layer))->findByName(body.find(id)->name);
            const auto at = theirs.overrides.find(layer);
            if (!inner || at == theirs.overrides.end() || !at->second.params.contains(inner->id)) continue;
            const Params& made = at->second.params.at(inner->id);
            if (!made.contains(name) || made.at(name) != value) continue;
            one[key] = *number;
            isSaid = true;
            break;
          } catch (const Error&) {
            // A layer cannot have this key of its own.
          }
        }
        if (!isSaid) return nullptr;
      }
    for (const char* part : {"attention", "mlp"})
      for (const NodeId id : own.muted)
        if (id == sublayerSum(body, part)) one["skip"].push_back(part);
    const size_t skipped = one.contains("skip") ? one["skip"].size() : 0;
    if (skipped != own.muted.size()) return nullptr;
    all[std::to_string(layer)] = std::move(one);
  }
  return all;
}

/// The other two ways to say it, for what reads those.
void addDialects(Json& config, const Json& perLayer, int64_t layers) {
  const auto number = [&](const Json& from, std::initializer_list<const char*> keys) -> Json {
    for (const char* key : keys)
      if (from.contains(key) && from[key].is_number()) return from[key];
    return nullptr;
  };
  Json blocks = Json::array(), attention = Json::array(), mlp = Json::array();
  const Json heads = number(config, {"num_attention_heads", "n_head"}),
             width = number(config, {"hidden_size", "n_embd"});
  for (int64_t layer = 0; layer < layers; ++layer) {
    const std::string key = std::to_string(layer);
    Json own = config;
    std::set<std::string> skipped;
    if (perLayer.contains(key))
      for (const auto& [name, value] : perLayer[key].items()) {
        if (name != "skip") own[name] = value;
        if (name == "skip") skipped = value.get<std::set<std::string>>();
      }
    if (skipped.contains("attention")) attention.push_back(layer);
    if (skipped.contains("mlp")) mlp.push_back(layer);
    const Json ownHeads = number(own, {"num_attention_heads", "n_head"});
    const Json groups = number(own, {"num_key_value_heads", "num_attention_heads", "n_head"});
    Json one = {{"attention", {{"n_heads_in_group", nullptr}, {"no_op", false}, {"replace_with_linear", false}}},
                {"ffn", {{"ffn_mult", nullptr}, {"no_op", false}, {"replace_with_linear", false}}}};
    if (skipped.contains("attention")) {
      one["attention"]["no_op"] = true;
    } else if (!groups.is_null() && ownHeads == heads) {
      one["attention"]["n_heads_in_group"] = heads.get<int64_t>() / groups.get<int64_t>();
      one["attention"]["num_query_groups"] = groups;
    }
    const Json hidden = number(own, {"intermediate_size", "n_inner", "ffn_dim"});
    if (skipped.contains("mlp")) {
      one["ffn"]["no_op"] = true;
    } else if (!hidden.is_null() && !width.is_null()) {
      one["ffn"]["ffn_hidden_size"] = hidden;
      const double multiplier = 1.5 * hidden.get<double>() / width.get<double>();
      if (widthOfMultiplier(multiplier, width.get<int64_t>()) == hidden.get<int64_t>())
        one["ffn"]["ffn_mult"] = multiplier;
    }
    blocks.push_back(std::move(one));
  }
  config["block_configs"] = std::move(blocks);
  if (!attention.empty()) config["drop_attn_list"] = std::move(attention);
  if (!mlp.empty()) config["drop_mlp_list"] = std::move(mlp);
}

/// Where transformers keeps a part of a layer: from the names of its tensors.
struct LayerNames {
  std::string stack;                                       // "layers", "h"
  std::map<std::string, std::string> modules;              // "attention" -> "self_attn"
  std::map<std::string, std::set<std::string>> withNorms;  // "attention" -> {"input_layernorm"}
};

LayerNames layerNames(const FamilyModel& model) {
  LayerNames names;
  for (const WeightRule& rule : model.weights) {
    const size_t hole = rule.tensor.find("{}");
    if (rule.isOldName || rule.parts.empty() || hole == std::string::npos) continue;
    std::string front = rule.tensor.substr(0, hole);
    if (front.starts_with(model.prefix)) front = front.substr(model.prefix.size());
    if (front.ends_with(".")) front.pop_back();
    const std::string rest = rule.tensor.substr(std::min(rule.tensor.size(), hole + 3));
    const std::string module = rest.substr(0, rest.find('.'));
    for (const std::string part : {"attention", "mlp"}) {
      const std::string& ours = rule.parts.front().name;
      if (ours.starts_with("layers.{}." + part + ".")) {
        names.modules[part] = module;
        names.stack = front;
      }
      if (ours.starts_with("layers.{}.norm_" + part + ".") || ours.starts_with("layers.{}.post_norm_" + part + "."))
        names.withNorms[part].insert(module);
    }
  }
  return names;
}

std::string configurationSource(const std::string& type) {
  return "\"\"\"Configuration of a model whose layers differ; written by Formwright.\"\"\"\n\n"
         "from transformers.models.auto.configuration_auto import CONFIG_MAPPING\n\n\n"
         "class FormwrightConfig(CONFIG_MAPPING[\"" +
         type + "\"]):\n    model_type = \"" + kLayeredType + type + "\"\n";
}

std::string modelingSource(const std::string& type, const LayerNames& names) {
  const auto list = [](const std::set<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "\"" : ", \"") + word + "\"";
    return "[" + out + "]";
  };
  std::string table, norms;
  for (const auto& [part, module] : names.modules) {
    const auto own = names.withNorms.find(part);
    table += (table.empty() ? "\"" : ", \"") + part + "\": \"" + module + "\"";
    norms += (norms.empty() ? "\"" : ", \"") + part +
             "\": " + list(own == names.withNorms.end() ? std::set<std::string>{} : own->second);
  }
  return "\"\"\"A model whose layers differ as `per_layer_config` says; written by Formwright. Needs transformers 5.14 "
         "or "
         "newer.\"\"\"\n\n"
         "import copy\n\nimport torch\nfrom torch import nn\n"
         "from transformers.models.auto.configuration_auto import CONFIG_MAPPING\n"
         "from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_MAPPING\n\n"
         "from .configuration_formwright import FormwrightConfig\n\n"
         "FAMILY = CONFIG_MAPPING[\"" +
         type + "\"]\nMODULES = {" + table + "}\nNORMS = {" + norms + "}\nSTACK = \"" + names.stack +
         "\"\n"
         R"(

class Skipped(nn.Module):
    """A sublayer that adds nothing to the stream."""

    def __init__(self, has_weights):
        super().__init__()
        self.has_weights = has_weights

    def forward(self, hidden_states, *_, **__):
        nothing = torch.zeros_like(hidden_states)
        return (nothing, None) if self.has_weights else nothing


class Layered:
    """Builds the family's model with layers that are alike, then gives each what it has of its own."""

    def __init__(self, config):
        alike = copy.copy(config)
        alike.per_layer_config = None
        super().__init__(alike)
        # What the constructor has chosen: the functions of attention and of experts.
        for name in ("_attn_implementation", "_experts_implementation"):
            setattr(config, name, getattr(alike, name, None))
        layers = getattr(self, self.base_model_prefix, self).get_submodule(STACK)
        cached = 0
        for index, own in enumerate(config.per_layer_config):
            if any(getattr(own, name) != getattr(alike, name) for name in config.per_layer_attributes or ()):
                layers[index] = type(layers[index])(own, index)
            skipped = getattr(own, "skip", [])
            for part in skipped:
                setattr(layers[index], MODULES[part], Skipped(part == "attention"))
                for norm in NORMS[part]:
                    setattr(layers[index], norm, nn.Identity())
            # A cache measures the text by its first entry, so that entry must be of an attention that is there.
            if "attention" not in skipped:
                attention = getattr(layers[index], MODULES["attention"])
                if len(set(getattr(config, "layer_types", None) or ["full_attention"])) == 1:
                    attention.layer_idx = cached
                cached += 1
        for module in self.modules():
            if isinstance(getattr(module, "config", None), FAMILY):
                module.config = config


class FormwrightModel(Layered, MODEL_MAPPING[FAMILY]):
    config_class = FormwrightConfig


class FormwrightForCausalLM(Layered, MODEL_FOR_CAUSAL_LM_MAPPING[FAMILY]):
    config_class = FormwrightConfig
)";
}

}  // namespace

std::optional<NativeModel> nativeModel(const Architecture& architecture) {
  const Json config = openedConfig(architecture);
  if (config.is_null()) return std::nullopt;
  std::vector<Json> candidates = {config};
  if (const auto layers = layersOf(architecture))
    for (const char* key : {"num_hidden_layers", "n_layer", "n_layers", "num_layers"})
      if (config.contains(key)) {
        candidates.push_back(config);
        candidates.back()[key] = *layers;
        if (candidates.back().contains("layer_types") && candidates.back()["layer_types"].is_array() &&
            int64_t(candidates.back()["layer_types"].size()) > *layers) {
          Json& types = candidates.back()["layer_types"];
          types.erase(types.begin() + *layers, types.end());
        }
      }
  const FamilyDef* family = findFamily(config["model_type"].get<std::string>());
  if (!family) return std::nullopt;
  for (size_t i = 0; i < candidates.size(); ++i) {
    try {
      FamilyModel model = family->read(ModelConfig(candidates[i], "config.json"), catalog());
      if (structuralHash(model.architecture) == structuralHash(architecture))
        return NativeModel{candidates[i].dump(), std::move(model), i == 0};
    } catch (const Error&) {
      // This number of layers does not go with the other keys.
    }
  }
  return std::nullopt;
}

std::optional<LayeredModel> layeredModel(const Architecture& architecture) {
  const Node* repeat = onlyRepeat(architecture, catalog());
  if (!repeat || repeat->overrides.empty()) return std::nullopt;
  const Node own = withPlainOverrides(*repeat, architecture.variables);
  Node alike = own;
  alike.overrides.clear();
  std::optional<NativeModel> native = nativeModel(withNode(architecture, alike));
  if (!native) return std::nullopt;
  Json config = Json::parse(native->config);
  const std::string type = config["model_type"].get<std::string>();
  const std::string kind = config.contains("architectures") && config["architectures"].is_array() &&
                                   !config["architectures"].empty() && config["architectures"][0].is_string()
                               ? config["architectures"][0].get<std::string>()
                               : findFamily(type)->modelClass;
  if (!kind.ends_with("ForCausalLM") && !kind.ends_with("LMHeadModel")) return std::nullopt;
  const FamilyDef& family = *findFamily(type);
  const Json perLayer = perLayerConfig(family, config, own);
  const LayerNames names = layerNames(native->model);
  if (perLayer.is_null() || !names.modules.contains("attention") || !names.modules.contains("mlp")) return std::nullopt;
  config["per_layer_config"] = perLayer;
  try {
    FamilyModel read = readModel(family, ModelConfig(config, "config.json"), catalog());
    if (structuralHash(read.architecture) != structuralHash(withNode(architecture, own))) return std::nullopt;
    native->model = std::move(read);
  } catch (const Error&) {
    return std::nullopt;
  }
  addDialects(config, perLayer, layersOf(architecture).value_or(0));
  config["model_type"] = kLayeredType + type;
  config["formwright_architectures"] = {kind};
  config["architectures"] = {"FormwrightForCausalLM"};
  config["auto_map"] = {{"AutoConfig", "configuration_formwright.FormwrightConfig"},
                        {"AutoModel", "modeling_formwright.FormwrightModel"},
                        {"AutoModelForCausalLM", "modeling_formwright.FormwrightForCausalLM"}};
  native->config = config.dump();
  return LayeredModel{std::move(*native), configurationSource(type), modelingSource(type, names)};
}

std::map<std::string, Tensor> nativeTensors(const FamilyModel& model, const std::map<std::string, Tensor>& weights) {
  std::map<std::string, Tensor> out;
  std::set<std::string> used;
  for (const WeightRule& rule : model.weights) {
    if (rule.isOldName || rule.parts.empty()) continue;
    for (const auto& [name, tensor] : weights) {
      std::vector<std::string> numbers;
      if (!matchesName(rule.parts.front().name, name, numbers)) continue;
      std::map<std::string, Tensor> parts;
      bool isComplete = true;
      for (const WeightPart& part : rule.parts) {
        const auto at = weights.find(filledName(part.name, numbers));
        if (at == weights.end()) {
          isComplete = false;
          break;
        }
        parts[at->first] = at->second;
      }
      if (!isComplete) continue;
      for (const auto& [part, value] : parts) used.insert(part);
      out[filledName(rule.tensor, numbers)] = joinedParts(rule, numbers, parts);
    }
  }
  for (const auto& [name, tensor] : weights)
    if (!used.contains(name))
      throw Error(Code::Data, text("[huggingface] no tensor of the family holds the weight '", name, "'."));
  return out;
}

}  // namespace fw
