// Strongly connected components without recursion (Tarjan, "Depth-first search and linear graph algorithms", 1972).
#include "engine/arch/cycles.h"

#include <algorithm>

namespace fw {
namespace {

struct Visit {
  int order = -1, low = -1;
  bool isOnStack = false;
  std::vector<int> next;
};

}  // namespace

std::vector<std::vector<NodeId>> findCycles(const Graph& graph) {
  std::vector<NodeId> ids;
  std::map<NodeId, int> indexOf;
  for (const auto& [id, node] : graph.nodes) {
    indexOf[id] = int(ids.size());
    ids.push_back(id);
  }
  std::vector<Visit> visits(ids.size());
  std::vector<std::vector<NodeId>> cycles;
  for (const Wire& wire : graph.wires) {
    const auto from = indexOf.find(wire.from.node), to = indexOf.find(wire.to.node);
    if (from == indexOf.end() || to == indexOf.end()) continue;
    if (from != to) visits[size_t(from->second)].next.push_back(to->second);
  }

  int clock = 0;
  std::vector<int> stack;
  std::vector<std::pair<int, size_t>> calls;  // node, position in `next`
  const auto enter = [&](int node) {
    visits[size_t(node)].order = visits[size_t(node)].low = clock++;
    visits[size_t(node)].isOnStack = true;
    stack.push_back(node);
    calls.emplace_back(node, 0);
  };
  for (int root = 0; root < int(ids.size()); ++root) {
    if (visits[size_t(root)].order >= 0) continue;
    enter(root);
    while (!calls.empty()) {
      const int node = calls.back().first;
      Visit& visit = visits[size_t(node)];
      if (calls.back().second < visit.next.size()) {
        const int next = visit.next[calls.back().second++];
        if (visits[size_t(next)].order < 0) {
          enter(next);
        } else if (visits[size_t(next)].isOnStack) {
          visit.low = std::min(visit.low, visits[size_t(next)].order);
        }
        continue;
      }
      calls.pop_back();
      if (!calls.empty()) {
        Visit& caller = visits[size_t(calls.back().first)];
        caller.low = std::min(caller.low, visit.low);
      }
      if (visit.low != visit.order) continue;
      std::vector<NodeId> component;
      int member;
      do {
        member = stack.back();
        stack.pop_back();
        visits[size_t(member)].isOnStack = false;
        component.push_back(ids[size_t(member)]);
      } while (member != node);
      if (component.size() > 1) cycles.push_back(std::move(component));
    }
  }
  for (const Wire& wire : graph.wires)
    if (wire.from.node == wire.to.node && graph.find(wire.from.node)) cycles.push_back({wire.from.node});
  for (std::vector<NodeId>& cycle : cycles) std::sort(cycle.begin(), cycle.end());
  std::sort(cycles.begin(), cycles.end());
  cycles.erase(std::unique(cycles.begin(), cycles.end()), cycles.end());
  return cycles;
}

}  // namespace fw
