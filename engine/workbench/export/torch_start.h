// Starting values of parameters in PyTorch.
#pragma once

#include <string>

#include "engine/ir/graph.h"

namespace fw {

/// A tensor with the starting values of a parameter of `model`, as an expression; a comment may follow it.
std::string torchStart(const ir::Graph& model, const ir::ParameterInfo& info);

/// A statement that gives them to the parameter `target` of a module.
std::string torchStartLine(const ir::Graph& model, const std::string& target, const ir::ParameterInfo& info);

}  // namespace fw
