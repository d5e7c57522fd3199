// From a document to what the canvas shows.
#include "app/scene_builder.h"

#include <algorithm>
#include <cmath>

#include "engine/blocks/policy.h"
#include "widgets/color_map.h"
#include "widgets/number_format.h"

namespace fw {
namespace {

using ui::CanvasItem;
using ui::CanvasPort;
using ui::CanvasWire;
using ui::ItemShape;
using ui::PortFlavor;
using ui::PortSide;

PortFlavor flavorOf(PortKind kind) {
  switch (kind) {
    case PortKind::Tokens:
      return PortFlavor::Tokens;
    case PortKind::Mask:
      return PortFlavor::Mask;
    case PortKind::Pixels:
      return PortFlavor::Pixels;
    case PortKind::Tensor:
      break;
  }
  return PortFlavor::Tensor;
}

class Builder {
 public:
  Builder(const Architecture& architecture, const DocumentFacts& facts, const SceneOverlay& overlay)
      : architecture_(architecture), facts_(facts), overlay_(overlay) {
    for (const Diagnostic& diagnostic : facts.diagnostics)
      if (diagnostic.severity != Severity::Info) problems_.emplace(diagnostic.place.node, &diagnostic);
    if (facts.cost)
      for (const NodeCost& cost : facts.cost->perNode) costs_[cost.node] = &cost;
    for (size_t i = 0; i < facts.layers.size(); ++i)
      layers_.emplace(std::pair(facts.layers[i].repeat, facts.layers[i].index), int(i));
    dots_ = dotsByWire(architecture);
    countLinks(*architecture.root);
  }

  ui::CanvasScenePtr run() {
    GraphPath path;
    if (overlay_.entered != 0 && findNode(architecture_, overlay_.entered, &path))
      addGraph(*graphAt(architecture_, path), 0, 0, overlay_.entered);
    else
      addGraph(*architecture_.root, 0, 0);
    addNotes();
    scene_.wireStyle = overlay_.wireStyle;
    scene_.flow = overlay_.flow;
    return std::make_shared<const ui::CanvasScene>(std::move(scene_));
  }

 private:
  /// `only`: one of its nodes; 0: all of them.
  void addGraph(const Graph& graph, NodeId parent, int lane, NodeId only = 0) {
    std::map<PortRef, std::pair<int, PortFlavor>> outs, ins;
    for (const auto& [id, node] : graph.nodes) {
      if (only != 0 && id != only) continue;
      const BlockDef* block = catalog().find(node->block);
      const size_t at = scene_.items.size();
      scene_.items.push_back(itemOf(*node, block, parent, lane));
      addPorts(*node, block, graph, scene_.items[at], ins, outs);
      if (!block || block->body == BodyKind::None) continue;
      int bodyLane = 0;
      for (const std::string& body : laneNames(*node)) addGraph(*node->bodies.at(body), id, bodyLane++);
    }
    for (const Wire& wire : graph.wires) {
      const auto from = outs.find(wire.from);
      const auto to = ins.find(wire.to);
      if (from == outs.end() || to == ins.end()) continue;
      CanvasWire shown{.from = {wire.from.node, from->second.first},
                       .to = {wire.to.node, to->second.first},
                       .flavor = from->second.second};
      if (const auto type = facts_.types.find(wire.from); type != facts_.types.end())
        shown.label = shapeText(type->second.shape);
      // A wire with dots is drawn as pieces from one to the next.
      if (const auto dots = dots_.find(wire); dots != dots_.end())
        for (const NodeId dot : dots->second) {
          scene_.items.push_back(dotOf(dot, parent, lane, shown));
          CanvasWire piece = shown;
          piece.to = {dot, 0};
          scene_.wires.push_back(std::move(piece));
          shown.from = {dot, 1};
        }
      scene_.wires.push_back(std::move(shown));
    }
  }

  void addNotes() {
    for (const auto& [id, frame] : architecture_.frames) {
      ui::CanvasNote note{.id = id,
                          .parent = frame.graph.node,
                          .area = {frame.x, frame.y, frame.width, frame.height},
                          .title = QString::fromStdString(frame.title),
                          .text = QString::fromStdString(frame.note)};
      if (frame.graph.node == 0 && overlay_.entered != 0) continue;
      if (const Node* around = frame.graph.node == 0 ? nullptr : findNode(architecture_, frame.graph.node)) {
        const std::vector<std::string> lanes = laneNames(*around);
        note.lane = int(std::find(lanes.begin(), lanes.end(), frame.graph.body) - lanes.begin());
      }
      if (!frame.colour.empty()) note.series = QString::fromStdString(frame.colour).toInt();
      note.members.assign(frame.members.begin(), frame.members.end());
      scene_.notes.push_back(std::move(note));
    }
  }

  CanvasItem dotOf(NodeId id, NodeId parent, int lane, const CanvasWire& wire) const {
    const Dot& dot = architecture_.dots.at(id);
    CanvasItem item;
    item.id = id;
    item.parent = parent;
    item.lane = lane;
    item.shape = ItemShape::Dot;
    item.position = {dot.x, dot.y};
    item.title = QObject::tr("Dot on a wire");
    item.subtitle = wire.label;
    item.category = "structure";
    item.ports = {{.name = "x", .side = PortSide::In, .flavor = wire.flavor},
                  {.name = "y", .side = PortSide::Out, .flavor = wire.flavor}};
    return item;
  }

  void countLinks(const Graph& graph) {
    for (const auto& [id, node] : graph.nodes) {
      if (!node->link.empty()) ++links_[node->link];
      for (const auto& [name, body] : node->bodies) countLinks(*body);
    }
  }

  CanvasItem itemOf(const Node& node, const BlockDef* block, NodeId parent, int lane) {
    CanvasItem item;
    item.id = node.id;
    item.parent = parent;
    item.lane = lane;
    if (const auto at = architecture_.layout.find(node.id); at != architecture_.layout.end())
      item.position = {at->second.x, at->second.y}, item.isPinned = at->second.isPinned;
    const QString title = block ? QString::fromStdString(block->title) : QString::fromStdString(node.block);
    const bool isPort = node.block == kInBlock || node.block == kOutBlock;
    item.title = !node.label.empty() ? QString::fromStdString(node.label)
                 : isPort            ? QString::fromStdString(node.name)
                                     : title;
    item.category = block ? QString::fromStdString(block->category) : QString("structure");
    if (block) item.subtitle = summaryText(node, *block, architecture_.variables);
    item.isMuted = node.isMuted;
    if (isPort && parent != 0) item.shape = node.block == kInBlock ? ItemShape::Entry : ItemShape::Exit;
    if (node.block.starts_with("structure.") && block && block->body == BodyKind::None) {
      item.shape = ItemShape::Join;
      item.title = "+";
      item.subtitle.clear();
    }
    if (const auto problem = problems_.find(node.id); problem != problems_.end()) {
      item.state = problem->second->severity == Severity::Error ? ui::ItemState::Error : ui::ItemState::Warning;
      item.message = QString::fromStdString(problem->second->text);
    }
    addCost(node, item);
    if (!node.weightGroup.empty()) {
      const auto group = architecture_.weightGroups.find(node.weightGroup);
      const QString policy =
          group == architecture_.weightGroups.end() ? QString() : QString::fromStdString(group->second.policy);
      item.chips.push_back({groupSeries(architecture_, node.weightGroup),
                            QObject::tr("Shares weights: %1 (%2)").arg(node.weightGroup.c_str(), policy)});
    }
    if (const auto link = links_.find(node.link); link != links_.end() && link->second > 1)
      item.chips.push_back({int(std::distance(links_.begin(), link)),
                            QObject::tr("One of %1 linked copies: an edit inside is made in all").arg(link->second),
                            ui::ChipKind::Link});
    if (block && block->body != BodyKind::None) {
      item.shape = ItemShape::Frame;
      item.frame = std::make_shared<const ui::CanvasFrame>(frameOf(node, *block));
      if (block->body == BodyKind::Repeat) item.title += QString(" ×%1").arg(layerCount(node, *block));
    }
    return item;
  }

  /// Parameters, FLOPs, bytes and the share of the time as words, their names in the tooltip; the share of the FLOPs as
  /// a bar; a colour.
  void addCost(const Node& node, CanvasItem& item) const {
    if (item.shape == ItemShape::Join) return;
    if (overlay_.heat)
      if (const auto value = overlay_.heat->nodes.find(node.id); value != overlay_.heat->nodes.end())
        item.heat = ui::colorAt(ui::ColorMap::Viridis, overlay_.heat->nodeScale.share(value->second));
    const auto cost = costs_.find(node.id);
    if (cost == costs_.end()) return;
    QStringList parts, details;
    const double parameters = cost->second->parameters, flops = cost->second->flops, bytes = cost->second->bytes;
    if (parameters > 0)
      parts << ui::formatCount(parameters), details << QObject::tr("Parameters: %1").arg(parts.last());
    if (flops > 0) {
      parts << ui::formatCount(flops);
      details
          << QObject::tr("FLOPs: %1 (%2)").arg(ui::formatFlops(flops), ui::formatPercent(flops / facts_.cost->flops));
    }
    if (bytes > 0) parts << ui::formatBytes(bytes), details << QObject::tr("Bytes moved: %1").arg(parts.last());
    if (const double share = timeShare(node.id); share > 0) {
      if (share >= 0.005) parts << QString("%1 %").arg(std::lround(100 * share));
      details << QObject::tr("Time: %1 (%2)")
                     .arg(ui::formatSeconds(overlay_.time->nodes.at(node.id)), ui::formatPercent(share));
    }
    if (overlay_.heat && overlay_.heat->mode > HeatMode::Time)
      if (const auto value = overlay_.heat->nodes.find(node.id); value != overlay_.heat->nodes.end())
        details << QString("%1: %2").arg(heatTitle(overlay_.heat->mode), heatText(value->second, overlay_.heat->mode));
    item.details = details.join('\n');
    item.stats = parts.join("  ");
    if (facts_.cost->flops > 0 && cost->second->flops > 0) item.costShare = cost->second->flops / facts_.cost->flops;
  }

  /// Of the steps of all blocks; -1: unknown.
  double timeShare(NodeId node) const {
    if (!overlay_.time) return -1;
    double all = 0;
    for (const auto& [id, seconds] : overlay_.time->nodes) all += seconds;
    const auto own = overlay_.time->nodes.find(node);
    return own == overlay_.time->nodes.end() || all <= 0 ? -1 : own->second / all;
  }

  int64_t layerCount(const Node& node, const BlockDef& block) const {
    try {
      return std::get<int64_t>(paramValue(node, block, "count", architecture_.variables));
    } catch (const std::exception&) {
      return 0;
    }
  }

  ui::CanvasFrame frameOf(const Node& node, const BlockDef& block) {
    ui::CanvasFrame frame;
    frame.isCollapsed = overlay_.collapsed.contains(node.id) && node.id != overlay_.entered;
    frame.lanes.clear();
    for (const std::string& body : laneNames(node)) {
      const bool isPlain = body == "layer" || body == "body";
      frame.lanes.push_back({block.body == BodyKind::Repeat && !isPlain ? QString::fromStdString(body) : QString(),
                             block.body == BodyKind::Fork ? QString::fromStdString(body) : QString()});
    }
    if (block.body != BodyKind::Repeat) return frame;
    if (const auto pattern = node.params.find("pattern"); pattern != node.params.end())
      frame.pattern = valueText(pattern->second);
    constexpr int64_t kMostCells = 512;
    const int64_t count = std::min(layerCount(node, block), kMostCells);
    for (int64_t i = 0; i < count; ++i) frame.cells.push_back(cellOf(node, block, i));
    return frame;
  }

  ui::LayerCell cellOf(const Node& node, const BlockDef& block, int64_t index) const {
    ui::LayerCell cell;
    const std::string body = layerBody(node, block, index);
    if (body != "layer") cell.letter = QString::fromStdString(body);
    if (const auto override = node.overrides.find(index); override != node.overrides.end()) {
      cell.isOverridden = !override->second.params.empty() || !override->second.muted.empty();
      cell.isMuted = !override->second.muted.empty();
    }
    cell.tooltip = QObject::tr("Layer %1").arg(index + 1);
    if (!cell.letter.isEmpty()) cell.tooltip += " · " + cell.letter;
    const auto layer = layers_.find({node.id, index});
    if (layer == layers_.end()) return cell;
    cell.isSelected = overlay_.selectedLayers.contains(layer->second);
    if (overlay_.heat && !overlay_.heat->layers.empty()) {
      const auto value = overlay_.heat->layers.find(layer->second);
      if (value == overlay_.heat->layers.end()) return cell;
      cell.heat = ui::colorAt(ui::ColorMap::Viridis, overlay_.heat->layerScale.share(value->second));
      cell.tooltip +=
          QString(" · %1 %2").arg(heatTitle(overlay_.heat->mode), heatText(value->second, overlay_.heat->mode));
    } else if (const auto heat = overlay_.layerHeat.find(layer->second); heat != overlay_.layerHeat.end()) {
      cell.heat = ui::colorAt(ui::ColorMap::Viridis, heat->second);
    }
    return cell;
  }

  void addPorts(const Node& node, const BlockDef* block, const Graph& graph, CanvasItem& item,
                std::map<PortRef, std::pair<int, PortFlavor>>& ins,
                std::map<PortRef, std::pair<int, PortFlavor>>& outs) const {
    Ports ports;
    if (block) {
      ports = portsOf(node, *block);
    } else {
      // A block this build lacks keeps the ports that its wires name.
      for (const Wire& wire : graph.wires) {
        if (wire.to.node == node.id && !ports.findInput(wire.to.port)) ports.inputs.push_back({.name = wire.to.port});
        if (wire.from.node == node.id && !ports.findOutput(wire.from.port))
          ports.outputs.push_back({.name = wire.from.port});
      }
    }
    const auto add = [&](const PortDef& port, PortSide side, auto& map) {
      CanvasPort shown{.name = QString::fromStdString(port.name),
                       .side = side,
                       .flavor = flavorOf(port.kind),
                       .isOptional = port.isOptional};
      const auto type = facts_.types.find({node.id, port.name});
      shown.label = type != facts_.types.end() ? shapeText(type->second.shape) : QString::fromStdString(port.dims);
      map[{node.id, port.name}] = {int(item.ports.size()), shown.flavor};
      item.ports.push_back(std::move(shown));
    };
    for (const PortDef& port : ports.inputs) add(port, PortSide::In, ins);
    for (const PortDef& port : ports.outputs) add(port, PortSide::Out, outs);
  }

  const Architecture& architecture_;
  const DocumentFacts& facts_;
  const SceneOverlay& overlay_;
  std::map<NodeId, const Diagnostic*> problems_;
  std::map<NodeId, const NodeCost*> costs_;
  std::map<Wire, std::vector<NodeId>> dots_;
  std::map<std::string, int> links_;                  // how many copies
  std::map<std::pair<NodeId, int64_t>, int> layers_;  // Repeat and index: the first in the unrolled stack
  ui::CanvasScene scene_;
};

}  // namespace

QString valueText(const ParamValue& value) {
  if (const bool* flag = std::get_if<bool>(&value)) return *flag ? QObject::tr("yes") : QObject::tr("no");
  if (const int64_t* whole = std::get_if<int64_t>(&value)) return ui::formatInteger(*whole);
  if (const double* real = std::get_if<double>(&value)) return ui::formatValue(*real);
  return QString::fromStdString(std::get<std::string>(value));
}

QString summaryText(const Node& node, const BlockDef& block, const std::map<std::string, double>& variables) {
  QStringList parts;
  for (const std::string& name : block.summary) {
    const ParamDef* param = block.findParam(name);
    if (!param) continue;
    ParamValue value = param->value;
    try {
      value = paramValue(node, block, name, variables);
    } catch (const std::exception&) {
      if (const auto own = node.params.find(name); own != node.params.end()) value = own->second;
    }
    const QString title = QString::fromStdString(param->title.empty() ? name : param->title).toLower();
    if (const bool* flag = std::get_if<bool>(&value)) {
      if (*flag) parts << title;
    } else if (std::holds_alternative<std::string>(value)) {
      if (const QString text = valueText(value); !text.isEmpty() && text != "none")
        parts << QString(text).replace('_', ' ');
    } else if (value != ParamValue(int64_t(0)) && value != ParamValue(0.0)) {  // zero stands for "not used"
      parts << valueText(value) + " " + title;
    }
  }
  return parts.join(" · ");
}

QString shapeText(const Shape& shape) {
  QStringList sizes;
  for (const int64_t size : shape) sizes << ui::formatInteger(size);
  return sizes.isEmpty() ? QObject::tr("scalar") : sizes.join(" × ");
}

std::vector<std::string> laneNames(const Node& node) {
  const BlockDef* block = catalog().find(node.block);
  std::vector<std::string> names;
  if (!block) return names;
  for (const std::string& name : bodyNames(node, *block))
    if (node.bodies.contains(name)) names.push_back(name);
  return names;
}

int groupSeries(const Architecture& architecture, const std::string& group) {
  int index = 0;
  for (const auto& [name, value] : architecture.weightGroups) {
    if (name == group) return index;
    ++index;
  }
  return -1;
}

ui::Flow flowOf(const Architecture& architecture) {
  int down = 0, across = 0;
  for (const Wire& wire : architecture.root->wires) {
    const auto from = architecture.layout.find(wire.from.node), to = architecture.layout.find(wire.to.node);
    if (from == architecture.layout.end() || to == architecture.layout.end()) continue;
    const double dx = to->second.x - from->second.x, dy = to->second.y - from->second.y;
    (dy > std::abs(dx) ? down : across) += 1;
  }
  return down > across ? ui::Flow::Down : ui::Flow::Right;
}

ui::CanvasScenePtr buildScene(const Architecture& architecture, const DocumentFacts& facts,
                              const SceneOverlay& overlay) {
  return Builder(architecture, facts, overlay).run();
}

}  // namespace fw
