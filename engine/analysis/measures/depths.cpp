// The residual stream at every depth of a stack, as an analysis finds it among its probes.
#include "engine/analysis/measures/depths.h"

namespace fw {

bool isDepth(const ir::ProbeInfo& probe) { return probe.kind == "layer.in" || probe.kind == "layer.out"; }

Depths::Depths(const Recording& recording) {
  for (size_t i = 0; i < recording.probes.size(); ++i) {
    const ir::ProbeInfo& probe = recording.probes[i];
    if (!isDepth(probe) || (probe.kind == "layer.in" && !probes.empty())) continue;
    const Shape& shape = recording.values[i].shape;
    if (shape.rank() != 3) continue;
    if (!probes.empty() && !(shape.without(-1) == recording.values[probes.front()].shape.without(-1))) continue;
    probes.push_back(i);
    labels.push_back(probe.kind == "layer.in" ? "in" : probe.name.substr(0, probe.name.rfind(':')));
  }
}

std::vector<float> pickRows(const Tensor& value, int64_t samples) {
  const int64_t width = value.shape[-1], rows = value.count() / width;
  std::vector<float> picked;
  picked.reserve(size_t(samples * width));
  for (int64_t s = 0; s < samples; ++s) {
    const float* row = value.data() + s * rows / samples * width;
    picked.insert(picked.end(), row, row + width);
  }
  return picked;
}

}  // namespace fw
