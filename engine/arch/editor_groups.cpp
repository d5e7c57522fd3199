// Making a container of nodes, and nodes of a container.
#include <algorithm>
#include <limits>

#include "engine/arch/editor.h"
#include "engine/arch/editor_support.h"
#include "engine/arch/walk.h"

namespace fw {
namespace {

constexpr double kPortDistance = 120;  // of the ports from the nodes that moved inside
constexpr double kPortSpacing = 200;

const char* kindName(PortKind kind) {
  switch (kind) {
    case PortKind::Tensor:
      return "tensor";
    case PortKind::Tokens:
      return "tokens";
    case PortKind::Mask:
      return "mask";
    case PortKind::Pixels:
      return "pixels";
  }
  return "";
}

/// Ports to be made for wires that cross a border: for each output the wires it feeds.
using Crossings = std::vector<std::pair<PortRef, std::vector<PortRef>>>;

void addCrossing(Crossings& crossings, const Wire& wire) {
  for (auto& [from, ends] : crossings)
    if (from == wire.from) return ends.push_back(wire.to);
  crossings.push_back({wire.from, {wire.to}});
}

}  // namespace

NodeId Editor::collapse(const std::vector<NodeId>& ids, const std::string& block) {
  const std::set<NodeId> chosen(ids.begin(), ids.end());
  if (chosen.empty()) refuse("[collapse] no node is chosen.");
  const GraphPath path = find(*chosen.begin()).path;
  const BlockDef& def = blockFor(block);
  if (def.body == BodyKind::None) refuse("[collapse] block ", inQuotes(block), " holds no nodes.");
  const Graph& outer = graph(path);
  for (NodeId id : chosen) {
    const Node* node = outer.find(id);
    if (!node) refuse("[collapse] the node with id ", id, " is not in the same graph as the others.");
    if (isPort(*node)) refuse("[collapse] ", inQuotes(node->name), " is a port of its graph and has to stay.");
    if (int(path.size()) + 1 + nesting(*node) > kMaxNesting)
      refuse("[collapse] inner graphs may be nested ", kMaxNesting, " levels deep, not more.");
  }
  const std::set<NodeId> upstream = upstreamOf(outer, chosen);
  for (NodeId id : downstreamOf(outer, chosen))
    if (!chosen.count(id) && upstream.count(id) && outer.find(id))
      refuse("[collapse] ", inQuotes(outer.find(id)->name),
             " lies between the chosen nodes; expected it to be chosen too.");

  Crossings into, outOf;
  std::vector<Wire> within;
  for (const Wire& wire : outer.wires) {
    const bool startsInside = chosen.count(wire.from.node) > 0, endsInside = chosen.count(wire.to.node) > 0;
    if (startsInside && endsInside) within.push_back(wire);
    if (!startsInside && endsInside) addCrossing(into, wire);
    if (startsInside && !endsInside) addCrossing(outOf, wire);
  }
  if (outOf.empty())
    for (NodeId id : chosen) {
      const Ports ports = portsAt(path, id);
      if (outer.wiresFrom(id).empty() && !ports.outputs.empty())
        outOf.push_back({{id, ports.outputs.front().name}, {}});
    }

  Position low{std::numeric_limits<double>::max(), std::numeric_limits<double>::max(), false},
      high{-low.x, -low.y, false};
  for (NodeId id : chosen) {
    const Position place = positionOf(id);
    low = {std::min(low.x, place.x), std::min(low.y, place.y), false};
    high = {std::max(high.x, place.x), std::max(high.y, place.y), false};
  }

  NodeId id = 0;
  atomically([&] {
    auto body = std::make_shared<Graph>();
    for (NodeId inner : chosen) body->nodes[inner] = outer.nodes.at(inner);
    body->wires = within;
    NamePool names(*body);
    id = takeId();
    std::vector<Wire> outerWires;
    const auto addPort = [&](const char* portBlock, const std::string& wish, const PortDef* like, size_t index,
                             double y) {
      auto port = std::make_shared<Node>();
      port->id = takeId();
      port->block = portBlock;
      port->name = names.take(wish);
      const BlockDef* portDef = catalog_->find(portBlock);
      if (like && portDef && portDef->findParam("kind")) assignParam(*port, "kind", std::string(kindName(like->kind)));
      work_.layout[port->id] = {kPortSpacing * double(index), y, false};
      body->nodes[port->id] = port;
      return port;
    };
    for (size_t i = 0; i < into.size(); ++i) {
      const auto& [from, ends] = into[i];
      const Ports ports = portsAt(path, from.node);
      const auto port =
          addPort(kInBlock, into.size() == 1 ? "x" : ends.front().port, ports.findOutput(from.port), i, -kPortDistance);
      for (const PortRef& end : ends) body->wires.push_back({{port->id, kInPort}, end});
      outerWires.push_back({from, {id, port->name}});
    }
    for (size_t i = 0; i < outOf.size(); ++i) {
      const auto& [from, ends] = outOf[i];
      const Ports ports = portsAt(path, from.node);
      const auto port = addPort(kOutBlock, outOf.size() == 1 ? "y" : from.port, ports.findOutput(from.port), i,
                                high.y - low.y + kPortDistance);
      body->wires.push_back({from, {port->id, kOutPort}});
      for (const PortRef& end : ends) outerWires.push_back({{id, port->name}, end});
    }
    std::sort(body->wires.begin(), body->wires.end());

    auto container = std::make_shared<Node>();
    container->id = id;
    container->block = block;
    const std::string bodyName = [&] {
      const std::vector<std::string> expected = bodyNames(*container, def);
      if (expected.empty()) refuse("[collapse] block ", inQuotes(block), " has no inner graph to begin with.");
      return expected.front();
    }();
    container->bodies[bodyName] = body;
    fillBodies(*container, def);

    Graph& holder = mutableGraph(path);
    for (NodeId inner : chosen) holder.nodes.erase(inner);
    std::erase_if(holder.wires,
                  [&](const Wire& wire) { return chosen.count(wire.from.node) || chosen.count(wire.to.node); });
    holder.wires.insert(holder.wires.end(), outerWires.begin(), outerWires.end());
    std::sort(holder.wires.begin(), holder.wires.end());
    container->name = freeName(holder, isIdentifier(def.name) ? def.name : "group");
    holder.nodes[id] = container;

    for (NodeId inner : chosen) {
      const Position place = positionOf(inner);
      work_.layout[inner] = {place.x - low.x, place.y - low.y, place.isPinned};
    }
    moveDots(within, -low.x, -low.y);
    work_.layout[id] = {(low.x + high.x) / 2, (low.y + high.y) / 2, false};
    const BodyRef here = path.empty() ? BodyRef{} : path.back();
    for (auto& [frameId, frame] : work_.frames) {
      if (frame.graph != here || frame.members.empty()) continue;
      const auto isInside = [&](NodeId member) { return chosen.count(member) > 0; };
      if (std::all_of(frame.members.begin(), frame.members.end(), isInside)) {
        frame.graph = {id, bodyName};
        frame.x -= low.x;
        frame.y -= low.y;
      } else {
        std::erase_if(frame.members, isInside);
      }
    }
  });
  return id;
}

std::vector<NodeId> Editor::expand(NodeId container) {
  const Found found = find(container);
  const Node node = *found.node;
  const GraphPath path = found.path;
  if (blockFor(node.block).body != BodyKind::Single || node.bodies.size() != 1)
    refuse("[expand] ", inQuotes(node.name), " is no group with one inner graph.");
  if (node.isMuted) refuse("[expand] ", inQuotes(node.name), " is muted; unmute it first.");
  const auto& [bodyName, body] = *node.bodies.begin();
  const Position origin = positionOf(container);

  std::vector<NodeId> came;
  const auto outer = graph(path).wires;
  std::vector<Wire> wires;
  std::set<NodeId> ports;
  std::map<std::string, std::vector<PortRef>> sources, ends;  // by port of the container
  for (const Wire& wire : outer) {
    if (wire.to.node == container) sources[wire.to.port].push_back(wire.from);
    if (wire.from.node == container) ends[wire.from.port].push_back(wire.to);
    if (wire.to.node != container && wire.from.node != container) wires.push_back(wire);
  }
  const auto portName = [&](NodeId id, const char* block) {
    const Node* inner = body->find(id);
    return inner && inner->block == block ? inner->name : std::string();
  };
  for (const Wire& wire : body->wires) {
    const std::string in = portName(wire.from.node, kInBlock), out = portName(wire.to.node, kOutBlock);
    const std::vector<PortRef> from = in.empty() ? std::vector{wire.from} : sources[in];
    const std::vector<PortRef> to = out.empty() ? std::vector{wire.to} : ends[out];
    for (const PortRef& a : from)
      for (const PortRef& b : to) wires.push_back({a, b});
  }
  std::sort(wires.begin(), wires.end());
  wires.erase(std::unique(wires.begin(), wires.end()), wires.end());

  atomically([&] {
    Graph& holder = mutableGraph(path);
    holder.nodes.erase(container);
    holder.wires = wires;
    NamePool names(holder);
    for (const auto& [id, inner] : body->nodes) {
      if (isPort(*inner)) {
        ports.insert(id);
        continue;
      }
      const std::string name = names.take(inner->name);
      NodePtr& moved = holder.nodes[id] = inner;
      if (name != inner->name) own(moved).name = name;
      const Position place = positionOf(id);
      work_.layout[id] = {origin.x + place.x, origin.y + place.y, place.isPinned};
      came.push_back(id);
    }
    moveDots(body->wires, origin.x, origin.y);
    for (auto& [id, frame] : work_.frames) {
      if (frame.graph != BodyRef{container, bodyName}) continue;
      frame.graph = path.empty() ? BodyRef{} : path.back();
      frame.x += origin.x;
      frame.y += origin.y;
    }
    ports.insert(container);
    forget(path, ports);
  });
  return came;
}

void Editor::moveInto(const std::vector<NodeId>& ids, const GraphPath& target, Position corner) {
  const std::set<NodeId> chosen(ids.begin(), ids.end());
  if (chosen.empty()) refuse("[move] no node is chosen.");
  if (!isCoordinate(corner.x) || !isCoordinate(corner.y)) refuse("[move] the position is not a finite number.");
  const GraphPath path = find(*chosen.begin()).path;
  if (path == target) refuse("[move] the nodes are in this graph already.");
  const Graph outer = graph(path);
  graph(target);
  for (NodeId id : chosen) {
    const Node* node = outer.find(id);
    if (!node) refuse("[move] the node with id ", id, " is not in the same graph as the others.");
    if (isPort(*node)) refuse("[move] ", inQuotes(node->name), " is a port of its graph and has to stay.");
    if (int(target.size()) + nesting(*node) > kMaxNesting)
      refuse("[move] inner graphs may be nested ", kMaxNesting, " levels deep, not more.");
    for (const BodyRef& step : target)
      if (step.node == id) refuse("[move] ", inQuotes(node->name), " cannot be moved into itself.");
  }

  // The output outside of the chosen nodes whose stream passes through them to `output`.
  const auto sourceOf = [&](PortRef output) -> std::optional<PortRef> {
    for (size_t step = 0; step < chosen.size(); ++step) {
      const Ports ports = portsAt(path, output.node);
      const PortDef* port = ports.findOutput(output.port);
      const PortDef* passing = port ? mutedSource(ports, *port) : nullptr;
      const auto wire = std::find_if(outer.wires.begin(), outer.wires.end(), [&](const Wire& each) {
        return passing && each.to == PortRef{output.node, passing->name};
      });
      if (wire == outer.wires.end()) return {};
      if (!chosen.count(wire->from.node)) return wire->from;
      output = wire->from;
    }
    return {};
  };
  std::vector<Wire> within, joined;
  for (const Wire& wire : outer.wires) {
    const bool startsInside = chosen.count(wire.from.node) > 0, endsInside = chosen.count(wire.to.node) > 0;
    if (startsInside && endsInside) within.push_back(wire);
    if (!startsInside || endsInside) continue;
    if (const auto source = sourceOf(wire.from)) joined.push_back({*source, wire.to});
  }
  Position low{std::numeric_limits<double>::max(), std::numeric_limits<double>::max(), false};
  for (NodeId id : chosen) {
    const Position place = positionOf(id);
    low = {std::min(low.x, place.x), std::min(low.y, place.y), false};
  }

  atomically([&] {
    Graph& source = mutableGraph(path);
    for (NodeId id : chosen) source.nodes.erase(id);
    std::erase_if(source.wires,
                  [&](const Wire& wire) { return chosen.count(wire.from.node) || chosen.count(wire.to.node); });
    for (const Wire& wire : joined)
      if (canConnect(work_, *catalog_, path, wire.from, wire.to).isAllowed) connect(path, wire.from, wire.to);

    Graph& holder = mutableGraph(target);
    NamePool names(holder);
    std::set<NodeId> moved = chosen;
    for (NodeId id : chosen) {
      const NodePtr& node = outer.nodes.at(id);
      collectIdsInside(*node, moved);
      const std::string name = names.take(node->name);
      NodePtr& placed = holder.nodes[id] = node;
      if (name != node->name) own(placed).name = name;
      const Position place = positionOf(id);
      work_.layout[id] = {corner.x + place.x - low.x, corner.y + place.y - low.y, place.isPinned};
    }
    moveDots(within, corner.x - low.x, corner.y - low.y);
    holder.wires.insert(holder.wires.end(), within.begin(), within.end());
    std::sort(holder.wires.begin(), holder.wires.end());
    for (auto& [frameId, frame] : work_.frames)
      if (frame.graph == (path.empty() ? BodyRef{} : path.back()))
        std::erase_if(frame.members, [&](NodeId member) { return chosen.count(member) > 0; });
    size_t shared = 0;
    while (shared < path.size() && shared < target.size() && path[shared] == target[shared]) ++shared;
    // Two bodies of one Repeat share its layers, yet a layer has but one of them.
    forgetLayers(path, shared, moved);
  });
}

}  // namespace fw
