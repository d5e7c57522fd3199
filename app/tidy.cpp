// Tidying up a canvas. From the innermost graphs outwards, since a frame is as large as its inside.
#include "app/tidy.h"

#include <graphviz/gvc.h>

#include <mutex>
#include <unordered_map>

#include "app/layered_layout.h"
#include "engine/base/error.h"
#include "widgets/canvas/geometry.h"

namespace fw {
namespace {

using ui::Box;
using ui::CanvasItem;
using ui::Flow;
using ui::Vec;

constexpr float kPointsAnInch = 72;
constexpr LayeredGaps kGaps;
constexpr size_t kMostForGraphviz = 80;  // nodes: it cannot be cancelled, and its time grows with their square

/// A box around its axis: the line on which its ports lie, so that wires of a chain run straight.
struct Cell {
  size_t item = 0;
  Vec size;    // twice the larger half across the flow
  Vec anchor;  // from the middle of the cell to the item's position
  bool isTerminal = false;
};

float across(Vec v, Flow flow) { return flow == Flow::Down ? v.x : v.y; }

Cell cellOf(const ui::CanvasGeometry& geometry, const ui::CanvasScene& scene, size_t index, Flow flow) {
  const CanvasItem& item = scene.items[index];
  const int slot = geometry.slotOf(item.id);
  const Box box = geometry.box(slot);
  float axis = across(box.center(), flow);
  if (!item.ports.empty()) axis = across(geometry.port(slot, 0), flow);
  const float low = flow == Flow::Down ? box.left : box.top, high = flow == Flow::Down ? box.right : box.bottom;
  const float half = std::max(axis - low, high - axis);
  const Vec middle = flow == Flow::Down ? Vec(axis, box.center().y) : Vec(box.center().x, axis);
  const Vec origin = geometry.origin(geometry.parent(slot), geometry.lane(slot));
  Cell cell{.item = index};
  cell.size = flow == Flow::Down ? Vec(2 * half, box.height()) : Vec(box.width(), 2 * half);
  cell.anchor = Vec(geometry.position(slot)) + origin - middle;
  cell.isTerminal = item.shape == ui::ItemShape::Entry || item.shape == ui::ItemShape::Exit;
  if (cell.isTerminal) cell.size = Vec(2, 2);
  return cell;
}

/// The wires among the cells. The stream that a join adds its branch to passes beside the chain, which stays straight.
std::vector<LayeredEdge> edgesOf(const std::vector<Cell>& cells, const ui::CanvasScene& scene) {
  std::unordered_map<ui::ItemId, int> index;
  for (size_t i = 0; i < cells.size(); ++i) index[scene.items[cells[i].item].id] = int(i);
  std::vector<LayeredEdge> edges;
  for (const ui::CanvasWire& wire : scene.wires) {
    const auto from = index.find(wire.from.item), to = index.find(wire.to.item);
    if (from == index.end() || to == index.end() || from == to) continue;
    const CanvasItem& target = scene.items[cells[size_t(to->second)].item];
    const bool isSkip = target.shape == ui::ItemShape::Join && wire.to.port == 0;
    edges.push_back({from->second, to->second, isSkip ? 1.0f : 40.0f});
  }
  return edges;
}

/// The middles of the cells as Graphviz lays them out, y downwards.
std::vector<Vec> graphvizLayout(const std::vector<Cell>& cells, const std::vector<LayeredEdge>& edges, Flow flow) {
  // Graphviz keeps state of its own outside of its contexts.
  static std::mutex graphviz;
  const std::lock_guard guard(graphviz);
  GVC_t* context = gvContext();
  Agraph_t* graph = agopen(const_cast<char*>("canvas"), Agdirected, nullptr);
  const auto set = [](void* object, const char* name, const std::string& value) {
    agsafeset(object, const_cast<char*>(name), const_cast<char*>(value.c_str()), const_cast<char*>(""));
  };
  set(graph, "rankdir", flow == Flow::Down ? "TB" : "LR");
  set(graph, "splines", "false");
  set(graph, "ranksep", std::to_string(kGaps.along / kPointsAnInch));
  set(graph, "nodesep", std::to_string(kGaps.across / kPointsAnInch));
  std::vector<Agnode_t*> nodes;
  for (const Cell& cell : cells) {
    Agnode_t* node = agnode(graph, const_cast<char*>(std::to_string(nodes.size()).c_str()), 1);
    set(node, "shape", "box");
    set(node, "fixedsize", "true");
    set(node, "label", "");
    set(node, "width", std::to_string(cell.size.x / kPointsAnInch));
    set(node, "height", std::to_string(cell.size.y / kPointsAnInch));
    nodes.push_back(node);
  }
  for (const LayeredEdge& edge : edges)
    set(agedge(graph, nodes[size_t(edge.from)], nodes[size_t(edge.to)], nullptr, 1), "weight",
        std::to_string(int(edge.weight)));
  const bool isDone = gvLayout(context, graph, "dot") == 0;
  std::vector<Vec> middles;
  for (Agnode_t* node : nodes)
    middles.push_back(isDone ? Vec(float(ND_coord(node).x), -float(ND_coord(node).y)) : Vec());
  if (isDone) gvFreeLayout(context, graph);
  agclose(graph);
  gvFreeContext(context);
  if (!isDone) throw Error(Code::Internal, "[tidy up] Graphviz could not lay the model out.");
  return middles;
}

std::vector<Vec> layered(const std::vector<Cell>& cells, const ui::CanvasScene& scene, Flow flow,
                         const CancelToken& cancel) {
  const std::vector<LayeredEdge> edges = edgesOf(cells, scene);
  if (cells.size() <= kMostForGraphviz && edges.size() <= 2 * kMostForGraphviz)
    return graphvizLayout(cells, edges, flow);
  std::vector<LayeredNode> nodes;
  for (const Cell& cell : cells)
    nodes.push_back(flow == Flow::Down ? LayeredNode{cell.size.x, cell.size.y} : LayeredNode{cell.size.y, cell.size.x});
  std::vector<Vec> middles = layeredLayout(nodes, edges, kGaps, cancel);
  if (flow == Flow::Right)
    for (Vec& middle : middles) std::swap(middle.x, middle.y);
  return middles;
}

double onGrid(float value) { return std::round(double(value) / ui::gridStep) * ui::gridStep; }

}  // namespace

std::map<NodeId, Position> tidyPositions(const ui::CanvasScene& scene, const ui::TextMetrics& metrics,
                                         const std::set<NodeId>& only, const std::set<NodeId>& pinned,
                                         const CancelToken& cancel) {
  ui::CanvasScene work = scene;
  std::map<ui::ItemId, size_t> indexOf;
  for (size_t i = 0; i < work.items.size(); ++i) indexOf[work.items[i].id] = i;
  const auto depth = [&](const CanvasItem& item) {
    int depth = 0;
    for (ui::ItemId at = item.parent; at != 0 && depth < kMaxNesting; ++depth) at = work.items[indexOf.at(at)].parent;
    return depth;
  };
  std::map<int, std::map<std::pair<ui::ItemId, int>, std::vector<size_t>>, std::greater<>> levels;
  for (size_t i = 0; i < work.items.size(); ++i)
    if (!pinned.contains(work.items[i].id))
      levels[depth(work.items[i])][{work.items[i].parent, work.items[i].lane}].push_back(i);
  for (const auto& [level, graphs] : levels) {
    const ui::CanvasGeometry geometry(std::make_shared<const ui::CanvasScene>(work), metrics);
    for (const auto& [place, members] : graphs) {
      throwIfCancelled(cancel);
      const int frame = geometry.slotOf(place.first);
      if (place.first != 0 && frame < 0) continue;  // inside of a collapsed frame
      const Flow flow = geometry.laneFlow(frame);
      std::vector<Cell> cells;
      for (const size_t item : members)
        if ((only.empty() || only.contains(work.items[item].id)) && geometry.slotOf(work.items[item].id) >= 0)
          cells.push_back(cellOf(geometry, work, item, flow));
      const auto terminals =
          std::count_if(cells.begin(), cells.end(), [](const Cell& cell) { return cell.isTerminal; });
      const bool isPartial = !only.empty();
      if (std::ptrdiff_t(cells.size()) - terminals < (isPartial ? 2 : 1)) continue;
      // Where a person put one beside another, the first stays first.
      std::stable_sort(cells.begin(), cells.end(), [&](const Cell& a, const Cell& b) {
        return across(Vec(work.items[a.item].position), flow) < across(Vec(work.items[b.item].position), flow);
      });
      const std::vector<Vec> middles = layered(cells, work, flow, cancel);
      Box before, after;
      for (size_t i = 0; i < cells.size(); ++i) {
        if (cells[i].isTerminal) continue;
        before.include(
            Box::around(Vec(work.items[cells[i].item].position) - cells[i].anchor, cells[i].size.x, cells[i].size.y));
        after.include(Box::around(middles[i], cells[i].size.x, cells[i].size.y));
      }
      const Vec target = place.first == 0 || isPartial ? before.center() : Vec();
      for (size_t i = 0; i < cells.size(); ++i) {
        if (cells[i].isTerminal) continue;
        const Vec to = middles[i] - after.center() + target + cells[i].anchor;
        work.items[cells[i].item].position = {onGrid(to.x), onGrid(to.y)};
      }
    }
  }
  std::map<NodeId, Position> moved;
  for (size_t i = 0; i < work.items.size(); ++i)
    if (work.items[i].position != scene.items[i].position)
      moved[work.items[i].id] = {work.items[i].position.x(), work.items[i].position.y()};
  return moved;
}

}  // namespace fw
