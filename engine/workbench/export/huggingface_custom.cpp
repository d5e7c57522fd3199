// A folder with code of its own.
#include "engine/workbench/export/huggingface_custom.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "engine/arch/editor.h"
#include "engine/arch/walk.h"
#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/families/layers.h"
#include "engine/workbench/export/torch_served.h"
#include "engine/workbench/export/torch_writer.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

/// Names that servers would take for those of the linear maps q and k, whose names they look for in longer ones.
std::string servedName(std::string source) {
  for (const auto& [name, other] : {std::pair{".q_norm", ".norm_q"}, {".k_norm", ".norm_k"}})
    for (size_t at = 0; (at = source.find(name, at)) != std::string::npos;) source.replace(at, 7, other);
  return source;
}

/// The parts of a model from tokens to hidden states or scores.
struct Parts {
  const Node *tokens = nullptr, *embedding = nullptr, *head = nullptr, *out = nullptr;
};

Params paramsOf(const Node& node, const Architecture& architecture) {
  return completeParams(node, *catalog().find(node.block), architecture.variables);
}

/// tokens -> embedding -> ... -> head -> logits, or why it is something else.
Parts partsOf(const Architecture& architecture, std::string& reason) {
  const Graph& root = *architecture.root;
  Parts parts;
  int inputs = 0, outputs = 0;
  for (const auto& [id, node] : root.nodes) {
    if (node->block == kInBlock && ++inputs) parts.tokens = node.get();
    if (node->block == kOutBlock && ++outputs) parts.out = node.get();
  }
  reason = "it is no model from one text to one result";
  if (inputs != 1 || outputs != 1) return {};
  const std::vector<Wire> read = root.wiresFrom(parts.tokens->id), made = root.wiresInto(parts.out->id);
  if (read.size() != 1 || made.size() != 1) return parts;
  const Node& first = *root.find(read.front().to.node);
  const Node& last = *root.find(made.front().from.node);
  if (first.block != "embedding.token" || first.isMuted || !first.weightGroup.empty()) return parts;
  parts.embedding = &first;
  if (last.block == "head.language_model" && !last.isMuted && last.weightGroup.empty()) parts.head = &last;
  reason.clear();
  return parts;
}

/// The model between embedding and head: its input and output are hidden states.
Architecture bodyOf(const Architecture& architecture, const Parts& parts) {
  Editor editor(architecture, catalog());
  const Params embedding = paramsOf(*parts.embedding, architecture);
  const std::vector<Wire> after = architecture.root->wiresFrom(parts.embedding->id);
  std::optional<PortRef> before;
  if (parts.head)
    before = architecture.root->wiresInto(parts.head->id).front().from;
  else
    before = architecture.root->wiresInto(parts.out->id).front().from;
  std::vector<NodeId> removed = {parts.embedding->id};
  if (parts.head) removed.push_back(parts.head->id);
  editor.removeNodes(removed);
  editor.setParam(parts.tokens->id, "kind", std::string("tensor"));
  editor.setParam(parts.tokens->id, "dims", "B T " + toText(embedding.at("width")));
  editor.rename(parts.tokens->id, "x");
  editor.rename(parts.out->id, "hidden");
  const PortRef start{parts.tokens->id, kInPort};
  for (const Wire& wire : after)
    if (editor.result().root->find(wire.to.node)) editor.connect({}, start, wire.to);
  if (before->node == parts.embedding->id) before = start;
  editor.connect({}, *before, {parts.out->id, kOutPort});
  editor.setName("Layers of " + (architecture.name.empty() ? "a model" : architecture.name));
  return editor.result();
}

/// Takes the caps of scores out of all attentions, as the functions that run them have a cap of their own. Gives the
/// one that they have in common, 0 where they have none; nothing where they differ.
std::optional<double> withoutCaps(Architecture& body) {
  Editor editor(body, catalog());
  std::set<double> caps;
  bool isPlain = true;
  const auto isCapped = [](const Node& node) {
    const BlockDef* block = catalog().find(node.block);
    return block && block->category == "attention" && block->findParam("soft_cap");
  };
  forEachNode(body, isCapped, [&](const GraphPath&, const Node& node) {
    caps.insert(std::get<double>(paramValue(node, *catalog().find(node.block), "soft_cap", body.variables)));
    editor.setParam(node.id, "soft_cap", 0.0);
  });
  forEachNode(
      body,
      [&](const Node& node) {
        for (const auto& [layer, own] : node.overrides)
          for (const auto& [id, params] : own.params) isPlain &= !params.contains("soft_cap");
        return false;
      },
      [](const GraphPath&, const Node&) {});
  if (!isPlain || caps.size() > 1) return std::nullopt;
  body = editor.result();
  return caps.empty() ? 0.0 : *caps.begin();
}

/// How linear maps are shared out among devices: attention by heads, MLPs by hidden units.
std::map<std::string, std::string> devicePlan(const ir::Graph& graph) {
  static const std::map<std::string, std::string> ways = {{"q", "colwise"},    {"k", "colwise"},  {"v", "colwise"},
                                                          {"gate", "colwise"}, {"up", "colwise"}, {"o", "rowwise"},
                                                          {"down", "rowwise"}};
  static const std::set<std::string> known = {"q", "k", "v", "o", "gate", "up", "down", "q_norm", "k_norm"};
  std::map<std::string, std::set<std::string>> blocks;  // module path -> names in it
  for (const ir::ParameterInfo& info : graph.parameters) {
    std::vector<std::string> words;
    std::istringstream in(info.name);
    for (std::string word; std::getline(in, word, '.');) words.push_back(word);
    if (words.size() < 3) continue;
    std::string path;
    for (size_t i = 0; i + 2 < words.size(); ++i)
      path += (i ? "." : "") +
              (words[i].find_first_not_of("0123456789") == std::string::npos ? std::string("*") : words[i]);
    blocks[path].insert(words[words.size() - 2]);
  }
  std::map<std::string, std::string> plan;
  for (const auto& [path, names] : blocks) {
    const bool isAttention = names.contains("q") && names.contains("k") && names.contains("v") && names.contains("o");
    const bool isMlp = names.contains("up") && names.contains("down");
    const bool isKnown =
        std::all_of(names.begin(), names.end(), [&](const auto& name) { return known.contains(name); });
    if ((!isAttention && !isMlp) || !isKnown) continue;
    for (const std::string& name : names)
      if (ways.contains(name)) plan[path + "." + name] = ways.at(name);
  }
  return plan;
}

std::string configurationSource(const std::map<std::string, std::string>& devices,
                                const std::vector<std::string>& stages) {
  std::string out =
      "\"\"\"Configuration of a model that Formwright wrote.\"\"\"\n\nfrom transformers import PretrainedConfig\n\n\n"
      "class FormwrightConfig(PretrainedConfig):\n    model_type = \"formwright\"\n";
  if (!devices.empty()) {
    out += "    base_model_tp_plan = {\n";
    for (const auto& [path, way] : devices) out += "        \"" + path + "\": \"" + way + "\",\n";
    out += "    }\n";
  }
  if (stages.size() == 3)
    out += "    base_model_pp_plan = {\n        \"" + stages[0] +
           "\": ([\"input_ids\"], [\"inputs_embeds\"]),\n        \"" + stages[1] +
           "\": ([\"hidden_states\", \"attention_mask\"], [\"hidden_states\"]),\n        \"" + stages[2] +
           "\": ([\"hidden_states\"], [\"hidden_states\"]),\n    }\n";
  return out + "\n    def __init__(self, **kwargs):\n        super().__init__(**kwargs)\n";
}

std::string servedSource(const Architecture& architecture, const Parts& parts, const ServedModel& served, double cap) {
  const Params embedding = paramsOf(*parts.embedding, architecture);
  const double scale = std::get<double>(embedding.at("scale"));
  const std::string table = parts.embedding->name;
  const auto mask = [&](const char* name, const std::string& key) {
    return std::string("        masks[") + key + "] = " + name + "(**about)\n";
  };
  const bool isFull = std::count(served.slides.begin(), served.slides.end(), false) > 0;
  std::string masks =
      "        about = {\n            \"config\": self.config,\n            \"inputs_embeds\": inputs_embeds,"
      "\n            \"attention_mask\": attention_mask,\n";
  std::string names;
  if (served.isCausal)
    masks += "            \"past_key_values\": past_key_values,\n            \"position_ids\": position_ids,\n";
  masks += "        }\n        masks = {}\n";
  if (!served.isCausal) {
    masks += mask("create_bidirectional_mask", "None");
    names = "create_bidirectional_mask";
  } else {
    if (isFull) masks += mask("create_causal_mask", "None");
    if (served.window > 0) masks += mask("create_sliding_window_causal_mask", "self.config.sliding_window");
    names = std::string(isFull ? "create_causal_mask" : "") + (isFull && served.window > 0 ? ", " : "") +
            (served.window > 0 ? "create_sliding_window_causal_mask" : "");
  }
  std::string out =
      "\"\"\"A model that Formwright wrote, for transformers 5 and what runs its models." +
      std::string(served.hasExperts
                      ? "\n\nEvery token goes through all experts, those that were not chosen with weight "
                        "0: no fused kernel of a server\nstands in for them.\n"
                      : "") +
      "\"\"\"\n\nimport torch\nfrom "
      "torch "
      "import nn\nfrom transformers import DynamicCache, GenerationMixin, PreTrainedModel\nfrom "
      "transformers.masking_utils "
      "import " +
      names +
      "\nfrom transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast\n"
      "from transformers.utils import can_return_tuple\n\n"
      "from .configuration_formwright import FormwrightConfig\nfrom .formwright_model import Body\n";
  if (scale != 1)
    out +=
        "\n\nclass Embedding(nn.Embedding):\n    def forward(self, input_ids):\n        return "
        "super().forward(input_ids) * " +
        pythonNumber(scale) + "\n";
  out += R"(

class FormwrightPreTrainedModel(PreTrainedModel):
    config_class = FormwrightConfig
    base_model_prefix = "model"
    _input_embed_layer = ")" +
         table + R"("
    _supports_sdpa = )" +
         std::string(cap > 0 ? "False" : "True") + R"(
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True

    def _init_weights(self, module):
        pass


class FormwrightModel(FormwrightPreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.)" +
         table + " = " + (scale != 1 ? "Embedding" : "nn.Embedding") + R"((config.vocab_size, )" +
         toText(embedding.at("width")) + R"()
        body = Body()
        for name, module in body.named_children():
            self.add_module(name, module)
        for name, parameter in body.named_parameters(recurse=False):
            self.register_parameter(name, parameter)
        attentions = [module for module in self.modules() if hasattr(module, "num_key_value_groups")]
        for index, module in enumerate(attentions):
            module.layer_idx = index
            module.config = config
        self.post_init()

    @can_return_tuple
    def forward(
        self,
        input_ids=None,
        attention_mask=None,
        position_ids=None,
        past_key_values=None,
        inputs_embeds=None,
        use_cache=None,
        **kwargs,
    ):
        if inputs_embeds is None:
            inputs_embeds = self.)" +
         table + R"((input_ids)
)";
  if (served.isCausal)
    out += R"(        if use_cache and past_key_values is None:
            past_key_values = DynamicCache(config=self.config)
)";
  out += R"(        if position_ids is None:
            seen = past_key_values.get_seq_length() if past_key_values is not None else 0
            position_ids = torch.arange(inputs_embeds.shape[1], device=inputs_embeds.device)[None] + seen
)" + masks +
         R"(        hidden = Body.forward(
            self,
            inputs_embeds,
            position_ids=position_ids,
            masks=masks,
            past_key_values=past_key_values,
)" + (cap > 0 ? "            softcap=self.config.attn_logit_softcapping,\n" : "") +
         R"(            **kwargs,
        )
        return BaseModelOutputWithPast(last_hidden_state=hidden, past_key_values=past_key_values)
)";
  if (!parts.head || !served.isCausal) return out;
  const Params head = paramsOf(*parts.head, architecture);
  const double factor = std::get<double>(head.at("scale")), logitCap = std::get<double>(head.at("soft_cap"));
  const bool isTied = std::get<bool>(head.at("tied"));
  out += "\n\nclass FormwrightForCausalLM(FormwrightPreTrainedModel, GenerationMixin):\n";
  if (isTied) out += "    _tied_weights_keys = {\"lm_head.weight\": \"model." + table + ".weight\"}\n";
  out += std::string("    _tp_plan = {\"lm_head\": \"colwise_gather_output\"}\n") +
         "    _pp_plan = {\"lm_head\": ([\"hidden_states\"], [\"logits\"])}\n";
  out += R"(
    def __init__(self, config):
        super().__init__(config)
        self.model = FormwrightModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=)" +
         std::string(std::get<bool>(head.at("bias")) ? "True" : "False") + R"()
        self.post_init()

    @can_return_tuple
    def forward(
        self,
        input_ids=None,
        attention_mask=None,
        position_ids=None,
        past_key_values=None,
        inputs_embeds=None,
        labels=None,
        use_cache=None,
        logits_to_keep=0,
        **kwargs,
    ):
        given = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            inputs_embeds=inputs_embeds,
            use_cache=use_cache,
            **kwargs,
        )
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        logits = self.lm_head(given.last_hidden_state[:, kept])
)";
  if (factor != 1) out += "        logits = logits * " + pythonNumber(factor) + "\n";
  if (logitCap > 0)
    out += "        logits = torch.tanh(logits / " + pythonNumber(logitCap) + ") * " + pythonNumber(logitCap) + "\n";
  out += R"(        loss = None
        if labels is not None:
            loss = self.loss_function(logits=logits, labels=labels, vocab_size=self.config.vocab_size, **kwargs)
        return CausalLMOutputWithPast(loss=loss, logits=logits, past_key_values=given.past_key_values)
)";
  return out;
}

/// `root`: the class of the whole model in formwright_model.py.
std::string plainSource(const std::string& root, bool isCausal, const std::string& reason) {
  std::string out =
      "\"\"\"A model that Formwright wrote, for transformers.\n\nvLLM's Transformers backend does not take it: " +
      reason + ".\n\"\"\"\n\n";
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

Json commonConfig(bool isCausal) {
  Json map = {{"AutoConfig", "configuration_formwright.FormwrightConfig"},
              {"AutoModel", "modeling_formwright.FormwrightModel"}};
  if (isCausal) map["AutoModelForCausalLM"] = "modeling_formwright.FormwrightForCausalLM";
  return {{"model_type", "formwright"},
          {"architectures", {isCausal ? "FormwrightForCausalLM" : "FormwrightModel"}},
          {"auto_map", std::move(map)},
          {"dtype", "float32"},
          {"tie_word_embeddings", false}};
}

/// The length of the shortest table of positions; without one there is no limit that the document says.
int64_t longestText(const Architecture& architecture) { return longestTime(architecture, int64_t(1) << 15); }

CustomFolder servedFolder(const Architecture& architecture, const Parts& parts, std::string& reason) {
  Architecture body = bodyOf(architecture, parts);
  const std::optional<double> scoreCap = withoutCaps(body);
  if (!scoreCap) {
    reason = "the caps of its scores are not alike, and servers know one for all layers";
    return {};
  }
  const PortableGraph portable = PortableGraph::of(body, hasTorchForm);
  const ModuleTree tree = moduleTree(portable.graph());
  const ServedModel served = servedModel(portable, tree);
  reason = served.reason;
  if (!reason.empty()) return {};
  const Params embedding = paramsOf(*parts.embedding, architecture);
  const bool isCausal = parts.head && served.isCausal;
  const SymbolicSize width = portable.dims(portable.graph().outputs.front().value).back();
  Json config = commonConfig(isCausal);
  config["vocab_size"] = std::get<int64_t>(embedding.at("vocabulary"));
  config["hidden_size"] = width.constant;
  config["num_hidden_layers"] = served.attentions;
  config["num_attention_heads"] = served.heads;
  config["num_key_value_heads"] = served.keyHeads;
  config["head_dim"] = served.headWidth;
  config["max_position_embeddings"] = longestText(architecture);
  if (!served.isCausal) config["is_causal"] = false;
  if (*scoreCap > 0) config["attn_logit_softcapping"] = *scoreCap;
  if (isCausal) {
    const Params head = paramsOf(*parts.head, architecture);
    config["tie_word_embeddings"] = std::get<bool>(head.at("tied"));
    // vLLM has a head of its own: cap tanh(logits / cap), times the scale.
    const double factor = std::get<double>(head.at("scale")), cap = std::get<double>(head.at("soft_cap"));
    if (factor != 1) config["logit_scale"] = factor;
    if (cap > 0) config["final_logit_softcapping"] = cap / factor;
  }
  if (served.window > 0) {
    config["sliding_window"] = served.window;
    for (const bool slides : served.slides)
      config["layer_types"].push_back(slides ? "sliding_attention" : "full_attention");
  }
  // One stage after the other, where the model is that plain.
  std::vector<std::string> stages = {parts.embedding->name};
  for (const int child : tree.modules.front().children) stages.push_back(tree.modules[size_t(child)].name);
  CustomFolder folder{.config = config.dump(), .head = isCausal ? parts.head->name : ""};
  folder.files["configuration_formwright.py"] = configurationSource(devicePlan(portable.graph()), stages);
  folder.files["modeling_formwright.py"] = servedSource(architecture, parts, served, *scoreCap);
  folder.files["formwright_model.py"] = servedName(torchSource(body, {.isServed = true, .root = "Body"}));
  return folder;
}

}  // namespace

std::string CustomFolder::tensorName(const std::string& weight) const {
  if (!head.empty() && weight.starts_with(head + ".")) return "lm_head." + weight.substr(head.size() + 1);
  return "model." + (unserved.empty() ? servedName(weight) : weight);
}

CustomFolder customFolder(const Architecture& architecture) {
  std::string reason;
  const Parts parts = partsOf(architecture, reason);
  // A model that ends in scores and looks both ways foretells no next token.
  if (reason.empty()) {
    CustomFolder folder = servedFolder(architecture, parts, reason);
    const bool isWhole = !parts.head || !folder.head.empty();
    if (reason.empty() && isWhole) return folder;
    if (reason.empty()) reason = "its attention sees what comes after";
  }
  const std::string source = torchSource(architecture);
  // The last class of the file.
  const size_t at = source.rfind("\nclass ") + 7;
  const std::string root = source.substr(at, source.find('(', at) - at);
  const bool isCausal = parts.tokens && parts.out && parts.tokens->name == "tokens" && parts.out->name == "logits";
  Json config = commonConfig(isCausal);
  if (const Node* repeat = onlyRepeat(architecture, catalog()))
    config["num_hidden_layers"] =
        layerCount(*repeat, *catalog().find(repeat->block), architecture.variables).value_or(0);
  for (const auto& [name, value] : architecture.variables)
    if (name == "width") config["hidden_size"] = int64_t(value);
  for (const auto& [id, node] : architecture.root->nodes)
    if (node->block == "embedding.token")
      config["vocab_size"] = std::get<int64_t>(paramsOf(*node, architecture).at("vocabulary"));
  CustomFolder folder{.config = config.dump(), .unserved = reason};
  folder.files["configuration_formwright.py"] = configurationSource({}, {});
  folder.files["modeling_formwright.py"] = plainSource(root, isCausal, reason);
  folder.files["formwright_model.py"] = source;
  return folder;
}

}  // namespace fw
