// What each step of a plan computes and moves, independent of any device.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/exec/plan.h"
#include "engine/ir/op.h"

namespace fw {

/// One step of a plan: op, place, and the figures that its time depends on.
struct StepCost {
  int step = 0;        // index into Plan::steps
  std::string op;      // "matmul"
  std::string kind;    // the op and the flags and words of its call: "matmul activation=gelu transpose_b"
  std::string scope;   // module path
  int64_t origin = 0;  // document node
  Cost cost;
  double weightBytes = 0;           // of the bytes read: parameters
  int64_t columns = 1, rows = 1;    // the last two sizes of the first result
  double footprint = 0;             // bytes that the whole run touches
  int64_t repeats = 1;              // of `body`
  std::vector<StepCost> body = {};  // of a scan
  double bytes() const { return cost.bytesRead + cost.bytesWritten; }
  /// FLOPs a byte.
  double intensity() const { return bytes() > 0 ? cost.flops / bytes() : 0; }
};

/// What one node computes and moves; nothing for sources and views.
Cost nodeCost(const ir::Graph& graph, const ir::Node& node);

/// All steps that a device runs, in their order; views are left out.
std::vector<StepCost> stepCosts(const Plan& plan);

/// The part of a model that a module path lies in: "layers.3" of "layers.3.attention.q", else the first name.
std::string partOf(const std::string& scope);

/// Picojoules of the arithmetic in f32 at 45 nm (Horowitz, Computing's energy problem, 2014): 3.7 for a multiplication,
/// 0.9 for an addition; what is neither counts as an addition. Counted operations, no joules of a device.
double energyPicojoules(const Cost& cost);

}  // namespace fw
