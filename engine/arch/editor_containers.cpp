// Edits of containers: bodies, patterns, settings of single layers.
#include <algorithm>

#include "engine/arch/editor.h"
#include "engine/arch/editor_support.h"
#include "engine/arch/walk.h"

namespace fw {
namespace {

constexpr double kPortDistance = 160;  // between the `in` and the `out` of a new body
constexpr double kPortSpacing = 200;   // between two ports of one side

/// The first body that a container should have and has, or nullptr.
const Graph* modelBody(const Node& node, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto body = node.bodies.find(name);
    if (body != node.bodies.end()) return body->second.get();
  }
  return node.bodies.empty() ? nullptr : node.bodies.begin()->second.get();
}

}  // namespace

/// A body that hands its inputs on, with the ports of `like` (null: "x" and "y").
GraphPtr Editor::newBody(const Graph* like) {
  auto body = std::make_shared<Graph>();
  Ports ports;
  std::map<std::string, NodeId> ids;
  const auto add = [&](const Node& port) {
    auto node = std::make_shared<Node>(port);
    node->id = takeId();
    ids[node->name] = node->id;
    std::vector<PortDef>& side = node->block == kInBlock ? ports.inputs : ports.outputs;
    work_.layout[node->id] = {kPortSpacing * double(side.size()), node->block == kInBlock ? 0 : kPortDistance, false};
    side.push_back({.name = node->name});
    body->nodes[node->id] = std::move(node);
  };
  if (like)
    for (const auto& [id, node] : like->nodes)
      if (isPort(*node)) add(*node);
  if (ports.inputs.empty() && ports.outputs.empty()) {
    add({.name = "x", .block = kInBlock});
    add({.name = "y", .block = kOutBlock});
  }
  for (const auto& [out, in] : repeatPairs(ports))
    body->wires.push_back({{ids.at(in), kInPort}, {ids.at(out), kOutPort}});
  std::sort(body->wires.begin(), body->wires.end());
  return body;
}

/// Adds the bodies that `node` lacks.
void Editor::fillBodies(Node& node, const BlockDef& block) {
  const std::vector<std::string> names = bodyNames(node, block);
  if (block.body != BodyKind::None && names.empty()) refuse("[", node.name, "] it needs a branch at least.");
  for (const std::string& name : names)
    if (!isBodyName(name)) refuse("[", node.name, "] ", inQuotes(name), " cannot name an inner graph.");
  const Graph* like = modelBody(node, names);
  for (const std::string& name : names)
    if (!node.bodies.count(name)) node.bodies[name] = newBody(like);
}

/// Changes the parameter that says which bodies there are, and the bodies with it.
void Editor::setBodies(const Found& container, const std::string& param, const std::string& value) {
  const GraphPath path = container.path;
  Node changed = *container.node;
  const BlockDef& block = blockFor(changed.block);
  const Params oldParams = changed.params;
  const std::vector<std::string> oldNames = bodyNames(changed, block);
  assignParam(changed, param, value);
  const std::vector<std::string> names = bodyNames(changed, block);
  if (changed.params == oldParams) return;
  if (names.empty()) refuse("[", changed.name, "] it needs a branch at least.");

  const std::vector<std::string> plain = {"layer"};
  const bool isRenamed = block.body == BodyKind::Repeat && (oldNames == plain) != (names == plain) &&
                         changed.bodies.count(oldNames.front()) && !changed.bodies.count(names.front());
  if (isRenamed) {
    auto body = changed.bodies.extract(oldNames.front());
    body.key() = names.front();
    changed.bodies.insert(std::move(body));
  }
  const Ports before = portsOf(*container.node, block);
  const NodeId id = changed.id;
  atomically([&] {
    fillBodies(changed, block);
    for (auto& [frameId, frame] : work_.frames)
      if (isRenamed && frame.graph == BodyRef{id, oldNames.front()}) frame.graph.body = names.front();
    std::set<NodeId> gone;
    for (auto body = changed.bodies.begin(); body != changed.bodies.end();) {
      if (std::find(names.begin(), names.end(), body->first) != names.end()) {
        ++body;
        continue;
      }
      for (const auto& [id, node] : body->second->nodes) {
        gone.insert(id);
        collectIdsInside(*node, gone);
      }
      body = changed.bodies.erase(body);
    }
    mutableGraph(path).nodes[id] = std::make_shared<Node>(changed);
    GraphPath inside = path;
    inside.push_back({id, names.front()});
    forget(inside, gone);
    dropOuterWires(inside, before);
  });
}

void Editor::setPattern(NodeId repeat, const std::string& pattern) {
  const Found found = find(repeat);
  const BlockDef* block = catalog_->find(found.node->block);
  if (!block || block->body != BodyKind::Repeat)
    refuse("[pattern] node ", inQuotes(found.node->name), " repeats nothing.");
  setBodies(found, "pattern", pattern);
}

/// The ports of the container that holds the graph at `path`; none for the root.
Ports Editor::containerPorts(const GraphPath& path) const {
  return path.empty() ? Ports{} : portsAt({path.begin(), path.end() - 1}, path.back().node);
}

/// Removes the wires to ports that the container of the graph at `path` had in `before` and has no more.
void Editor::dropOuterWires(const GraphPath& path, const Ports& before) {
  if (path.empty()) return;
  const Ports after = containerPorts(path);
  const GraphPath outer(path.begin(), path.end() - 1);
  const NodeId id = path.back().node;
  const auto isLost = [&](const Wire& wire) {
    return (wire.to.node == id && before.findInput(wire.to.port) && !after.findInput(wire.to.port)) ||
           (wire.from.node == id && before.findOutput(wire.from.port) && !after.findOutput(wire.from.port));
  };
  const std::vector<Wire>& wires = graph(outer).wires;
  if (std::any_of(wires.begin(), wires.end(), isLost)) std::erase_if(mutableGraph(outer).wires, isLost);
}

// ---- settings of single layers

/// The Repeat, to be changed, once layer and inner node are known to exist.
Node& Editor::repeatWith(NodeId repeat, int64_t layer, NodeId inner) {
  const Found found = find(repeat);
  const BlockDef* block = catalog_->find(found.node->block);
  if (!block || block->body != BodyKind::Repeat)
    refuse("[layer] node ", inQuotes(found.node->name), " repeats nothing.");
  const int64_t layers = layerCount(*found.node, *block, work_.variables).value_or(kMaxLayers);
  if (layer < 0 || layer >= layers)
    refuse("[layer] there is no layer ", layer, "; the layers are 0 to ", layers - 1, ".");
  std::set<NodeId> inside;
  collectIdsInside(*found.node, inside);
  if (!inside.count(inner))
    refuse("[layer] there is no node with id ", inner, " inside ", inQuotes(found.node->name), ".");
  return mutableNode(found);
}

namespace {

void dropIfEmpty(Node& repeat, int64_t layer) {
  const auto settings = repeat.overrides.find(layer);
  if (settings == repeat.overrides.end()) return;
  LayerOverride& own = settings->second;
  std::erase_if(own.params, [](const auto& entry) { return entry.second.empty(); });
  if (own.params.empty() && own.muted.empty() && own.extra.empty()) repeat.overrides.erase(settings);
}

}  // namespace

void Editor::setLayerParam(NodeId repeat, int64_t layer, NodeId inner, const std::string& param,
                           const ParamValue& value) {
  Node checked = *find(inner).node;
  checked.params.clear();
  assignParam(checked, param, value);
  Node& node = repeatWith(repeat, layer, inner);
  // The default is kept here: it overrides what the node itself says.
  const BlockDef* block = catalog_->find(checked.block);
  const auto set = checked.params.find(param);
  node.overrides[layer].params[inner][param] =
      set != checked.params.end() ? set->second : block->findParam(param)->value;
}

void Editor::clearLayerParam(NodeId repeat, int64_t layer, NodeId inner, const std::string& param) {
  Node& node = repeatWith(repeat, layer, inner);
  const auto settings = node.overrides.find(layer);
  if (settings == node.overrides.end()) return;
  const auto params = settings->second.params.find(inner);
  if (params == settings->second.params.end()) return;
  params->second.erase(param);
  dropIfEmpty(node, layer);
}

void Editor::setLayerMuted(NodeId repeat, int64_t layer, NodeId inner, bool isMuted) {
  Node& node = repeatWith(repeat, layer, inner);
  std::vector<NodeId>& muted = node.overrides[layer].muted;
  const auto place = std::lower_bound(muted.begin(), muted.end(), inner);
  const bool wasMuted = place != muted.end() && *place == inner;
  if (isMuted && !wasMuted) muted.insert(place, inner);
  if (!isMuted && wasMuted) muted.erase(place);
  dropIfEmpty(node, layer);
}

}  // namespace fw
