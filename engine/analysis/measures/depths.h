// The residual stream at every depth of a stack, as an analysis finds it among its probes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/analysis/analysis.h"

namespace fw {

/// Whether a probe is the stream before or after a layer.
bool isDepth(const ir::ProbeInfo& probe);

/// Depth 0 is the stream before the first layer; after that each layer's result is a depth.
struct Depths {
  /// Those of rank 3, [B,T,D], that have the first one's batch and time: depths are compared sample by sample.
  explicit Depths(const Recording& recording);
  size_t count() const { return probes.size(); }

  std::vector<size_t> probes;       // index in the recording
  std::vector<std::string> labels;  // "in", "layers.0", ...
};

/// Rows `samples` of [rows, width], spread evenly.
std::vector<float> pickRows(const Tensor& value, int64_t samples);

}  // namespace fw
