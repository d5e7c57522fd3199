// A model as Python source: a class for each distinct module, loops for repeats.
#include "engine/workbench/export/torch_writer.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <sstream>

#include "engine/base/error.h"
#include "engine/ir/op.h"
#include "engine/workbench/export/torch_function.h"
#include "engine/workbench/export/torch_names.h"
#include "engine/workbench/export/torch_parameters.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

class TorchWriter {
 public:
  TorchWriter(const Architecture& architecture, const TorchOptions& options)
      : architecture_(architecture),
        options_(options),
        portable_(PortableGraph::of(architecture, hasTorchForm)),
        graph_(portable_.graph()),
        tree_(moduleTree(graph_)),
        parameters_(graph_, tree_) {
    needs_.resize(tree_.modules.size());
    classNames_.resize(tree_.modules.size());
  }

  std::string source() {
    names_ = {"Tensor", "Parameters"};
    writeModule(0);
    std::ostringstream out;
    const std::string title = architecture_.name.empty() ? "A model" : architecture_.name;
    int64_t count = 0;
    for (const ir::ParameterInfo& info : graph_.parameters) count += graph_.type({info.node, 0}).shape.count();
    out << "\"\"\"" << title << ", written by Formwright. Needs PyTorch 2.5 or newer"
        << (options_.isServed ? " and transformers." : ".");
    if (portable_.isLimited())
      out << "\n\nFor texts of " << portable_.range()
          << " tokens: the model turns the queries and keys of others in another way.";
    if (!options_.isServed)
      out << "\n\n    model = " << classNames_[0] << "()\n"
          << "    model.load_state_dict(safetensors.torch.load_file(\"model.safetensors\"))\n";
    out << "\"\"\"\n\n";
    out << "from dataclasses import dataclass\n\nimport torch\nimport torch.nn.functional as F\nfrom torch import "
           "Tensor, nn\n";
    if (options_.isServed) out << "from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS\n";
    out << "\n\n@dataclass(frozen=True)\nclass Config:\n    \"\"\"Sizes of the model.\"\"\"\n\n";
    for (const auto& [name, value] : config_) out << "    " << name << ": int = " << value << "\n";
    out << "    parameters: int = " << count << "\n";
    std::set<std::string> wanted(used_.begin(), used_.end());
    for (const std::string& name : wanted) out << "\n" << torchFunctions().at(name);
    if (parameters_.usesClass()) out << parametersClass();
    for (const auto& [name, body] : classes_) out << "\n\nclass " << name << "(nn.Module):\n" << body;
    if (options_.isServed) return out.str();
    out << "\n\nif __name__ == \"__main__\":\n    config = Config()\n    model = " << classNames_[0]
        << "(config)\n    count = sum(parameter.numel() for parameter in model.parameters())\n"
        << "    assert count == config.parameters, count\n    print(f\"{count} parameters\")\n";
    return out.str();
  }

 private:
  static std::string parametersClass() {
    return R"(

class Parameters(nn.Module):
    """Weights under names of their own."""

    def __init__(self, **values: Tensor):
        super().__init__()
        for name, value in values.items():
            setattr(self, name, nn.Parameter(value))
)";
  }

  bool isList(int module) const {
    const Module& m = tree_.modules[size_t(module)];
    if (module == 0 || m.children.empty() || !m.parameters.empty() || m.steps.size() != m.children.size()) return false;
    for (size_t i = 0; i < m.children.size(); ++i)
      if (tree_.modules[size_t(m.children[i])].name != std::to_string(i)) return false;
    return true;
  }

  void addSizes(std::vector<std::string>& arguments, int child, UsedSizes& used) const {
    if (needs_[size_t(child)].batch) arguments.push_back("B");
    if (needs_[size_t(child)].time) arguments.push_back("T");
    if (needs_[size_t(child)].context) arguments.push_back("**kwargs");
    used.batch |= needs_[size_t(child)].batch;
    used.time |= needs_[size_t(child)].time;
    used.context |= needs_[size_t(child)].context;
  }

  TorchStatement callOf(TorchFunction& function, int child, const std::string& callee) {
    const Module& c = tree_.modules[size_t(child)];
    TorchStatement statement{.outputs = c.outputs, .inputs = c.inputs};
    statement.call = [this, &function, child, callee](std::vector<std::string> arguments) {
      addSizes(arguments, child, function.sizes);
      return callee + "(" + joined(arguments) + ")";
    };
    statement.hint = isPythonName(c.name) ? c.name : "x";
    return statement;
  }

  /// Whether the call of `next` takes what `one` gives and otherwise the same; `links` receives which output of `one`
  /// stands at each input (-1: the same value).
  bool follows(int one, int next, std::vector<int>& links) const {
    const Module &a = tree_.modules[size_t(one)], &b = tree_.modules[size_t(next)];
    if (a.inputs.size() != b.inputs.size() || a.outputs.size() != b.outputs.size() ||
        classNames_[size_t(one)].empty() || needs_[size_t(one)].batch != needs_[size_t(next)].batch ||
        needs_[size_t(one)].time != needs_[size_t(next)].time)
      return false;
    links.clear();
    std::set<ir::ValueRef> taken;
    for (size_t k = 0; k < a.inputs.size(); ++k) {
      const auto at = std::find(a.outputs.begin(), a.outputs.end(), b.inputs[k]);
      if (at != a.outputs.end()) {
        links.push_back(int(at - a.outputs.begin()));
        taken.insert(b.inputs[k]);
      } else if (a.inputs[k] == b.inputs[k]) {
        links.push_back(-1);
      } else {
        return false;
      }
    }
    if (taken.size() != a.outputs.size()) return false;
    // Nobody but the next reads what is handed on.
    for (const ir::ValueRef& value : a.outputs) {
      for (const int user : parameters_.users(value.node)) {
        const ir::Node& node = graph_.nodes[size_t(user)];
        const bool reads = std::find(node.inputs.begin(), node.inputs.end(), value) != node.inputs.end();
        if (reads && !tree_.isInside(tree_.moduleOf[size_t(user)], next) &&
            !tree_.isInside(tree_.moduleOf[size_t(user)], one))
          return false;
      }
      for (const ir::OutputInfo& output : graph_.outputs)
        if (output.value == value) return false;
    }
    return true;
  }

  void addListCalls(TorchFunction& function, int list, std::vector<TorchStatement>& statements) {
    const Module& m = tree_.modules[size_t(list)];
    const std::string callee = pythonMember(m.name);
    for (size_t i = 0; i < m.children.size();) {
      std::vector<int> links, first;
      size_t end = i + 1;
      while (end < m.children.size() && follows(m.children[end - 1], m.children[end], links) &&
             (first.empty() || links == first)) {
        first = links;
        ++end;
      }
      if (end - i < 2) {
        statements.push_back(callOf(function, m.children[i], callee + "[" + std::to_string(i) + "]"));
        ++i;
        continue;
      }
      const bool isWhole = i == 0 && end == m.children.size();
      const std::string range = isWhole ? ""
                                        : "[" + (i == 0 ? "" : std::to_string(i)) + ":" +
                                              (end == m.children.size() ? "" : std::to_string(end)) + "]";
      const Module &head = tree_.modules[size_t(m.children[i])], &tail = tree_.modules[size_t(m.children[end - 1])];
      TorchStatement loop{.outputs = tail.outputs, .inputs = head.inputs, .hint = "x"};
      const int child = m.children[i];
      loop.loopOver = callee + range;
      loop.links = first;
      loop.call = [this, &function, child](std::vector<std::string> arguments) {
        addSizes(arguments, child, function.sizes);
        return "layer(" + joined(arguments) + ")";
      };
      statements.push_back(std::move(loop));
      i = end;
    }
  }

  void writeModule(int index) {
    const Module& m = tree_.modules[size_t(index)];
    for (const int child : m.children) writeModule(child);
    if (isList(index)) {
      for (const int child : m.children) {
        needs_[size_t(index)].batch |= needs_[size_t(child)].batch;
        needs_[size_t(index)].time |= needs_[size_t(child)].time;
      }
      return;
    }
    const std::map<std::string, ParameterGroup> groups = parameters_.groupsOf(index);
    std::map<int, std::string> linears;  // by the node of the weight
    TorchFunction function(portable_, used_);
    function.isServed = options_.isServed;
    if (options_.isServed) function.reserved = {"cache", "interface", "masks"};
    // Parameters reached from here: its own and those of inner modules.
    for (const ir::ParameterInfo& info : graph_.parameters)
      if (tree_.isInside(tree_.ownerOf[size_t(info.node)], index))
        function.give({info.node, 0}, parameters_.textFrom(index, info));
    for (const auto& [prefix, group] : groups)
      if (group.isLinear) linears[group.leaves.at("weight")->node] = prefix;
    function.special = [&](int node, const std::function<std::string(ir::ValueRef)>& text) -> std::string {
      const ir::Node& call = graph_.nodes[size_t(node)];
      if (call.op->name != "matmul") return {};
      const auto at = linears.find(call.inputs[1].node);
      if (at == linears.end()) return {};
      std::string inner = pythonPath(at->second) + "(" + text(call.inputs[0]) + ")";
      const std::string activation = call.attrs.has("activation") ? call.attrs.text("activation") : "none";
      if (activation == "relu") return "F.relu(" + inner + ")";
      if (activation == "silu") return "F.silu(" + inner + ")";
      if (activation == "gelu") return "F.gelu(" + inner + ")";
      if (activation == "gelu_tanh") return "F.gelu(" + inner + ", approximate=\"tanh\")";
      if (activation == "squared_relu") return "F.relu(" + inner + ").square()";
      return inner;
    };
    function.hint = [&](int node) -> std::string {
      static const std::set<std::string> keeping = {"reshape", "transpose", "rotary", "rms_norm", "silu", "softplus"};
      int source = node;
      while (keeping.contains(graph_.nodes[size_t(source)].op->name))
        source = graph_.nodes[size_t(source)].inputs[0].node;
      const ir::Node& call = graph_.nodes[size_t(source)];
      if (call.op->name != "matmul") return {};
      const auto at = linears.find(call.inputs[1].node);
      if (at == linears.end() || at->second == "o" || at->second == "out") return {};
      return at->second.substr(at->second.rfind('.') + 1);
    };

    std::vector<std::string> arguments;
    std::set<std::string> argumentNames;
    for (const ir::ValueRef& value : m.inputs) {
      const ir::Node& node = graph_.nodes[size_t(value.node)];
      std::string wish = "x";
      if (node.op->name == "input") wish = node.attrs.text("name");
      if (node.op->name == "parameter") {
        wish = node.attrs.text("name");
        std::replace(wish.begin(), wish.end(), '.', '_');
        // Layers that share weights have one signature.
        const size_t last = node.attrs.text("name").rfind('.');
        const size_t before = last == std::string::npos ? last : node.attrs.text("name").rfind('.', last - 1);
        if (before != std::string::npos) wish = wish.substr(before + 1);
      }
      if (!isPythonName(wish)) wish = "x";
      std::string name = wish;
      for (int number = 2; !argumentNames.insert(name).second; ++number) name = wish + std::to_string(number);
      function.give(value, name);
      arguments.push_back(name);
    }

    std::vector<TorchStatement> statements;
    for (const ModuleStep& step : m.steps) {
      if (step.node >= 0) {
        statements.push_back({.outputs = readOutputs(graph_, step.node),
                              .inputs = graph_.nodes[size_t(step.node)].inputs,
                              .node = step.node});
      } else if (isList(step.child)) {
        addListCalls(function, step.child, statements);
      } else {
        statements.push_back(callOf(function, step.child, pythonMember(tree_.modules[size_t(step.child)].name)));
      }
    }
    std::vector<std::string> results;
    std::vector<std::string> lines = function.write(statements, m.outputs, results);

    // B and T from an argument's shape, or as further arguments.
    std::vector<std::string> head, signature = {"self"};
    for (const std::string& argument : arguments) signature.push_back(argument + ": Tensor");
    const auto define = [&](bool isBatch) {
      for (size_t i = 0; i < m.inputs.size(); ++i) {
        const SymbolicSizes dims = portable_.dims(m.inputs[i]);
        for (size_t axis = 0; axis < dims.size(); ++axis) {
          const SymbolicSize& d = dims[axis];
          const int64_t factor = isBatch ? d.batch : d.time;
          if (factor == 0 || d.both != 0 || (isBatch ? d.time : d.batch) != 0) continue;
          std::string text = arguments[i] + ".shape[" + std::to_string(axis) + "]";
          if (d.divisor != 1) text += " * " + std::to_string(d.divisor);
          if (d.constant != 0) text += (d.constant > 0 ? " - " : " + ") + std::to_string(std::abs(d.constant));
          if (factor != 1) text = (d.constant != 0 ? "(" + text + ")" : text) + " // " + std::to_string(factor);
          head.push_back(std::string(isBatch ? "B" : "T") + " = " + text);
          return;
        }
      }
      if (index == 0)
        throw Error(Code::Graph, text("[pytorch] no input tells the ", isBatch ? "batch" : "time", " of the model."));
      (isBatch ? needs_[size_t(index)].batch : needs_[size_t(index)].time) = true;
      signature.push_back(isBatch ? "B: int" : "T: int");
    };
    if (function.sizes.batch && mentions(lines, results, "B")) define(true);
    if (function.sizes.time && mentions(lines, results, "T")) define(false);
    if (head.size() == 2 && !arguments.empty() && head[0] == "B = " + arguments[0] + ".shape[0]" &&
        head[1] == "T = " + arguments[0] + ".shape[1]")
      head = {"B, T = " + arguments[0] + ".shape[:2]"};
    if (index == 0 && portable_.isLimited()) {
      if (!mentions(head, {}, "T")) define(false);
      const int64_t from = portable_.alikeFrom(), upTo = portable_.alikeUpTo();
      head.push_back(upTo == 0  ? text("if T < ", from, ":")
                     : from > 1 ? text("if not ", from, " <= T <= ", upTo, ":")
                                : text("if T > ", upTo, ":"));
      head.push_back("    raise ValueError(f\"a text of {T} tokens; expected " + portable_.range() + "\")");
    }
    if (function.sizes.interface) {
      head.push_back("cache, masks = kwargs.pop(\"past_key_values\", None), kwargs.pop(\"masks\", None)");
      head.push_back(
          "interface = ALL_ATTENTION_FUNCTIONS.get_interface(self.config._attn_implementation, eager_attention)");
    }
    lines.insert(lines.begin(), head.begin(), head.end());
    needs_[size_t(index)].context = function.sizes.context;
    if (function.sizes.context) signature.push_back("**kwargs");

    std::ostringstream body;
    body << "    \"\"\"" << documentation(index, arguments) << "\"\"\"\n\n";
    body << "    def __init__(self, config: Config" << (index == 0 ? " = Config()" : "")
         << "):\n        super().__init__()\n";
    for (const std::string& line : initLines(index, groups)) body << "        " << line << "\n";
    const std::string returns = m.outputs.size() == 1
                                    ? "Tensor"
                                    : "tuple[" + joined(std::vector<std::string>(m.outputs.size(), "Tensor")) + "]";
    body << "\n    def forward(" << joined(signature) << ") -> " << returns << ":\n";
    for (const std::string& line : lines) body << (line.empty() ? "" : "        ") << line << "\n";
    body << "        return " << joined(results) << "\n";
    classNames_[size_t(index)] = nameFor(index, body.str());
  }

  static bool mentions(const std::vector<std::string>& lines, const std::vector<std::string>& results,
                       const std::string& name) {
    const auto isPart = [](char c) { return std::isalnum(uint8_t(c)) || c == '_' || c == '.'; };
    const auto holds = [&](const std::string& line) {
      for (size_t at = line.find(name); at != std::string::npos; at = line.find(name, at + 1)) {
        const bool starts = at == 0 || !isPart(line[at - 1]), ends = at + 1 == line.size() || !isPart(line[at + 1]);
        if (starts && ends) return true;
      }
      return false;
    };
    return std::any_of(lines.begin(), lines.end(), holds) || std::any_of(results.begin(), results.end(), holds);
  }

  std::string nameFor(int index, const std::string& body) {
    for (const auto& [name, known] : classes_)
      if (known == body) return name;
    std::string base = wishFor(index), name = base;
    for (int number = 2; names_.contains(name); ++number) name = base + std::to_string(number);
    names_.insert(name);
    classes_.emplace_back(name, body);
    return name;
  }

  const Node* nodeOf(int index) const {
    const Module& m = tree_.modules[size_t(index)];
    return m.origin == 0 ? nullptr : findNode(architecture_, m.origin);
  }

  std::string wishFor(int index) const {
    const Module& m = tree_.modules[size_t(index)];
    if (index == 0 && !options_.root.empty()) return options_.root;
    if (index == 0) return pythonClass(architecture_.name.empty() ? "Model" : architecture_.name);
    if (isNumeric(m.name)) {
      std::string parent = tree_.modules[size_t(m.parent)].name;
      if (parent.size() > 1 && parent.back() == 's') parent.pop_back();
      return pythonClass(parent);
    }
    const Node* node = m.children.empty() ? nodeOf(index) : nullptr;
    if (!node) return pythonClass(m.name);
    const size_t dot = node->block.find('.');
    if (dot == std::string::npos) return pythonClass(node->block);
    const std::string category = node->block.substr(0, dot), kind = node->block.substr(dot + 1);
    return kind == category ? pythonClass(kind) : pythonClass(kind) + pythonClass(category);
  }

  std::string dimsText(ir::ValueRef value) {
    std::vector<std::string> parts;
    for (const SymbolicSize& size : portable_.dims(value)) parts.push_back(size.toString());
    return "[" + joined(parts) + "]";
  }

  std::string documentation(int index, const std::vector<std::string>& arguments) {
    const Module& m = tree_.modules[size_t(index)];
    std::string title = index == 0 ? (architecture_.name.empty() ? "The model" : architecture_.name) : "";
    if (const Node* node = m.children.empty() ? nodeOf(index) : nullptr)
      if (const BlockDef* block = catalog().find(node->block)) title = block->title;
    std::vector<std::string> given, made;
    for (size_t i = 0; i < m.inputs.size(); ++i) given.push_back(arguments[i] + " " + dimsText(m.inputs[i]));
    for (const ir::ValueRef& value : m.outputs) made.push_back(dimsText(value));
    if (index == 0)
      for (size_t i = 0; i < made.size(); ++i) made[i] = graph_.outputs[i].name + " " + made[i];
    const std::string shapes = joined(given) + " -> " + joined(made);
    return title.empty() ? shapes : title + ": " + shapes;
  }

  std::vector<std::string> initLines(int index, const std::map<std::string, ParameterGroup>& groups) {
    const Module& m = tree_.modules[size_t(index)];
    std::vector<std::string> lines = parameters_.initLines(groups);
    for (const int child : m.children) {
      const Module& c = tree_.modules[size_t(child)];
      if (!isList(child)) {
        lines.push_back(pythonMember(c.name) + " = " + classNames_[size_t(child)] + "(config)");
        continue;
      }
      lines.push_back(pythonMember(c.name) + " = nn.ModuleList(" + listText(child) + ")");
    }
    for (const ModuleStep& step : m.steps) {
      const ir::Node* node = options_.isServed && step.node >= 0 ? &graph_.nodes[size_t(step.node)] : nullptr;
      if (!node || node->op->name != "attention") continue;
      // What functions of attention ask of the module that calls them.
      const int64_t heads = graph_.type(node->inputs[0]).shape[2], keyHeads = graph_.type(node->inputs[1]).shape[2];
      lines.push_back("self.num_key_value_groups = " + std::to_string(heads / keyHeads));
      lines.push_back(std::string("self.is_causal = ") +
                      (node->attrs.integer("window_right", -1) == 0 ? "True" : "False"));
    }
    if (lines.empty()) lines.push_back("del config");
    return lines;
  }

  /// [Layer(config) for _ in range(config.layers)], or the classes of a repeated pattern.
  std::string listText(int list) {
    const Module& m = tree_.modules[size_t(list)];
    std::vector<std::string> names;
    for (const int child : m.children) names.push_back(classNames_[size_t(child)]);
    const size_t count = names.size();
    size_t period = 1;
    while (period < count) {
      bool isPeriod = count % period == 0;
      for (size_t i = period; i < count && isPeriod; ++i) isPeriod = names[i] == names[i - period];
      if (isPeriod) break;
      ++period;
    }
    const std::vector<std::string> unit(names.begin(), names.begin() + ptrdiff_t(period));
    if (period == count) {
      for (std::string& name : names) name += "(config)";
      return "[" + joined(names) + "]";
    }
    const std::string key = configName(m.name, int64_t(count / period));
    if (period == 1) return "[" + unit[0] + "(config) for _ in range(config." + key + ")]";
    return "[kind(config) for _ in range(config." + key + ") for kind in (" + joined(unit) + ")]";
  }

  std::string configName(const std::string& wish, int64_t value) {
    const std::string base = isPythonName(wish) ? wish : "layers";
    std::string name = base;
    for (int number = 2; config_.contains(name) && config_[name] != value; ++number)
      name = base + std::to_string(number);
    config_[name] = value;
    return name;
  }

  const Architecture& architecture_;
  const TorchOptions& options_;
  PortableGraph portable_;
  const ir::Graph& graph_;
  ModuleTree tree_;
  TorchParameters parameters_;
  std::vector<UsedSizes> needs_;
  std::vector<std::string> classNames_;
  std::vector<std::pair<std::string, std::string>> classes_;  // name and text, inner ones first
  std::set<std::string> names_, used_;
  std::map<std::string, int64_t> config_;
};

}  // namespace

std::string torchSource(const Architecture& architecture, const TorchOptions& options) {
  return TorchWriter(architecture, options).source();
}

}  // namespace fw
