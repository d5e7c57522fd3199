// What is in memory at each step of a plan: the arena's buffers over their lives.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/exec/plan.h"

namespace fw {

/// Memory that a result (or a step's workspace) holds from step `first` to step `last`.
struct LiveRange {
  std::string label;   // "matmul of layers.0.attention"
  int64_t origin = 0;  // document node
  int64_t offset = 0, bytes = 0;
  int first = 0, last = 0;  // steps, both in use
  int step = 0;             // that writes it first
};

struct MemoryTimeline {
  std::vector<LiveRange> ranges;
  std::vector<int64_t> live;  // bytes of the arena in use at each step
  int peakStep = 0;           // the first at which most is live
  int64_t arenaBytes = 0, parameterBytes = 0, inputBytes = 0, outputBytes = 0;
  int64_t peakLive() const { return live.empty() ? 0 : live[size_t(peakStep)]; }
};

/// Results that share memory in place are one range, which bears the name of the first.
MemoryTimeline memoryTimeline(const Plan& plan);

}  // namespace fw
