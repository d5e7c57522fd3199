// Edits of nodes, parameters, weight groups and variables.
#include "engine/arch/editor.h"

#include <algorithm>

#include "engine/arch/editor_support.h"
#include "engine/arch/params.h"
#include "engine/arch/walk.h"

namespace fw {

Editor::Editor(const Architecture& base, const Catalog& catalog) : base_(base), work_(base), catalog_(&catalog) {}

// ---- finding and changing

Editor::Found Editor::find(NodeId id) const {
  Found found{nullptr, {}};
  found.node = findNode(work_, id, &found.path);
  if (!found.node) refuse("[edit] there is no node with id ", id, ".");
  return found;
}

const BlockDef& Editor::blockFor(const std::string& id) const {
  const BlockDef* block = catalog_->find(id);
  if (!block) refuse("[edit] this program has no block ", inQuotes(id), ".");
  return *block;
}

const Graph& Editor::graph(const GraphPath& path) const {
  const Graph* found = graphAt(work_, path);
  if (!found) refuse("[edit] there is no inner graph ", inQuotes(pathText(work_, path)), ".");
  return *found;
}

Graph& Editor::mutableGraph(const GraphPath& path) {
  graph(path);
  Graph* walked = &own(work_.root);
  for (const BodyRef& step : path) walked = &own(own(walked->nodes.at(step.node)).bodies.at(step.body));
  return *walked;
}

Node& Editor::mutableNode(const Found& found) {
  const NodeId id = found.node->id;
  return own(mutableGraph(found.path).nodes.at(id));
}

NodeId Editor::takeId() {
  if (work_.nextId >= NodeId(1) << 53) refuse("[edit] the document has used up its ids; save it and open it again.");
  return work_.nextId++;
}

void Editor::atomically(const std::function<void()>& change) {
  const Architecture backup = work_;
  try {
    change();
  } catch (...) {
    work_ = backup;
    throw;
  }
}

// ---- nodes

NodeId Editor::addNode(const GraphPath& path, const std::string& block, Position at, const Params& params,
                       const std::string& name) {
  const Graph& target = graph(path);
  const BlockDef& def = blockFor(block);
  if (!isCoordinate(at.x) || !isCoordinate(at.y)) refuse("[add] the position is not a finite number.");
  if (def.body != BodyKind::None && path.size() >= size_t(kMaxNesting))
    refuse("[add] inner graphs may be nested ", kMaxNesting, " levels deep, not more.");
  if (nodeCount(work_) >= kMaxNodes) refuse("[add] a document may have ", kMaxNodes, " nodes, not more.");
  if (!name.empty() && !isIdentifier(name))
    refuse("[add] ", inQuotes(name), " is no name; expected letters, digits, '_' and '-', at most 100.");
  if (!name.empty() && target.findByName(name)) refuse("[add] the name ", inQuotes(name), " is taken in this graph.");

  auto node = std::make_shared<Node>();
  node->block = block;
  const std::string wish = def.name.empty() ? block.substr(block.rfind('.') + 1) : def.name;
  node->name = name.empty() ? freeName(target, isIdentifier(wish) ? wish : "node") : name;
  for (const auto& [param, value] : params) assignParam(*node, param, value);
  atomically([&] {
    node->id = takeId();
    fillBodies(*node, def);
    work_.layout[node->id] = at;
    mutableGraph(path).nodes[node->id] = node;
  });
  return node->id;
}

void Editor::removeNodes(const std::vector<NodeId>& ids) {
  std::set<NodeId> nodes(ids.begin(), ids.end());
  for (auto id = nodes.begin(); id != nodes.end();)
    id = work_.frames.count(*id) || work_.dots.count(*id) ? nodes.erase(id) : std::next(id);
  const std::map<GraphPath, std::set<NodeId>> byGraph = locate(work_, nodes);
  size_t located = 0;
  for (const auto& [path, inside] : byGraph) located += inside.size();
  if (located < nodes.size())
    for (NodeId id : nodes) find(id);
  for (const auto& [path, inside] : byGraph) removeFrom(path, inside);
  for (NodeId id : ids) {
    work_.frames.erase(id);
    work_.dots.erase(id);
  }
}

void Editor::removeFrom(const GraphPath& path, const std::set<NodeId>& ids) {
  const Ports before = containerPorts(path);
  std::set<NodeId> gone = ids;
  Graph& changed = mutableGraph(path);
  for (NodeId id : ids) {
    collectIdsInside(*changed.nodes.at(id), gone);
    changed.nodes.erase(id);
  }
  std::erase_if(changed.wires, [&](const Wire& wire) { return ids.count(wire.from.node) || ids.count(wire.to.node); });
  forget(path, gone);
  dropOuterWires(path, before);
}

/// Positions, frames and settings of layers that belong to nodes which have left the graph at `path`.
void Editor::forget(const GraphPath& path, const std::set<NodeId>& ids) {
  for (NodeId id : ids) work_.layout.erase(id);
  for (auto frame = work_.frames.begin(); frame != work_.frames.end();) {
    std::erase_if(frame->second.members, [&](NodeId id) { return ids.count(id) > 0; });
    frame = ids.count(frame->second.graph.node) ? work_.frames.erase(frame) : std::next(frame);
  }
  forgetLayers(path, 0, ids);
}

/// Settings of layers, of the containers along `path` from `fromDepth` on, that name one of the nodes.
void Editor::forgetLayers(const GraphPath& path, size_t fromDepth, const std::set<NodeId>& ids) {
  for (size_t depth = fromDepth; depth < path.size(); ++depth) {
    const GraphPath outer(path.begin(), path.begin() + std::ptrdiff_t(depth));
    const Node* container = graph(outer).find(path[depth].node);
    const auto names = [&](const LayerOverride& layer) {
      return std::any_of(layer.params.begin(), layer.params.end(),
                         [&](const auto& entry) { return ids.count(entry.first) > 0; }) ||
             std::any_of(layer.muted.begin(), layer.muted.end(), [&](NodeId id) { return ids.count(id) > 0; });
    };
    if (std::none_of(container->overrides.begin(), container->overrides.end(),
                     [&](const auto& o) { return names(o.second); }))
      continue;
    Node& repeat = mutableNode({container, outer});
    for (auto layer = repeat.overrides.begin(); layer != repeat.overrides.end();) {
      LayerOverride& settings = layer->second;
      std::erase_if(settings.params, [&](const auto& entry) { return ids.count(entry.first) > 0; });
      std::erase_if(settings.muted, [&](NodeId id) { return ids.count(id) > 0; });
      const bool isEmpty = settings.params.empty() && settings.muted.empty() && settings.extra.empty();
      layer = isEmpty ? repeat.overrides.erase(layer) : std::next(layer);
    }
  }
}

void Editor::rename(NodeId id, const std::string& name) {
  const Found found = find(id);
  if (found.node->name == name) return;
  if (!isIdentifier(name))
    refuse("[rename] ", inQuotes(name), " is no name; expected letters, digits, '_' and '-', at most 100.");
  if (graph(found.path).findByName(name)) refuse("[rename] the name ", inQuotes(name), " is taken in this graph.");
  if (!isPort(*found.node) || found.path.empty()) {
    mutableNode(found).name = name;
    return;
  }
  const GraphPath outer(found.path.begin(), found.path.end() - 1);
  const NodeId containerId = found.path.back().node;
  const std::string old = found.node->name, block = found.node->block;
  const auto isSame = [&](const Node& node) { return node.name == old && node.block == block; };
  for (const auto& [body, inner] : graph(outer).find(containerId)->bodies) {
    const Node* other = inner->findByName(name);
    const bool hasPort =
        std::any_of(inner->nodes.begin(), inner->nodes.end(), [&](const auto& n) { return isSame(*n.second); });
    if (other && hasPort)
      refuse("[rename] the name ", inQuotes(name), " is taken in the inner graph ", inQuotes(body), ".");
  }
  Graph& holder = mutableGraph(outer);
  Node& container = own(holder.nodes.at(containerId));
  for (auto& [body, inner] : container.bodies)
    for (const NodeId portId : [&] {
           std::vector<NodeId> same;
           for (const auto& [innerId, node] : inner->nodes)
             if (isSame(*node)) same.push_back(innerId);
           return same;
         }())
      own(own(inner).nodes.at(portId)).name = name;
  for (Wire& wire : holder.wires) {
    PortRef& end = block == kInBlock ? wire.to : wire.from;
    if (end.node == containerId && end.port == old) end.port = name;
  }
  std::sort(holder.wires.begin(), holder.wires.end());
  for (auto& [dotId, dot] : work_.dots) {
    PortRef& end = block == kInBlock ? dot.wire.to : dot.wire.from;
    if (end.node == containerId && end.port == old) end.port = name;
  }
}

void Editor::setLabel(NodeId id, const std::string& label) {
  const Found found = find(id);
  requireText(label, "label");
  if (found.node->label != label) mutableNode(found).label = label;
}

void Editor::setMuted(NodeId id, bool isMuted) {
  const Found found = find(id);
  if (found.node->isMuted != isMuted) mutableNode(found).isMuted = isMuted;
}

void Editor::move(NodeId id, Position to) {
  if (!isCoordinate(to.x) || !isCoordinate(to.y)) refuse("[move] the position is not a finite number.");
  const auto frame = work_.frames.find(id);
  if (frame != work_.frames.end()) {
    frame->second.x = to.x;
    frame->second.y = to.y;
    return;
  }
  if (const auto dot = work_.dots.find(id); dot != work_.dots.end()) {
    dot->second.x = to.x;
    dot->second.y = to.y;
    return;
  }
  if (!work_.layout.count(id)) find(id);
  work_.layout[id] = to;
}

void Editor::setPinned(NodeId id, bool isPinned) {
  if (!work_.layout.count(id)) find(id);
  work_.layout[id].isPinned = isPinned;
}

// ---- parameters

/// Sets a parameter in the form that documents keep; the default removes the entry.
void Editor::assignParam(Node& node, const std::string& param, const ParamValue& value) const {
  const std::string place = node.name + "." + param;
  if (const std::string* words = std::get_if<std::string>(&value)) requireText(*words, place.c_str());
  const double* number = std::get_if<double>(&value);
  if (number && !std::isfinite(*number)) throw Error(Code::Parameter, text("[", place, "] the number is not finite."));
  const BlockDef* block = catalog_->find(node.block);
  if (!block) {
    if (!isIdentifier(param))
      throw Error(Code::Parameter, text("[", node.name, "] ", inQuotes(param), " is no name of a parameter."));
    node.params[param] = value;
    return;
  }
  const ParamDef* def = block->findParam(param);
  if (!def) throw Error(Code::Parameter, text("[", place, "] block '", block->id, "' has no such parameter."));
  const std::optional<ParamValue> normal = normalizedParam(*def, value);
  if (!normal)
    throw Error(Code::Parameter,
                text("[", place, "] ", inQuotes(toText(value)), " does not fit; expected ", expectation(*def), "."));
  if (*normal == normalizedParam(*def, def->value)) {
    node.params.erase(param);
  } else {
    node.params[param] = *normal;
  }
}

void Editor::setParam(NodeId id, const std::string& param, const ParamValue& value) {
  const Found found = find(id);
  if (found.node->promoted.count(param)) {
    const std::vector<ParamRef> targets = targetsOfParam(*found.node, param);
    return atomically([&] {
      for (const ParamRef& target : targets) setParam(target.node, target.param, value);
    });
  }
  const BlockDef* block = catalog_->find(found.node->block);
  const bool makesBodies = block && ((block->body == BodyKind::Repeat && param == "pattern") ||
                                     (block->body == BodyKind::Fork && param == "branches"));
  if (makesBodies && std::holds_alternative<std::string>(value) && block->findParam(param)) {
    setBodies(found, param, std::get<std::string>(value));
    return;
  }
  Node changed = *found.node;
  assignParam(changed, param, value);
  if (changed.params != found.node->params) mutableNode(found).params = std::move(changed.params);
}

void Editor::setWeightGroup(NodeId id, const std::string& group) {
  const Found found = find(id);
  if (!group.empty() && !work_.weightGroups.count(group))
    refuse("[weight group] there is no weight group ", inQuotes(group), ".");
  if (found.node->weightGroup != group) mutableNode(found).weightGroup = group;
}

void Editor::setGroupPolicy(const std::string& group, const WeightGroup& value) {
  if (!isIdentifier(group))
    refuse("[weight group] ", inQuotes(group), " is no name; expected letters, digits, '_' and '-', at most 100.");
  if (!value.policy.empty()) {
    if (!isBlockId(value.policy)) refuse("[weight group] ", inQuotes(value.policy), " is no name of a policy.");
    for (const auto& [param, setting] : value.params) {
      if (!isIdentifier(param)) refuse("[weight group] ", inQuotes(param), " is no name of a parameter.");
      if (const std::string* words = std::get_if<std::string>(&setting)) requireText(*words, "weight group");
      const double* number = std::get_if<double>(&setting);
      if (number && !std::isfinite(*number)) refuse("[weight group] the number ", inQuotes(param), " is not finite.");
    }
    work_.weightGroups[group] = value;
    return;
  }
  if (work_.weightGroups.erase(group) == 0) refuse("[weight group] there is no weight group ", inQuotes(group), ".");
  std::vector<NodeId> members;
  const auto collect = [&](const Node& node) {
    if (node.weightGroup == group) members.push_back(node.id);
    return false;
  };
  forEachNode(work_, collect, [](const GraphPath&, const Node&) {});
  for (NodeId id : members) mutableNode(find(id)).weightGroup.clear();
}

void Editor::setVariable(const std::string& name, double value) {
  if (!isVariableName(name))
    refuse("[variable] ", inQuotes(name),
           " is no name; expected letters, digits and '_', no digit first, at most 100.");
  if (!std::isfinite(value)) refuse("[variable] the value of ", inQuotes(name), " is not finite.");
  work_.variables[name] = value;
}

void Editor::removeVariable(const std::string& name) {
  if (work_.variables.erase(name) == 0) refuse("[variable] there is no variable ", inQuotes(name), ".");
}

void Editor::setName(const std::string& name) {
  requireText(name, "name");
  work_.name = name;
}

// ---- frames

NodeId Editor::addFrame(const GraphPath& path, const Frame& frame) {
  graph(path);
  Frame placed = frame;
  placed.graph = path.empty() ? BodyRef{} : path.back();
  const NodeId id = work_.nextId;
  atomically([&] {
    work_.frames[takeId()] = placed;
    setFrame(id, placed);
  });
  return id;
}

void Editor::setFrame(NodeId id, const Frame& frame) {
  const auto old = work_.frames.find(id);
  if (old == work_.frames.end()) refuse("[frame] there is no frame with id ", id, ".");
  for (const std::string* words : {&frame.title, &frame.note, &frame.colour}) requireText(*words, "frame");
  for (double number : {frame.x, frame.y, frame.width, frame.height})
    if (!isCoordinate(number)) refuse("[frame] a coordinate is not a finite number.");
  const BodyRef place = old->second.graph;
  GraphPath path;
  if (place.node != 0) {
    path = find(place.node).path;
    path.push_back(place);
  }
  for (NodeId member : frame.members)
    if (!graph(path).find(member)) refuse("[frame] there is no node with id ", member, " in the frame's graph.");
  old->second = frame;
  old->second.graph = place;
  std::sort(old->second.members.begin(), old->second.members.end());
}

}  // namespace fw
