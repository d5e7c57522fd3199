// What is in memory at each step of a plan.
#include "engine/analysis/cost/memory_timeline.h"

#include <algorithm>
#include <map>

#include "engine/base/error.h"
#include "engine/ir/op.h"

namespace fw {
namespace {

/// The value whose memory a chain of views shows.
ir::ValueRef rootOf(const ir::Graph& graph, ir::ValueRef ref) {
  while (ref.output == 0 && graph.nodes[size_t(ref.node)].op->isView) ref = graph.nodes[size_t(ref.node)].inputs[0];
  return ref;
}

std::string labelOf(const ir::Graph& graph, const ir::Node& node) {
  const std::string& scope = graph.scopes[size_t(node.scope)];
  return node.op->name + (scope.empty() ? "" : " of " + scope);
}

}  // namespace

MemoryTimeline memoryTimeline(const Plan& plan) {
  const ir::Graph& graph = *plan.graph;
  MemoryTimeline timeline{.arenaBytes = plan.arenaBytes,
                          .parameterBytes = plan.parameterBytes,
                          .inputBytes = plan.inputBytes,
                          .outputBytes = plan.outputBytes};
  std::map<ir::ValueRef, int> lastRead;
  for (size_t s = 0; s < plan.steps.size(); ++s)
    for (const ir::ValueRef& input : graph.nodes[size_t(plan.steps[s].node)].inputs)
      lastRead[rootOf(graph, input)] = int(s);
  const int end = int(plan.steps.size()) - 1;
  for (const OutputCopy& copy : plan.copies) lastRead[rootOf(graph, copy.value)] = end;

  std::map<ir::ValueRef, size_t> rangeOf;
  for (size_t s = 0; s < plan.steps.size(); ++s) {
    const Step& step = plan.steps[s];
    const ir::Node& node = graph.nodes[size_t(step.node)];
    if (node.op->isView) continue;
    for (size_t o = 0; o < node.types.size(); ++o) {
      const ir::ValueRef value{step.node, int(o)};
      const Placement& place = plan.places[size_t(step.node)][o];
      if (place.where != Placement::Where::Arena) continue;
      const int last = std::max(int(s), lastRead.contains(value) ? lastRead[value] : -1);
      // In place: the memory of an input that dies here.
      const auto reused = std::find_if(node.inputs.begin(), node.inputs.end(), [&](const ir::ValueRef& input) {
        const auto range = rangeOf.find(rootOf(graph, input));
        return range != rangeOf.end() && timeline.ranges[range->second].offset == place.offset &&
               timeline.ranges[range->second].last == int(s) && node.types[o].bytes() > 0;
      });
      if (reused != node.inputs.end()) {
        const size_t range = rangeOf[rootOf(graph, *reused)];
        timeline.ranges[range].last = std::max(timeline.ranges[range].last, last);
        rangeOf[value] = range;
        continue;
      }
      rangeOf[value] = timeline.ranges.size();
      timeline.ranges.push_back(
          {labelOf(graph, node), node.origin, place.offset, node.types[o].bytes(), int(s), last, int(s)});
    }
    const int64_t scratch = step.workspaceBytes + (step.body ? step.body->arenaBytes : 0);
    if (scratch > 0)
      timeline.ranges.push_back(
          {labelOf(graph, node) + ", workspace", node.origin, step.workspace, scratch, int(s), int(s), int(s)});
  }

  timeline.live.assign(plan.steps.size(), 0);
  for (const LiveRange& range : timeline.ranges)
    for (int s = range.first; s <= range.last; ++s) timeline.live[size_t(s)] += range.bytes;
  const auto peak = std::max_element(timeline.live.begin(), timeline.live.end());
  if (peak != timeline.live.end()) timeline.peakStep = int(peak - timeline.live.begin());
  return timeline;
}

}  // namespace fw
