// Rotary frequencies stretched for long texts.
#include "engine/blocks/rope.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

#include "engine/base/error.h"
#include "engine/ops/rotary.h"

namespace fw {
namespace {

/// The index of the pair that makes `turns` turns over the original length.
double pairOfTurns(double turns, double base, int64_t dims, double length) {
  return double(dims) * std::log(length / (turns * 2 * std::numbers::pi)) / (2 * std::log(base));
}

/// The base that makes the wavelength of the slowest pair longer by `stretch` and leaves that of the fastest.
double raisedBase(double base, int64_t dims, double stretch) {
  return dims > 2 ? base * std::pow(stretch, double(dims) / double(dims - 2)) : base;
}

/// Grows with the length of the text.
double dynamicStretch(const RopeScaling& scaling) {
  const double longer = std::max(double(scaling.time), scaling.length) / scaling.length;
  return scaling.factor * longer - (scaling.factor - 1);
}

}  // namespace

std::vector<double> numbersOf(const std::string& list, const std::string& what) {
  std::vector<double> numbers;
  const char* at = list.data();
  const char* const end = at + list.size();
  while (at != end) {
    double number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc() || !std::isfinite(number) || (next != end && *next != ' '))
      throw Error(Code::Parameter, text(what, " is '", list.substr(0, 60), "'; expected numbers separated by spaces."));
    numbers.push_back(number);
    at = next == end ? end : next + 1;
  }
  return numbers;
}

std::vector<double> scaledFrequencies(double base, int64_t dims, const RopeScaling& scaling) {
  if (scaling.kind == "dynamic") base = raisedBase(base, dims, dynamicStretch(scaling));
  if (scaling.kind == "ntk") base = raisedBase(base, dims, scaling.factor);
  std::vector<double> frequencies = ir::rotaryFrequencies(base, dims);
  if (scaling.kind == "longrope") {
    const bool isLong = double(scaling.time) > scaling.length;
    const std::vector<double>& factors = isLong ? scaling.longFactors : scaling.shortFactors;
    const bool areAll = factors.size() == frequencies.size() &&
                        std::all_of(factors.begin(), factors.end(), [](double factor) { return factor > 0; });
    if (!areAll)
      throw Error(Code::Parameter, text("the ", isLong ? "long" : "short", " factors are ", factors.size(),
                                        " numbers; expected ", frequencies.size(), " above 0."));
    for (size_t i = 0; i < frequencies.size(); ++i) frequencies[i] /= factors[i];
  }
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
  if (scaling.kind != "yarn" && scaling.kind != "longrope") return 1;
  if (scaling.attentionFactor > 0) return scaling.attentionFactor;
  if (scaling.factor <= 1 || scaling.length <= 1) return 1;
  return scaling.kind == "yarn" ? 0.1 * std::log(scaling.factor) + 1
                                : std::sqrt(1 + std::log(scaling.factor) / std::log(scaling.length));
}

}  // namespace fw
