// The parameters of modules in PyTorch.
#include "engine/workbench/export/torch_parameters.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "engine/ir/op.h"
#include "engine/workbench/export/torch_forms.h"
#include "engine/workbench/export/torch_names.h"
#include "engine/workbench/export/torch_start.h"

namespace fw {
namespace {

/// nn.ModuleList and nn.ModuleDict around what lies at the paths that begin with `front`.
std::string nested(const std::map<std::string, std::string>& made, const std::string& front) {
  std::vector<std::string> names;
  for (const auto& [path, text] : made)
    if (path.starts_with(front)) {
      const std::string name = path.substr(front.size(), path.find('.', front.size()) - front.size());
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  const bool isList = std::all_of(names.begin(), names.end(), isNumeric);
  if (isList)
    std::sort(names.begin(), names.end(),
              [](const std::string& a, const std::string& b) { return std::stoll(a) < std::stoll(b); });
  std::vector<std::string> parts;
  for (const std::string& name : names) {
    const auto at = made.find(front + name);
    const std::string text = at != made.end() ? at->second : nested(made, front + name + ".");
    parts.push_back(isList ? text : "\"" + name + "\": " + text);
  }
  return isList ? "nn.ModuleList([" + joined(parts) + "])" : "nn.ModuleDict({" + joined(parts) + "})";
}

}  // namespace

TorchParameters::TorchParameters(const ir::Graph& graph, const ModuleTree& tree) : graph_(graph), tree_(tree) {
  users_.resize(graph_.nodes.size());
  for (int i = 0; i < int(graph_.nodes.size()); ++i)
    for (const ir::ValueRef& value : graph_.nodes[size_t(i)].inputs) users_[size_t(value.node)].push_back(i);
}

std::string TorchParameters::localName(int module, const ir::ParameterInfo& info) const {
  const std::string& path = tree_.modules[size_t(module)].path;
  return path.empty() ? info.name : info.name.substr(path.size() + 1);
}

std::map<std::string, ParameterGroup> TorchParameters::groupsOf(int module) const {
  std::map<std::string, ParameterGroup> groups;
  for (const int p : tree_.modules[size_t(module)].parameters) {
    const ir::ParameterInfo& info = graph_.parameters[size_t(p)];
    const std::string local = localName(module, info);
    const size_t dot = local.rfind('.');
    groups[dot == std::string::npos ? "" : local.substr(0, dot)]
        .leaves[dot == std::string::npos ? local : local.substr(dot + 1)] = &info;
  }
  for (auto& [prefix, group] : groups) {
    const auto weight = group.leaves.find("weight"), bias = group.leaves.find("bias");
    if (prefix.empty() || weight == group.leaves.end() || group.leaves.size() > 2) continue;
    if (group.leaves.size() == 2 && bias == group.leaves.end()) continue;
    const int biasNode = bias == group.leaves.end() ? -1 : bias->second->node;
    group.isLinear = !users_[size_t(weight->second->node)].empty();
    for (const int user : users_[size_t(weight->second->node)])
      group.isLinear &= tree_.moduleOf[size_t(user)] == module && isLinearCall(user, weight->second->node, biasNode);
    if (biasNode >= 0)
      for (const int user : users_[size_t(biasNode)])
        group.isLinear &= isLinearCall(user, weight->second->node, biasNode);
  }
  return groups;
}

bool TorchParameters::isLinearCall(int index, int weight, int bias) const {
  const ir::Node& node = graph_.nodes[size_t(index)];
  if (node.op->name != "matmul" || node.inputs[1].node != weight || node.inputs[0].node == weight) return false;
  const ir::Attrs& attrs = node.attrs;
  if (attrs.flag("transpose_a", false) || !attrs.flag("transpose_b", false) || attrs.flag("accumulate", false) ||
      graph_.type(node.inputs[1]).shape.rank() != 2)
    return false;
  return bias < 0 ? node.inputs.size() == 2 : node.inputs.size() == 3 && node.inputs[2].node == bias;
}

std::string TorchParameters::textFrom(int module, const ir::ParameterInfo& info) const {
  const std::string local = localName(module, info);
  const int owner = tree_.ownerOf[size_t(info.node)];
  const std::string own = localName(owner, info);
  const size_t leaf = own.rfind('.');
  if (leaf != std::string::npos && own.find('.') != leaf)
    return owner == module ? pythonPath(own.substr(0, leaf)) + own.substr(leaf)
                           : "self.get_parameter(\"" + local + "\")";
  std::string out = "self";
  std::istringstream words(local);
  bool isPlain = true;
  for (std::string word; std::getline(words, word, '.');) {
    if (isNumeric(word))
      out += "[" + word + "]";
    else
      out += "." + word;
    isPlain &= isNumeric(word) || isPlainMember(word);
  }
  return isPlain ? out : "self.get_parameter(\"" + local + "\")";
}

std::string TorchParameters::constructorOf(const ParameterGroup& group) {
  if (group.isLinear) {
    const Shape& shape = graph_.type({group.leaves.at("weight")->node, 0}).shape;
    return "nn.Linear(" + std::to_string(shape[1]) + ", " + std::to_string(shape[0]) +
           (group.leaves.size() == 1 ? ", bias=False)" : ")");
  }
  usesClass_ = true;
  std::vector<std::string> values;
  for (const auto& [leaf, info] : group.leaves) {
    const std::string start = torchStart(graph_, *info);
    values.push_back(leaf + "=" + start.substr(0, start.find("  #")));
  }
  return "Parameters(" + joined(values) + ")";
}

std::vector<std::string> TorchParameters::initLines(const std::map<std::string, ParameterGroup>& groups) {
  std::vector<std::string> lines, after;
  std::map<std::string, std::string> deep;  // what is made at each path that lies deeper than the block
  for (const auto& [prefix, group] : groups) {
    if (prefix.empty()) {
      for (const auto& [leaf, info] : group.leaves) {
        const std::string start = torchStart(graph_, *info);
        const size_t comment = start.find("  #");
        lines.push_back("self." + leaf + " = nn.Parameter(" + start.substr(0, comment) + ")" +
                        (comment == std::string::npos ? "" : start.substr(comment)));
      }
      continue;
    }
    const bool isDeep = prefix.find('.') != std::string::npos;
    const std::string target = pythonPath(prefix);
    if (isDeep)
      deep[prefix] = constructorOf(group);
    else
      lines.push_back(target + " = " + constructorOf(group));
    if (!group.isLinear) continue;
    for (const auto& [leaf, info] : group.leaves)
      (isDeep ? after : lines).push_back(torchStartLine(graph_, target + "." + leaf, *info));
  }
  std::set<std::string> roots;
  for (const auto& [prefix, made] : deep) {
    const std::string root = prefix.substr(0, prefix.find('.'));
    if (roots.insert(root).second) lines.push_back(pythonMember(root) + " = " + nested(deep, root + "."));
  }
  lines.insert(lines.end(), after.begin(), after.end());
  return lines;
}

}  // namespace fw
