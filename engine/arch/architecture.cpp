// Walking a document.
#include "engine/arch/architecture.h"

#include <algorithm>

namespace fw {
namespace {

const Node* findIn(const Graph& graph, NodeId id, GraphPath& path) {
  if (const Node* node = graph.find(id)) return node;
  for (const auto& [containerId, container] : graph.nodes)
    for (const auto& [name, body] : container->bodies) {
      path.push_back({containerId, name});
      if (const Node* node = findIn(*body, id, path)) return node;
      path.pop_back();
    }
  return nullptr;
}

/// `start` and what can be reached from it, each step from Wire::*begin to Wire::*end.
std::set<NodeId> reach(const Graph& graph, const std::set<NodeId>& start, PortRef Wire::*begin, PortRef Wire::*end) {
  std::vector<std::pair<NodeId, NodeId>> steps;
  steps.reserve(graph.wires.size());
  for (const Wire& wire : graph.wires) steps.emplace_back((wire.*begin).node, (wire.*end).node);
  std::sort(steps.begin(), steps.end());
  std::set<NodeId> reached = start;
  std::vector<NodeId> open(start.begin(), start.end());
  while (!open.empty()) {
    const NodeId id = open.back();
    open.pop_back();
    const auto first = std::lower_bound(steps.begin(), steps.end(), std::pair(id, INT64_MIN));
    for (auto step = first; step != steps.end() && step->first == id; ++step)
      if (reached.insert(step->second).second) open.push_back(step->second);
  }
  return reached;
}

}  // namespace

const Node* Graph::find(NodeId id) const {
  const auto found = nodes.find(id);
  return found == nodes.end() ? nullptr : found->second.get();
}

const Node* Graph::findByName(const std::string& name) const {
  for (const auto& [id, node] : nodes)
    if (node->name == name) return node.get();
  return nullptr;
}

std::vector<Wire> Graph::wiresInto(NodeId id) const {
  std::vector<Wire> found;
  for (const Wire& wire : wires)
    if (wire.to.node == id) found.push_back(wire);
  return found;
}

std::vector<Wire> Graph::wiresFrom(NodeId id) const {
  const auto first =
      std::partition_point(wires.begin(), wires.end(), [&](const Wire& wire) { return wire.from.node < id; });
  const auto last = std::partition_point(first, wires.end(), [&](const Wire& wire) { return wire.from.node == id; });
  return {first, last};
}

const Graph* graphAt(const Architecture& architecture, const GraphPath& path) {
  const Graph* graph = architecture.root.get();
  for (const BodyRef& step : path) {
    const Node* node = graph->find(step.node);
    if (!node) return nullptr;
    const auto body = node->bodies.find(step.body);
    if (body == node->bodies.end()) return nullptr;
    graph = body->second.get();
  }
  return graph;
}

const Node* findNode(const Architecture& architecture, NodeId id, GraphPath* path) {
  GraphPath walked;
  const Node* node = findIn(*architecture.root, id, walked);
  if (node && path) *path = std::move(walked);
  return node;
}

int64_t nodeCount(const Graph& graph) {
  int64_t count = int64_t(graph.nodes.size());
  for (const auto& [id, node] : graph.nodes)
    for (const auto& [name, body] : node->bodies) count += nodeCount(*body);
  return count;
}

int64_t nodeCount(const Architecture& architecture) { return nodeCount(*architecture.root); }

std::string pathText(const Architecture& architecture, const GraphPath& path, NodeId node) {
  std::string out;
  const Graph* graph = architecture.root.get();
  for (const BodyRef& step : path) {
    const Node* container = graph ? graph->find(step.node) : nullptr;
    out += (out.empty() ? "" : "/") + (container ? container->name : "?");
    if (!container || container->bodies.size() > 1 || !container->bodies.count(step.body)) out += "(" + step.body + ")";
    graph = nullptr;
    if (!container) continue;
    const auto body = container->bodies.find(step.body);
    if (body != container->bodies.end()) graph = body->second.get();
  }
  if (node == 0) return out;
  const Node* found = graph ? graph->find(node) : nullptr;
  return out + (out.empty() ? "" : "/") + (found ? found->name : "?");
}

std::set<NodeId> upstreamOf(const Graph& graph, const std::set<NodeId>& start) {
  return reach(graph, start, &Wire::to, &Wire::from);
}

std::set<NodeId> downstreamOf(const Graph& graph, const std::set<NodeId>& start) {
  return reach(graph, start, &Wire::from, &Wire::to);
}

}  // namespace fw
