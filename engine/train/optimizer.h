// What an optimiser is: the state it keeps for each parameter and one step, as graph. One file each in
// engine/train/optimizers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/arch/block.h"
#include "engine/ir/builder.h"

namespace fw {

struct OptimizerState {
  std::string name;  // "m"
  ir::TensorType type;
};

/// One step for one parameter. `next` and `nextStates` are the answer.
struct OptimizerCall {
  ir::Builder& builder;
  const ir::ParameterInfo& info;
  const Params& params;  // complete
  ir::Value parameter, gradient;
  ir::Value learningRate;  // f32 scalar, schedule applied
  ir::Value step;          // i64 scalar, 1 in the first step
  ir::Value clip;          // f32 scalar that multiplies the gradient; not finite: the step leaves everything as it is
  std::map<std::string, ir::Value> states;
  ir::Value next;
  std::map<std::string, ir::Value> nextStates;

  double real(const std::string& name) const { return std::get<double>(params.at(name)); }
  bool flag(const std::string& name) const { return std::get<bool>(params.at(name)); }
};

struct OptimizerDef {
  std::string id;     // "adamw"
  std::string title;  // "AdamW"
  std::string help;
  std::string paper;
  double learningRate = 1e-3;  // a good start
  std::vector<ParamDef> params;
  /// States start at zero.
  std::vector<OptimizerState> (*states)(const ir::ParameterInfo& info, const ir::TensorType& type,
                                        const Params& params) = nullptr;
  void (*update)(OptimizerCall& call) = nullptr;
};

/// Every optimiser (generated).
const std::vector<OptimizerDef>& allOptimizers();

/// Throws Code::Usage that lists the optimisers.
const OptimizerDef& findOptimizer(const std::string& id);

}  // namespace fw
