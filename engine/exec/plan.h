// A graph made ready to run: the order of steps, and where every result lives. Needs no device, allocates nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/ir/graph.h"

namespace fw::kernels {
struct Kernels;
}

namespace fw {

/// Where a result lives. Sources and outputs are slots bound to memory from outside; the rest lies in one arena.
struct Placement {
  enum class Where { None, Arena, Source, Output };
  Where where = Where::None;
  int64_t offset = 0;  // bytes, in the arena
  int slot = 0;        // of a source (inputs, then parameters) or an output
};

struct Plan;

struct Step {
  int node = 0;
  int64_t workspace = 0;  // offset in the arena
  int64_t workspaceBytes = 0;
  std::shared_ptr<const Plan> body;  // of scan; its arena lies in this step's workspace
  int64_t bodyArena = 0;             // offset in the arena
};

/// An output that could not be computed in place: copied after the last step.
struct OutputCopy {
  ir::ValueRef value;
  int slot = 0;
};

struct PlanOptions {
  int threads = 1;
  const kernels::Kernels* kernels = nullptr;  // of the device that the plan is for; null: the CPU's
  int64_t guardBytes = 0;                     // kept free around every arena buffer, for tests
  /// Planning throws Code::Memory "needs 41 GB, 24 GB free" above this many bytes; 0: no limit.
  int64_t memoryLimit = 0;
};

struct Plan {
  std::shared_ptr<const ir::Graph> graph;
  PlanOptions options;
  std::vector<Step> steps;
  std::vector<std::vector<Placement>> places;  // [node][output]
  std::vector<OutputCopy> copies;
  int64_t arenaBytes = 0;
  int64_t inputBytes = 0, parameterBytes = 0, outputBytes = 0;  // outputs with memory of their own

  /// Everything that is in memory at once.
  int64_t peakBytes() const { return arenaBytes + inputBytes + parameterBytes + outputBytes; }
  /// The source slot an output's memory is shared with, or -1.
  std::vector<int> outputSource;
};

/// Plans all nodes that outputs and probes need. Throws Code::Memory above the limit.
Plan makePlan(std::shared_ptr<const ir::Graph> graph, const PlanOptions& options = {});

}  // namespace fw
