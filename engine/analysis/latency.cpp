// Latency: predicted from the device's roofs and measured kernels, against what was measured, by part of the model and
// by op, with the error.
#include <cmath>
#include <map>

#include "engine/analysis/analysis.h"
#include "engine/analysis/cost/cost_params.h"
#include "engine/analysis/cost/planned_model.h"
#include "engine/base/error.h"

namespace fw {
namespace {

struct Times {
  double predicted = 0, measured = 0;
};

/// Sums by a name of each step, in the order of first use.
template <class Name>
std::vector<std::pair<std::string, Times>> summed(const PlannedModel& model, const Name& nameOf) {
  std::map<std::string, size_t> index;
  std::vector<std::pair<std::string, Times>> sums;
  for (const StepCost& step : model.steps()) {
    const std::string name = nameOf(step);
    const auto [at, isNew] = index.try_emplace(name, sums.size());
    if (isNew) sums.push_back({name, {}});
    Times& times = sums[at->second].second;
    times.predicted += model.device.seconds(step);
    if (!model.stepSeconds.empty()) times.measured += model.stepSeconds[size_t(step.step)];
  }
  return sums;
}

Curves bars(const std::string& name, const std::string& title, const std::string& axis,
            const std::vector<std::pair<std::string, Times>>& sums, bool isMeasured) {
  Curves curves{.name = name, .title = title, .unit = "ms", .xTitle = axis, .isBars = true};
  curves.lines.push_back({.name = "predicted"});
  if (isMeasured) curves.lines.push_back({.name = "measured"});
  for (const auto& [label, times] : sums) {
    curves.labels.push_back(label.empty() ? "model" : label);
    curves.lines[0].values.push_back(times.predicted * 1e3);
    if (isMeasured) curves.lines[1].values.push_back(times.measured * 1e3);
  }
  return curves;
}

AnalysisResult ofPlan(const PlannedModel& model, const Params&) {
  const bool isMeasured = !model.stepSeconds.empty();
  const double predicted = model.device.runSeconds(model.steps(), model.trainedTokens());
  AnalysisResult result;
  result.curves = {
      bars("parts", "Time by layer", "layer", summed(model, [](const StepCost& step) { return partOf(step.scope); }),
           isMeasured),
      bars("ops", "Time by op", "op", summed(model, [](const StepCost& step) { return step.op; }), isMeasured)};
  Series whole{.name = "latency", .title = "Whole pass", .unit = "ms"};
  const auto add = [&](const std::string& label, double value) {
    whole.labels.push_back(label);
    whole.values.push_back(value);
    whole.origins.push_back(0);
    whole.layers.push_back(-1);
  };
  add("predicted", predicted * 1e3);
  result.recipe = text(model.recipe(), "; predicted ", predicted * 1e3, " ms");
  if (isMeasured) {
    add("measured", model.seconds * 1e3);
    const double error = model.seconds > 0 ? predicted / model.seconds - 1 : NAN;
    result.recipe +=
        text(", measured ", model.seconds * 1e3, " ms, error ", error > 0 ? "+" : "", std::lround(error * 100), " %");
  }
  result.series = {std::move(whole)};
  if (!model.device.isMeasured())
    result.warnings.push_back("A data sheet gives the least time: every kernel at the roof, no launches.");
  return result;
}

}  // namespace

AnalysisDef analysis_latency() {
  return {.id = "latency",
          .title = "Latency",
          .help = "Predicted against measured time of a pass, by layer and by op.",
          .params = costParams(),
          .needs = "an op",
          .ofPlan = ofPlan,
          .needsTiming = true};
}

}  // namespace fw
