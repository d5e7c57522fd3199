// The parameters of modules in PyTorch: linear maps, weights under names of their own, and how each is reached.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/workbench/export/modules.h"

namespace fw {

/// Parameters of a module that share the first part of their name: {"q": {"weight", "bias"}}.
struct ParameterGroup {
  std::map<std::string, const ir::ParameterInfo*> leaves;
  bool isLinear = false;
};

class TorchParameters {
 public:
  TorchParameters(const ir::Graph& graph, const ModuleTree& tree);

  std::map<std::string, ParameterGroup> groupsOf(int module) const;
  /// How a parameter is reached from `module`, which its owner lies in or below.
  std::string textFrom(int module, const ir::ParameterInfo& info) const;
  /// The statements of __init__ that make the groups.
  std::vector<std::string> initLines(const std::map<std::string, ParameterGroup>& groups);
  /// Nodes that read a node.
  const std::vector<int>& users(int node) const { return users_[size_t(node)]; }
  /// Whether a statement names the class Parameters.
  bool usesClass() const { return usesClass_; }

 private:
  std::string localName(int module, const ir::ParameterInfo& info) const;
  bool isLinearCall(int index, int weight, int bias) const;
  std::string constructorOf(const ParameterGroup& group);

  const ir::Graph& graph_;
  const ModuleTree& tree_;
  std::vector<std::vector<int>> users_;
  bool usesClass_ = false;
};

}  // namespace fw
