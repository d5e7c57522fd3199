// A Hugging Face folder: of the family that the model is one of, else with code of its own.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/families/family.h"
#include "engine/io/huggingface.h"
#include "engine/io/safetensors.h"
#include "engine/workbench/export/torch_writer.h"
#include "engine/workbench/exporter.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

namespace fs = std::filesystem;

struct Native {
  Json config;
  FamilyModel model;
};

/// The number of layers of the only Repeat of the root, or nothing.
std::optional<int64_t> layersOf(const Architecture& architecture) {
  std::optional<int64_t> found;
  for (const auto& [id, node] : architecture.root->nodes) {
    const BlockDef* block = catalog().find(node->block);
    if (!block || block->body != BodyKind::Repeat) continue;
    if (found) return std::nullopt;
    found = layerCount(*node, *block, architecture.variables);
  }
  return found;
}

/// The config.json under which reading gives this very document, if the document came from one: as it was, or with
/// another number of layers.
std::optional<Native> nativeOf(const Architecture& architecture) {
  const SortedJson extra = SortedJson::parse(architecture.extra.empty() ? "{}" : architecture.extra, nullptr, false);
  if (!extra.is_object() || !extra.contains("huggingface") || !extra["huggingface"].is_object() ||
      !extra["huggingface"].contains("config"))
    return std::nullopt;
  const Json config = Json::parse(extra["huggingface"]["config"].dump());
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
  for (const Json& one : candidates) {
    const FamilyDef* family = findFamily(one.value("model_type", ""));
    if (!family) return std::nullopt;
    try {
      FamilyModel model = family->read(ModelConfig(one, "config.json"), catalog());
      if (structuralHash(model.architecture) == structuralHash(architecture)) return Native{one, std::move(model)};
    } catch (const Error&) {
      // This number of layers does not go with the other keys.
    }
  }
  return std::nullopt;
}

/// Every tensor that the rules put together from the weights.
std::map<std::string, Tensor> tensorsOf(const FamilyModel& model, const std::map<std::string, Tensor>& weights) {
  std::map<std::string, Tensor> out;
  std::map<std::string, bool> isUsed;
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
      for (const auto& [part, value] : parts) isUsed[part] = true;
      out[filledName(rule.tensor, numbers)] = joinedParts(rule, numbers, parts);
    }
  }
  for (const auto& [name, tensor] : weights)
    if (!isUsed[name])
      throw Error(Code::Data, text("[huggingface] no tensor of the family holds the weight '", name, "'."));
  return out;
}

std::string configurationSource() {
  return R"("""Configuration of a model that Formwright wrote."""

from transformers import PretrainedConfig


class FormwrightConfig(PretrainedConfig):
    model_type = "formwright"

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
)";
}

/// `root`: the class of the whole model in formwright_model.py.
std::string modelingSource(const std::string& root, bool isCausal) {
  std::string out = "\"\"\"A model that Formwright wrote, for transformers.\"\"\"\n\n";
  out += isCausal ? "import torch.nn.functional as F\nfrom transformers import GenerationMixin, PreTrainedModel\n"
                    "from transformers.modeling_outputs import CausalLMOutput\n"
                  : "from transformers import PreTrainedModel\n";
  out += "\nfrom .configuration_formwright import FormwrightConfig\nfrom .formwright_model import " + root + "\n";
  out +=
      "\n\nclass FormwrightModel(PreTrainedModel):\n    config_class = FormwrightConfig\n    base_model_prefix = "
      "\"model\"\n"
      "\n    def __init__(self, config):\n        super().__init__(config)\n        self.model = " +
      root +
      "()\n        self.post_init()\n\n    def _init_weights(self, module):\n        pass\n"
      "\n    def forward(self, *inputs, **named):\n        return self.model(*inputs, **named)\n";
  if (!isCausal) return out;
  out += R"(

class FormwrightForCausalLM(FormwrightModel, GenerationMixin):
    def forward(self, input_ids, labels=None, **_):
        logits = self.model(input_ids)
        loss = None
        if labels is not None:
            loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
        return CausalLMOutput(loss=loss, logits=logits)

    def prepare_inputs_for_generation(self, input_ids, **_):
        return {"input_ids": input_ids}
)";
  return out;
}

void writeCustom(const ExportCall& call, const fs::path& folder) {
  const std::string source = torchSource(call.architecture);
  // The last class of the file.
  const size_t at = source.rfind("\nclass ") + 7;
  const std::string root = source.substr(at, source.find('(', at) - at);
  const Graph& graph = *call.architecture.root;
  int inputs = 0, outputs = 0;
  bool hasTokens = false, hasLogits = false;
  for (const auto& [id, node] : graph.nodes) {
    inputs += node->block == kInBlock;
    outputs += node->block == kOutBlock;
    hasTokens |= node->block == kInBlock && node->name == "tokens";
    hasLogits |= node->block == kOutBlock && node->name == "logits";
  }
  const bool isCausal = inputs == 1 && outputs == 1 && hasTokens && hasLogits;
  Json map = {{"AutoConfig", "configuration_formwright.FormwrightConfig"},
              {"AutoModel", "modeling_formwright.FormwrightModel"}};
  if (isCausal) map["AutoModelForCausalLM"] = "modeling_formwright.FormwrightForCausalLM";
  Json config = {{"model_type", "formwright"},
                 {"architectures", {isCausal ? "FormwrightForCausalLM" : "FormwrightModel"}},
                 {"auto_map", std::move(map)},
                 {"dtype", "float32"},
                 {"tie_word_embeddings", false}};
  if (const auto layers = layersOf(call.architecture)) config["num_hidden_layers"] = *layers;
  for (const auto& [name, value] : call.architecture.variables)
    if (name == "width") config["hidden_size"] = int64_t(value);
  for (const auto& [id, node] : graph.nodes)
    if (node->block == "embedding.token")
      config["vocab_size"] =
          std::get<int64_t>(paramValue(*node, *catalog().find(node->block), "vocabulary", call.architecture.variables));
  writeFileAtomically((folder / "config.json").string(), toSortedText(config));
  writeFileAtomically((folder / "configuration_formwright.py").string(), configurationSource());
  writeFileAtomically((folder / "modeling_formwright.py").string(), modelingSource(root, isCausal));
  writeFileAtomically((folder / "formwright_model.py").string(), source);
  if (!call.weights) return;
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, tensor] : *call.weights) tensors["model." + name] = tensor;
  saveSafetensors((folder / "model.safetensors").string(), tensors, {{"format", "pt"}});
}

void write(const ExportCall& call) {
  const fs::path folder(call.path);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(Code::File, text("[", call.path, "] the folder cannot be made: ", error.message(), "."));
  const std::optional<Native> native = nativeOf(call.architecture);
  if (!native) return writeCustom(call, folder);
  writeFileAtomically((folder / "config.json").string(), toSortedText(native->config));
  if (call.weights)
    saveSafetensors((folder / "model.safetensors").string(), tensorsOf(native->model, *call.weights),
                    {{"format", "pt"}});
}

}  // namespace

ExporterDef exporter_huggingface() {
  return {.id = "huggingface",
          .title = "Hugging Face folder",
          .help =
              "config.json and safetensors: of the family where the model still is one, so that other tools load it "
              "with no code; else with code that transformers runs when it is trusted.",
          .extension = "",
          .write = write};
}

}  // namespace fw
