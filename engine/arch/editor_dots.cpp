// Dots on wires: where they lie along them, and moving them with the nodes around.
#include <algorithm>

#include "engine/arch/editor.h"
#include "engine/arch/editor_support.h"

namespace fw {

std::map<Wire, std::vector<NodeId>> dotsByWire(const Architecture& architecture) {
  std::map<Wire, std::vector<NodeId>> found;
  for (const auto& [id, dot] : architecture.dots) found[dot.wire].push_back(id);
  for (auto& [wire, ids] : found)
    std::stable_sort(ids.begin(), ids.end(),
                     [&](NodeId a, NodeId b) { return architecture.dots.at(a).order < architecture.dots.at(b).order; });
  return found;
}

NodeId Editor::addDot(const GraphPath& path, const Wire& wire, size_t place, Position at) {
  const std::vector<Wire>& wires = graph(path).wires;
  if (!std::binary_search(wires.begin(), wires.end(), wire)) refuse("[dot] there is no such wire in this graph.");
  if (!isCoordinate(at.x) || !isCoordinate(at.y)) refuse("[dot] the position is not a finite number.");
  if (int64_t(work_.dots.size()) >= kMaxNodes) refuse("[dot] a document may have ", kMaxNodes, " dots, not more.");
  std::vector<NodeId> along = dotsByWire(work_)[wire];
  const NodeId id = takeId();
  work_.dots[id] = {wire, 0, at.x, at.y, {}};
  along.insert(along.begin() + std::ptrdiff_t(std::min(place, along.size())), id);
  for (size_t i = 0; i < along.size(); ++i) work_.dots[along[i]].order = int64_t(i);
  return id;
}

/// Moves the dots of these wires.
void Editor::moveDots(const std::vector<Wire>& wires, double dx, double dy) {
  for (auto& [id, dot] : work_.dots) {
    if (std::find(wires.begin(), wires.end(), dot.wire) == wires.end()) continue;
    dot.x += dx;
    dot.y += dy;
  }
}

}  // namespace fw
