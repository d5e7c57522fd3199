// Visiting and gathering the nodes of a document.
#include "engine/arch/walk.h"

#include <algorithm>

namespace fw {
namespace {

void visitGraph(const Graph& graph, GraphPath& path, const std::function<bool(const Node&)>& wanted,
                const std::function<void(const GraphPath&, const Node&)>& visit) {
  for (const auto& [id, node] : graph.nodes) {
    if (wanted(*node)) {
      visit(path, *node);
      continue;
    }
    for (const auto& [name, body] : node->bodies) {
      path.push_back({id, name});
      visitGraph(*body, path, wanted, visit);
      path.pop_back();
    }
  }
}

}  // namespace

void collectIdsInside(const Node& container, std::set<NodeId>& ids) {
  for (const auto& [name, body] : container.bodies)
    for (const auto& [id, node] : body->nodes) {
      ids.insert(id);
      collectIdsInside(*node, ids);
    }
}

int nesting(const Node& node) {
  int deepest = 0;
  for (const auto& [name, body] : node.bodies) {
    deepest = std::max(deepest, 1);
    for (const auto& [id, inner] : body->nodes) deepest = std::max(deepest, 1 + nesting(*inner));
  }
  return deepest;
}

void forEachNode(const Architecture& architecture, const std::function<bool(const Node&)>& wanted,
                 const std::function<void(const GraphPath&, const Node&)>& visit) {
  GraphPath path;
  visitGraph(*architecture.root, path, wanted, visit);
}

std::map<GraphPath, std::set<NodeId>> locate(const Architecture& architecture, const std::set<NodeId>& ids) {
  std::map<GraphPath, std::set<NodeId>> found;
  forEachNode(
      architecture, [&](const Node& node) { return ids.count(node.id) > 0; },
      [&](const GraphPath& path, const Node& node) { found[path].insert(node.id); });
  return found;
}

}  // namespace fw
