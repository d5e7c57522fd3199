// Rotary frequencies stretched for long texts.
#include "engine/blocks/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/ops/rotary.h"

namespace fw {
namespace {

/// The index of the pair that makes `turns` turns over the original length.
double pairOfTurns(double turns, double base, int64_t dims, double length) {
  return double(dims) * std::log(length / (turns * 2 * std::numbers::pi)) / (2 * std::log(base));
}

}  // namespace

std::vector<double> scaledFrequencies(double base, int64_t dims, const RopeScaling& scaling) {
  std::vector<double> frequencies = ir::rotaryFrequencies(base, dims);
  if (scaling.kind == "linear")
    for (double& frequency : frequencies) frequency /= scaling.factor;
  if (scaling.kind == "llama3")
    for (double& frequency : frequencies) {
      const double turns = scaling.length * frequency / (2 * std::numbers::pi);
      const double kept = std::clamp((turns - scaling.low) / (scaling.high - scaling.low), 0.0, 1.0);
      frequency *= kept + (1 - kept) / scaling.factor;
    }
  if (scaling.kind == "yarn") {
    const double first = std::max(std::floor(pairOfTurns(scaling.high, base, dims, scaling.length)), 0.0);
    const double last = std::min(std::ceil(pairOfTurns(scaling.low, base, dims, scaling.length)), double(dims) - 1);
    const double span = last == first ? 0.001 : last - first;
    for (size_t i = 0; i < frequencies.size(); ++i) {
      const double stretched = std::clamp((double(i) - first) / span, 0.0, 1.0);
      frequencies[i] *= 1 - stretched + stretched / scaling.factor;
    }
  }
  return frequencies;
}

double ropeAttentionFactor(const RopeScaling& scaling) {
  if (scaling.kind != "yarn") return 1;
  if (scaling.attentionFactor > 0) return scaling.attentionFactor;
  return scaling.factor <= 1 ? 1 : 0.1 * std::log(scaling.factor) + 1;
}

}  // namespace fw
