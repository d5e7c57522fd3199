// A graph cut into the modules that its scopes name: what each computes, calls, takes and gives.
#pragma once

#include <string>
#include <vector>

#include "engine/ir/graph.h"

namespace fw {

/// One step of a module: a node of the graph, or a call of an inner module.
struct ModuleStep {
  int node = -1;
  int child = -1;  // index into ModuleTree::modules
};

struct Module {
  std::string path, name;  // "layers.3.attention", "attention"
  int parent = -1;
  int64_t origin = 0;  // document node
  std::vector<ModuleStep> steps;
  std::vector<int> children;  // in the order of the first step of each
  std::vector<ir::ValueRef> inputs, outputs;
  std::vector<int> parameters;  // of its own: indices into ir::Graph::parameters
};

struct ModuleTree {
  std::vector<Module> modules;  // the first is the whole model
  std::vector<int> moduleOf;    // by node; -1 for inputs, parameters and scalar constants
  std::vector<int> ownerOf;     // by node of a parameter: the module that holds it

  bool isInside(int module, int ancestor) const;
};

/// Inputs, parameters and scalar constants belong to nobody and are written where they are used.
bool isInlineConstant(const ir::Node& node);

/// Throws Code::Internal where the steps of a module do not lie together.
ModuleTree moduleTree(const ir::Graph& graph);

}  // namespace fw
