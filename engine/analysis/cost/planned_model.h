// What the analyses of cost look at: a model planned for a phase, and trained models with their figures.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/analysis/cost/latency_model.h"

namespace fw {

struct PlannedModel {
  std::string name;
  std::string mode;  // "prefill", "decode", "train"
  int64_t batch = 1, time = 128;
  std::shared_ptr<const Plan> plan;
  LatencyModel device;
  std::vector<double> stepSeconds = {};  // measured, of each step of the plan; empty: not measured
  double seconds = 0;                    // measured, of the whole
  std::vector<StepCost> steps() const { return stepCosts(*plan); }
  /// Tokens of a training step; 0 in other phases.
  double trainedTokens() const { return mode == "train" ? double(batch * time) : 0; }
  /// "prefill of 1 x 128 tokens; H100, 16 bits (NVIDIA data sheet)".
  std::string recipe() const;
};

/// A trained model: what it achieves, and what it costs.
struct RunFigures {
  std::string name;
  std::string folder;
  std::string task;
  double accuracy = 0;  // on held-out data, 0 to 1; NaN: not measured
  double loss = 0;
  double seconds = 0;  // a pass of `batch` x `time` tokens, predicted
  double parameters = 0, flops = 0, picojoules = 0;
};

}  // namespace fw
