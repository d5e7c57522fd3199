// How an elementwise op is defined: its function, and what differs from the rules that all of them share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/ir/op.h"
#include "kernels/integers.h"
#include "kernels/tiles.h"

namespace fw {

enum class ElementwiseRule {
  Float,       // floats of one dtype, which the result has
  Number,      // floats or integers of one dtype, which the result has
  Comparison,  // values of one dtype; the result is bool
  Logic,       // bool to bool
};

struct ElementwiseDef {
  std::string name;
  std::string help;
  ElementwiseRule rule = ElementwiseRule::Float;
  int arity = 1;
  kernels::Tile tile = nullptr;
  std::optional<kernels::IntegerFunction> integers = {};  // for the rules that take integers
  double flops = 1;                                       // of one element of the result

  std::function<Grads(const VjpCall&)> vjp = nullptr;
  std::function<std::vector<ir::Value>(const DecomposeCall&)> decompose = nullptr;
  std::function<std::vector<float>(const ir::Attrs&)> constants = nullptr;
  bool hasGradient = true;

  double low = -2, high = 2;      // of the examples' values
  std::vector<double> away = {};  // these instead, where the function has kinks to keep away from
  ir::Attrs attrs = {};           // of the examples
  bool isSmooth = true;
};

/// The whole op. Inputs broadcast with each other (NumPy rules). Examples: a matrix, a vector, a scalar, broadcast
/// pairs, and integers where the op takes them.
OpDef elementwise(ElementwiseDef def);

/// Runs one tile over the inputs of a call, broadcast to output 0.
void runTile(const KernelCall& call, kernels::Tile tile, const std::vector<float>& constants = {});

/// Runs a function of integers over the inputs of a call, broadcast to output 0.
void runIntegers(const KernelCall& call, kernels::IntegerFunction function);

}  // namespace fw
