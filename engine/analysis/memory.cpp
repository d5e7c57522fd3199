// Memory: what is live at each step of the plan, and what holds most at the peak.
#include <algorithm>

#include "engine/analysis/analysis.h"
#include "engine/analysis/cost/cost_params.h"
#include "engine/analysis/cost/memory_timeline.h"
#include "engine/analysis/cost/planned_model.h"
#include "engine/base/error.h"
#include "engine/base/tensor.h"

namespace fw {
namespace {

constexpr size_t kMostHolders = 30;

AnalysisResult ofPlan(const PlannedModel& model, const Params&) {
  const MemoryTimeline timeline = memoryTimeline(*model.plan);
  const ir::Graph& graph = *model.plan->graph;
  const double fixed = double(timeline.parameterBytes + timeline.inputBytes + timeline.outputBytes);
  Curves live{.name = "live", .title = "Memory in use", .unit = "MB", .xTitle = "step"};
  live.lines = {{.name = "activations"}, {.name = "with weights, inputs and outputs"}, {.name = "peak"}};
  for (size_t s = 0; s < timeline.live.size(); ++s) {
    const ir::Node& node = graph.nodes[size_t(model.plan->steps[s].node)];
    live.labels.push_back(text(s, " ", node.op->name, " ", graph.scopes[size_t(node.scope)]));
    live.lines[0].values.push_back(double(timeline.live[s]) / 1e6);
    live.lines[1].values.push_back((double(timeline.live[s]) + fixed) / 1e6);
    live.lines[2].values.push_back((double(timeline.peakLive()) + fixed) / 1e6);
  }
  std::vector<const LiveRange*> holders;
  for (const LiveRange& range : timeline.ranges)
    if (range.first <= timeline.peakStep && timeline.peakStep <= range.last && range.bytes > 0)
      holders.push_back(&range);
  std::stable_sort(holders.begin(), holders.end(),
                   [](const LiveRange* a, const LiveRange* b) { return a->bytes > b->bytes; });
  Series held{.name = "held_at_peak", .title = "What holds memory at the peak", .unit = "MB"};
  for (size_t i = 0; i < std::min(holders.size(), kMostHolders); ++i) {
    held.labels.push_back(holders[i]->label);
    held.values.push_back(double(holders[i]->bytes) / 1e6);
    held.origins.push_back(holders[i]->origin);
    held.layers.push_back(-1);
  }
  AnalysisResult result;
  result.curves = {std::move(live)};
  result.series = {std::move(held)};
  const std::string peak = timeline.live.empty() ? "none" : result.curves[0].labels[size_t(timeline.peakStep)];
  result.recipe = text(model.recipe(), "; peak ", formatBytes(double(timeline.peakLive())), " of activations at step ",
                       peak, ", arena ", formatBytes(double(timeline.arenaBytes)), ", weights ",
                       formatBytes(double(timeline.parameterBytes)));
  return result;
}

}  // namespace

AnalysisDef analysis_memory() {
  return {.id = "memory",
          .title = "Memory",
          .help = "Bytes in use at each step of the plan, where most is, and which results hold it there.",
          .params = costParams(),
          .needs = "an op",
          .ofPlan = ofPlan};
}

}  // namespace fw
