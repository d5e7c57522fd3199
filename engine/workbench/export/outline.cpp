// A document as boxes and arrows, and a plain layered layout of them.
#include "engine/workbench/export/outline.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "engine/workbench/workbench.h"

namespace fw {
namespace {

std::string boxId(NodeId node) { return "n" + std::to_string(node); }

class OutlineMaker {
 public:
  explicit OutlineMaker(const Architecture& architecture) : architecture_(architecture) {}

  Outline make() {
    Outline out;
    out.root.id = "g0";
    out.root.title = architecture_.name;
    fill(*architecture_.root, out.root, out.arrows);
    return out;
  }

 private:
  /// Boxes that a wire from (or into) this port begins (or ends) at.
  std::vector<std::string> ends(const Graph& graph, const PortRef& port, bool isSource) const {
    const Node* node = graph.find(port.node);
    if (!node) return {};
    const BlockDef* block = catalog().find(node->block);
    if (!block || block->body == BodyKind::None) return {boxId(node->id)};
    std::vector<std::string> out;
    for (const auto& [name, body] : node->bodies)
      for (const auto& [id, inner] : body->nodes)
        if (inner->block == (isSource ? kOutBlock : kInBlock) && inner->name == port.port) out.push_back(boxId(id));
    return out;
  }

  std::string groupTitle(const Node& node, const BlockDef& block, const std::string& body) const {
    std::string title = node.label.empty() ? node.name : node.label;
    if (body != "body" && body != "layer") title += " " + body;
    if (const auto count = layerCount(node, block, architecture_.variables); block.body == BodyKind::Repeat && count) {
      int64_t own = 0;
      const int64_t all = *count;
      for (int64_t i = 0; i < std::min<int64_t>(all, 10'000); ++i) own += layerBody(node, block, i) == body;
      title += " x " + std::to_string(own);
    }
    return title;
  }

  void fill(const Graph& graph, OutlineGroup& group, std::vector<OutlineArrow>& arrows) const {
    for (const auto& [id, node] : graph.nodes) {
      const BlockDef* block = catalog().find(node->block);
      if (block && block->body != BodyKind::None) {
        for (const auto& [name, body] : node->bodies) {
          OutlineGroup inner{.node = id,
                             .id = "g" + std::to_string(id) + "_" + std::to_string(group.groups.size()),
                             .title = groupTitle(*node, *block, name)};
          fill(*body, inner, arrows);
          group.groups.push_back(std::move(inner));
        }
        continue;
      }
      OutlineBox box{.node = id, .id = boxId(id), .name = node->name, .isMuted = node->isMuted};
      box.isPort = node->block == kInBlock || node->block == kOutBlock;
      box.title = box.isPort ? node->name : !node->label.empty() ? node->label : block ? block->title : node->block;
      for (const auto& [name, value] : node->params) {
        if (box.isPort) break;
        box.details += (box.details.empty() ? "" : ", ") + name + " " + toText(value);
      }
      group.boxes.push_back(std::move(box));
    }
    for (const Wire& wire : graph.wires)
      for (const std::string& from : ends(graph, wire.from, true))
        for (const std::string& to : ends(graph, wire.to, false)) arrows.push_back({from, to});
  }

  const Architecture& architecture_;
};

constexpr double kLine = 14, kCharacter = 5.6, kGap = 26, kMargin = 12, kTitle = 18;

/// A box, or a group with what lies inside it, before it has a place.
struct Block {
  const OutlineBox* box = nullptr;
  const OutlineGroup* group = nullptr;
  std::set<std::string> ids;  // of all boxes inside
  double width = 0, height = 0;
  std::vector<std::vector<Block>> ranks;
};

void measure(Block& block);

Block blockOf(const OutlineGroup& group, const std::vector<OutlineArrow>& arrows) {
  Block out{.group = &group};
  std::vector<Block> parts;
  for (const OutlineBox& box : group.boxes) {
    Block one{.box = &box, .ids = {box.id}};
    const size_t longest = std::max(box.title.size(), std::min<size_t>(box.details.size(), 44));
    one.width = std::max(60.0, double(longest) * kCharacter + 16);
    one.height = box.isPort ? 20 : box.details.empty() ? 24 : 38;
    parts.push_back(std::move(one));
  }
  for (const OutlineGroup& inner : group.groups) parts.push_back(blockOf(inner, arrows));
  for (const Block& part : parts) out.ids.insert(part.ids.begin(), part.ids.end());

  // The rank of a part is one below the lowest that feeds it.
  std::map<std::string, size_t> owner;
  for (size_t i = 0; i < parts.size(); ++i)
    for (const std::string& id : parts[i].ids) owner[id] = i;
  std::vector<std::set<size_t>> feeds(parts.size());
  for (const OutlineArrow& arrow : arrows) {
    const auto from = owner.find(arrow.from), to = owner.find(arrow.to);
    if (from != owner.end() && to != owner.end() && from->second != to->second) feeds[to->second].insert(from->second);
  }
  std::vector<size_t> rank(parts.size(), 0);
  for (size_t round = 0; round < parts.size(); ++round) {
    bool isChanged = false;
    for (size_t i = 0; i < parts.size(); ++i)
      for (const size_t from : feeds[i])
        if (rank[i] <= rank[from] && rank[from] + 1 < parts.size()) {
          rank[i] = rank[from] + 1;
          isChanged = true;
        }
    if (!isChanged) break;
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    if (out.ranks.size() <= rank[i]) out.ranks.resize(rank[i] + 1);
    out.ranks[rank[i]].push_back(std::move(parts[i]));
  }
  measure(out);
  return out;
}

/// Width and height of parts side by side.
std::pair<double, double> sizeOf(const std::vector<Block>& rank) {
  double width = -kGap, height = 0;
  for (const Block& part : rank) {
    width += part.width + kGap;
    height = std::max(height, part.height);
  }
  return {width, height};
}

void measure(Block& block) {
  block.height = kTitle + kMargin;
  for (const std::vector<Block>& rank : block.ranks) {
    if (rank.empty()) continue;
    const auto [width, height] = sizeOf(rank);
    block.width = std::max(block.width, width);
    block.height += height + kGap;
  }
  block.width = std::max(block.width + 2 * kMargin, double(block.group->title.size()) * kCharacter + 2 * kMargin);
  block.height += kMargin - kGap + 4;
}

void place(const Block& block, double x, double y, PlacedOutline& out) {
  if (block.box) {
    out.boxes.push_back({*block.box, {x, y, block.width, block.height}});
    return;
  }
  out.groups.push_back({block.group->title, {x, y, block.width, block.height}});
  double top = y + kTitle + kMargin;
  for (const std::vector<Block>& rank : block.ranks) {
    if (rank.empty()) continue;
    const auto [width, height] = sizeOf(rank);
    double left = x + (block.width - width) / 2;
    for (const Block& part : rank) {
      place(part, left, top + (height - part.height) / 2, out);
      left += part.width + kGap;
    }
    top += height + kGap;
  }
}

}  // namespace

Outline outlineOf(const Architecture& architecture) { return OutlineMaker(architecture).make(); }

PlacedOutline placed(const Outline& outline) {
  PlacedOutline out;
  const Block root = blockOf(outline.root, outline.arrows);
  place(root, kMargin, kMargin, out);
  out.width = root.width + 2 * kMargin;
  out.height = root.height + 2 * kMargin;
  std::map<std::string, PlacedBox> places;
  for (const PlacedOutline::Box& box : out.boxes) places[box.box.id] = box.place;
  for (const OutlineArrow& arrow : outline.arrows) {
    const auto from = places.find(arrow.from), to = places.find(arrow.to);
    if (from == places.end() || to == places.end()) continue;
    const PlacedBox &a = from->second, &b = to->second;
    PlacedOutline::Arrow line{a.x + a.width / 2, a.y + a.height, b.x + b.width / 2, b.y};
    for (const auto& [id, between] : places) {
      const double middle = (line.x1 + line.x2) / 2, right = between.x + between.width;
      const bool isBetween = between.y > line.y1 && between.y + between.height < line.y2;
      // A curve reaches three quarters of the way to its control points.
      if (isBetween && between.x < middle && right > middle)
        line.bulge = std::max(line.bulge, (right - middle + 6) / 0.75);
    }
    out.arrows.push_back(line);
  }
  return out;
}

}  // namespace fw
