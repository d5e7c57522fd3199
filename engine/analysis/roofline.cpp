// Roofline: every step of a model under the roofs of a device, attainable = min(peak, intensity x bandwidth).
// (Williams, Waterman, Patterson, Roofline: an insightful visual performance model, 2009.)
#include <algorithm>
#include <cmath>
#include <map>

#include "engine/analysis/analysis.h"
#include "engine/analysis/cost/cost_params.h"
#include "engine/analysis/cost/planned_model.h"
#include "engine/base/error.h"

namespace fw {
namespace {

constexpr size_t kMostRows = 40;

/// Equal steps of one op in one place, together.
struct Group {
  std::string op, scope;
  int64_t origin = 0, count = 0;
  double flops = 0, bytes = 0, weightBytes = 0, roof = 0, predicted = 0, measured = 0;
  Bound bound = Bound::Memory;
};

std::vector<Group> groupsOf(const PlannedModel& model) {
  std::map<std::pair<std::string, std::string>, size_t> index;
  std::vector<Group> groups;
  for (const StepCost& step : model.steps()) {
    const auto [at, isNew] = index.try_emplace({step.op, step.scope}, groups.size());
    if (isNew) groups.push_back({.op = step.op, .scope = step.scope, .origin = step.origin});
    Group& group = groups[at->second];
    ++group.count;
    group.flops += step.cost.flops;
    group.bytes += model.device.bytes(step);
    group.weightBytes += step.weightBytes * model.device.valueBytes() / 4;
    group.roof += model.device.roofSeconds(step);
    group.predicted += model.device.seconds(step);
    group.bound = model.device.bound(step);
    if (!model.stepSeconds.empty()) group.measured += model.stepSeconds[size_t(step.step)];
  }
  return groups;
}

/// The roofs from the least to the largest intensity of the steps.
Scatter::Line roofLine(const Roofs& roofs, double least, double most) {
  Scatter::Line line{.name = "roof"};
  const double ridge = roofs.ridge();
  for (const double x : {std::min(least, ridge / 4), ridge, std::max(most, ridge * 4)}) {
    line.x.push_back(x);
    line.y.push_back(std::min(roofs.peak, x * roofs.bandwidth) / 1e9);
  }
  return line;
}

AnalysisResult ofPlan(const PlannedModel& model, const Params&) {
  std::vector<Group> groups = groupsOf(model);
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.predicted > b.predicted; });
  Scatter roofline{.name = "roofline",
                   .title = "Roofline",
                   .xTitle = "intensity [FLOP/byte]",
                   .yTitle = "rate [GFLOP/s]",
                   .isLogX = true,
                   .isLogY = true};
  double total = 0, byMemory = 0, least = INFINITY, most = 0;
  for (const Group& group : groups) {
    total += group.predicted;
    if (group.bound == Bound::Memory) byMemory += group.predicted;
    if (group.flops <= 0 || group.bytes <= 0) continue;
    const double seconds = group.measured > 0 ? group.measured : group.predicted;
    least = std::min(least, group.flops / group.bytes);
    most = std::max(most, group.flops / group.bytes);
    roofline.points.push_back({.label = group.op + (group.scope.empty() ? "" : " of " + group.scope),
                               .group = group.op,
                               .x = group.flops / group.bytes,
                               .y = group.flops / seconds / 1e9,
                               .origin = group.origin});
  }
  if (most > 0) roofline.lines.push_back(roofLine(model.device.roofs(), least, most));

  Matrix table{.name = "steps",
               .title = "What each op computes, moves and takes",
               .rowTitle = "op",
               .columnTitle = "figure",
               .columns = {"calls", "GFLOP", "MB moved", "MB of weights", "FLOP/byte", "roof [ms]", "predicted [ms]",
                           "measured [ms]"}};
  for (const Group& group : groups) {
    table.rows.push_back(group.op + (group.scope.empty() ? "" : " of " + group.scope));
    for (const double value : {double(group.count), group.flops / 1e9, group.bytes / 1e6, group.weightBytes / 1e6,
                               group.bytes > 0 ? group.flops / group.bytes : NAN, group.roof * 1e3,
                               group.predicted * 1e3, model.stepSeconds.empty() ? NAN : group.measured * 1e3})
      table.values.push_back(value);
  }
  Series slowest{.name = "slowest", .title = "Time by op and place", .unit = "ms"};
  for (size_t i = 0; i < std::min(groups.size(), kMostRows); ++i) {
    slowest.labels.push_back(table.rows[i]);
    slowest.values.push_back(groups[i].predicted * 1e3);
    slowest.origins.push_back(groups[i].origin);
    slowest.layers.push_back(-1);
  }
  AnalysisResult result;
  result.scatters = {std::move(roofline)};
  result.series = {std::move(slowest)};
  result.matrices = {std::move(table)};
  const Roofs& roofs = model.device.roofs();
  result.recipe = text(model.recipe(), "; roofs ", std::lround(roofs.peak / 1e9), " GFLOP/s and ",
                       std::lround(roofs.bandwidth / 1e9), " GB/s; ",
                       total > 0 ? std::lround(100 * byMemory / total) : 0, " % of the time is bound by memory");
  if (model.device.isMeasured())
    result.recipe += "; the slope is main memory: what a cache holds may lie above it";
  else
    result.warnings.push_back("A data sheet gives the least time: every kernel at the roof, no launches.");
  return result;
}

}  // namespace

AnalysisDef analysis_roofline() {
  return {.id = "roofline",
          .title = "Roofline",
          .help = "Every op under the roofs of a device: what it computes for each byte that it moves, and how fast.",
          .paper = "Williams, Waterman and Patterson, Roofline, 2009",
          .params = costParams(),
          .needs = "an op",
          .ofPlan = ofPlan};
}

}  // namespace fw
