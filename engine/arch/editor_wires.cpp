// Edits of wires, and of nodes that keep their wires.
#include <algorithm>

#include "engine/arch/editor.h"
#include "engine/arch/editor_support.h"
#include "engine/arch/params.h"
#include "engine/arch/walk.h"

namespace fw {

Ports Editor::portsAt(const GraphPath& path, NodeId id) const {
  const Node* node = graph(path).find(id);
  const BlockDef* block = node ? catalog_->find(node->block) : nullptr;
  return block ? portsOf(*node, *block) : Ports{};
}

/// Puts a wire in its place in the order.
void Editor::addWire(const GraphPath& path, const Wire& wire) {
  std::vector<Wire>& wires = mutableGraph(path).wires;
  const auto place = std::lower_bound(wires.begin(), wires.end(), wire);
  if (place == wires.end() || *place != wire) wires.insert(place, wire);
}

void Editor::connect(const GraphPath& path, const PortRef& from, const PortRef& to) {
  const Verdict verdict = canConnect(work_, *catalog_, path, from, to);
  if (!verdict.isAllowed) refuse("[connect] ", verdict.reason);
  const Wire wire{from, to};
  const std::vector<Wire>& wires = graph(path).wires;
  if (std::binary_search(wires.begin(), wires.end(), wire) &&
      std::count_if(wires.begin(), wires.end(), [&](const Wire& other) { return other.to == to; }) == 1)
    return;
  std::erase_if(mutableGraph(path).wires, [&](const Wire& other) { return other.to == to; });
  addWire(path, wire);
}

void Editor::disconnect(const GraphPath& path, const Wire& wire) {
  const std::vector<Wire>& wires = graph(path).wires;
  if (!std::binary_search(wires.begin(), wires.end(), wire))
    refuse("[disconnect] there is no wire from ", wire.from.node, ".", wire.from.port, " to ", wire.to.node, ".",
           wire.to.port, ".");
  std::erase(mutableGraph(path).wires, wire);
}

void Editor::insertOnWire(const GraphPath& path, const Wire& wire, NodeId id, size_t dotsBefore) {
  atomically([&] {
    std::map<Wire, std::vector<NodeId>> dots = dotsByWire(work_);
    disconnect(path, wire);
    const Ports ports = portsAt(path, id);
    const auto input = std::find_if(ports.inputs.begin(), ports.inputs.end(), [&](const PortDef& port) {
      return canConnect(work_, *catalog_, path, wire.from, {id, port.name}).isAllowed;
    });
    if (input == ports.inputs.end()) refuse("[insert] the node has no input that takes what this wire carries.");
    connect(path, wire.from, {id, input->name});
    const auto output = std::find_if(ports.outputs.begin(), ports.outputs.end(), [&](const PortDef& port) {
      return canConnect(work_, *catalog_, path, {id, port.name}, wire.to).isAllowed;
    });
    if (output == ports.outputs.end()) refuse("[insert] the node has no output that fits the end of this wire.");
    connect(path, {id, output->name}, wire.to);
    const std::vector<NodeId>& own = dots[wire];
    for (size_t i = 0; i < own.size(); ++i)
      work_.dots.at(own[i]).wire =
          i < dotsBefore ? Wire{wire.from, {id, input->name}} : Wire{{id, output->name}, wire.to};
  });
}

void Editor::removeAndHeal(NodeId id) {
  const Found found = find(id);
  const GraphPath path = found.path;
  const std::vector<Wire> into = graph(path).wiresInto(id), out = graph(path).wiresFrom(id);
  const Ports ports = portsAt(path, id);
  atomically([&] {
    removeNodes({id});
    for (const Wire& wire : out) {
      const PortDef* output = ports.findOutput(wire.from.port);
      const PortDef* passing = output ? mutedSource(ports, *output) : nullptr;
      std::vector<Wire> sources = into;
      std::stable_partition(sources.begin(), sources.end(),
                            [&](const Wire& source) { return passing && source.to.port == passing->name; });
      const auto fits = std::find_if(sources.begin(), sources.end(), [&](const Wire& source) {
        return source.from.node != id && wire.to.node != id &&
               canConnect(work_, *catalog_, path, source.from, wire.to).isAllowed;
      });
      if (fits != sources.end()) connect(path, fits->from, wire.to);
    }
  });
}

void Editor::replaceBlock(NodeId id, const std::string& block) {
  const Found found = find(id);
  const BlockDef& def = blockFor(block);
  const BlockDef* oldDef = catalog_->find(found.node->block);
  const GraphPath path = found.path;
  if (isPort(*found.node) || block == kInBlock || block == kOutBlock) refuse("[replace] a port stays what it is.");
  if (def.body != BodyKind::None && path.size() >= size_t(kMaxNesting))
    refuse("[replace] inner graphs may be nested ", kMaxNesting, " levels deep, not more.");

  Node changed = *found.node;
  changed.block = block;
  changed.params.clear();
  for (const auto& [param, value] : found.node->params) {
    const ParamDef* kept = def.findParam(param);
    if (kept && resolveParam(*kept, &value, work_.variables).problem.empty()) assignParam(changed, param, value);
  }
  if (oldDef && changed.name == oldDef->name && isIdentifier(def.name)) {
    Graph others = graph(path);
    others.nodes.erase(id);
    changed.name = freeName(others, def.name);
  }
  const bool keepsBodies = oldDef && oldDef->body == def.body;
  std::set<NodeId> gone;
  if (!keepsBodies) {
    collectIdsInside(changed, gone);
    changed.bodies.clear();
    changed.overrides.clear();
    changed.link.clear();
    changed.promoted.clear();
  }
  const std::vector<Wire> into = graph(path).wiresInto(id), out = graph(path).wiresFrom(id);
  atomically([&] {
    forget(path, gone);
    fillBodies(changed, def);
    Graph& holder = mutableGraph(path);
    holder.nodes[id] = std::make_shared<Node>(changed);
    std::erase_if(holder.wires, [&](const Wire& wire) { return wire.from.node == id || wire.to.node == id; });
    const Ports ports = portsAt(path, id);

    // A wire goes to the port of the same name, else to the first free one that takes it.
    std::set<std::string> used;
    const auto rewire = [&](const std::vector<PortDef>& candidates, const std::string& wish, bool isShared,
                            const auto& wireFor) {
      std::vector<std::string> order = {wish};
      for (const PortDef& port : candidates) order.push_back(port.name);
      for (const std::string& port : order) {
        const Wire wire = wireFor(port);
        if ((!isShared && used.count(port)) || !canConnect(work_, *catalog_, path, wire.from, wire.to).isAllowed)
          continue;
        used.insert(port);
        connect(path, wire.from, wire.to);
        return;
      }
    };
    for (const Wire& wire : into)
      rewire(ports.inputs, wire.to.port, false, [&](const std::string& port) { return Wire{wire.from, {id, port}}; });
    for (const Wire& wire : out)
      rewire(ports.outputs, wire.from.port, true, [&](const std::string& port) { return Wire{{id, port}, wire.to}; });
  });
}

}  // namespace fw
