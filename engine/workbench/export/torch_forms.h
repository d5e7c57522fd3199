// How each op is written in PyTorch.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/ir/graph.h"

namespace fw {

/// A piece of Python. `strength` says what it may stand beside without brackets.
struct TorchText {
  enum Strength { Loose, Sum, Product, Sign, Atom };
  std::string text;
  Strength strength = Atom;
  std::string at(Strength least) const { return strength >= least ? text : "(" + text + ")"; }
};

/// A call of an op that is being written.
struct TorchCall {
  const ir::Graph& graph;
  const ir::Node& node;
  std::vector<TorchText> operands;                                    // scalar constants as numbers
  std::function<std::vector<std::string>(const std::string&)> sizes;  // the integers of an attribute
  std::function<std::vector<std::string>(ir::ValueRef)> dims;         // of a value
  std::function<void(const std::string&)> use;                        // a function that the file must define
  int self = -1;                                                      // index of the node

  std::string arg(size_t i) const { return operands[i].text; }
  std::string atom(size_t i) const { return operands[i].at(TorchText::Atom); }
  const ir::TensorType& type(size_t i) const { return graph.type(node.inputs[i]); }
  bool isNumber(size_t i) const;
  /// The operand as a tensor, even where it is a number.
  std::string tensor(size_t i) const;
};

/// nullptr where there is none.
using TorchForm = TorchText (*)(const TorchCall&);
TorchForm findTorchForm(const std::string& op);

/// Whether this very call has a form.
bool hasTorchForm(const ir::Graph& graph, const ir::Node& node);

/// Functions that forms call, by name, with those that they call in turn.
const std::map<std::string, std::string>& torchFunctions();

/// A number that Python reads as exactly this; with a point or an exponent when it is a float.
std::string pythonNumber(double value, bool isFloat = true);
std::string torchType(DType dtype);
std::string joined(const std::vector<std::string>& parts, const std::string& separator = ", ");

}  // namespace fw
