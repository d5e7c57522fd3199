// Composites: linked copies, and parameters of what is inside that the composite has as its own.
#include <algorithm>
#include <functional>
#include <tuple>

#include "engine/arch/editor.h"
#include "engine/arch/editor_support.h"
#include "engine/arch/walk.h"

namespace fw {
namespace {

using Ids = std::map<NodeId, NodeId>;

/// Pairs the nodes inside two containers that stand at the same place, by their names along the way; those whose source
/// or target is paired already are left out.
void pairByName(const Node& source, const Node& target, Ids& pairs, std::set<NodeId>& taken) {
  for (const auto& [bodyName, body] : source.bodies) {
    const auto other = target.bodies.find(bodyName);
    if (other == target.bodies.end()) continue;
    for (const auto& [id, node] : body->nodes) {
      const auto known = pairs.find(id);
      const Node* twin =
          known != pairs.end() ? other->second->find(known->second) : other->second->findByName(node->name);
      if (!twin || (known == pairs.end() && !taken.insert(twin->id).second)) continue;
      pairs.emplace(id, twin->id);
      pairByName(*node, *twin, pairs, taken);
    }
  }
}

/// The same inside under the ids of a copy; what is equal to what the copy has is the copy's own object.
class Mirror {
 public:
  Mirror(const Ids& ids, const std::map<ParamRef, std::optional<ParamValue>>& kept) : ids_(ids), kept_(kept) {}

  GraphPtr graph(const GraphPtr& source, const GraphPtr& present) const {
    auto made = std::make_shared<Graph>();
    made->extra = source->extra;
    bool isSame = present && present->extra == source->extra && present->nodes.size() == source->nodes.size();
    for (const auto& [id, node] : source->nodes) {
      const NodeId own = ids_.at(id);
      const auto known = present ? present->nodes.find(own) : source->nodes.end();
      const bool isKnown = present && known != present->nodes.end();
      NodePtr copy = this->node(*node, isKnown ? known->second : nullptr);
      isSame = isSame && isKnown && copy == known->second;
      made->nodes[own] = std::move(copy);
    }
    for (const Wire& wire : source->wires)
      made->wires.push_back({{at(wire.from.node), wire.from.port}, {at(wire.to.node), wire.to.port}});
    std::sort(made->wires.begin(), made->wires.end());
    return isSame && made->wires == present->wires ? present : GraphPtr(std::move(made));
  }

 private:
  NodeId at(NodeId id) const {
    const auto own = ids_.find(id);
    return own == ids_.end() ? id : own->second;
  }

  NodePtr node(const Node& source, const NodePtr& present) const {
    auto made = std::make_shared<Node>(source);
    made->id = ids_.at(source.id);
    for (auto& [name, body] : made->bodies) {
      const bool isKnown = present && present->bodies.count(name);
      body = graph(body, isKnown ? present->bodies.at(name) : nullptr);
    }
    for (auto& [layer, settings] : made->overrides) {
      std::map<NodeId, Params> params;
      for (const auto& [id, values] : settings.params) params[at(id)] = values;
      settings.params = std::move(params);
      for (NodeId& id : settings.muted) id = at(id);
      std::sort(settings.muted.begin(), settings.muted.end());
    }
    for (auto& [name, targets] : made->promoted)
      for (ParamRef& target : targets) target.node = at(target.node);
    for (auto own = kept_.lower_bound({made->id, ""}); own != kept_.end() && own->first.node == made->id; ++own) {
      if (own->second)
        made->params[own->first.param] = *own->second;
      else
        made->params.erase(own->first.param);
    }
    return present && isSame(*made, *present) ? present : NodePtr(std::move(made));
  }

  static bool isSame(const Node& a, const Node& b) {
    return a.name == b.name && a.block == b.block && a.params == b.params && a.isMuted == b.isMuted &&
           a.weightGroup == b.weightGroup && a.label == b.label && a.link == b.link && a.bodies == b.bodies &&
           a.overrides == b.overrides && a.promoted == b.promoted && a.extra == b.extra;
  }

  const Ids& ids_;
  const std::map<ParamRef, std::optional<ParamValue>>& kept_;
};

bool isInside(const Node& container, NodeId id) {
  std::set<NodeId> ids;
  collectIdsInside(container, ids);
  return ids.count(id) > 0;
}

}  // namespace

bool sameInside(const Node& a, const Node& b) {
  const auto hashes = [](const Node& node) {
    std::set<ParamRef> own;
    for (const auto& [name, unused] : node.promoted)
      for (const ParamRef& leaf : targetsOfParam(node, name)) own.insert(leaf);
    const std::function<Graph(const Graph&)> plain = [&](const Graph& graph) {
      Graph copy = graph;
      for (auto& [id, inner] : copy.nodes) {
        Node changed = *inner;
        std::erase_if(changed.params, [&](const auto& entry) { return own.count({changed.id, entry.first}) > 0; });
        for (auto& [name, body] : changed.bodies) body = std::make_shared<Graph>(plain(*body));
        inner = std::make_shared<Node>(std::move(changed));
      }
      return copy;
    };
    std::map<std::string, Hash> found;
    for (const auto& [name, body] : node.bodies) found[name] = structuralHash(plain(*body));
    return found;
  };
  return hashes(a) == hashes(b);
}

struct Editor::Member {
  GraphPath path;
  NodeId id;
};

/// A container of one inside, which is what can be linked and have promoted parameters.
const Node& Editor::compositeAt(NodeId id, const char* place) const {
  const Node& node = *find(id).node;
  const BlockDef* block = catalog_->find(node.block);
  if (!block || block->body != BodyKind::Single) refuse("[", place, "] ", inQuotes(node.name), " is no composite.");
  return node;
}

std::string Editor::freeLink(const std::string& wish) const {
  std::set<std::string> taken;
  const auto collect = [&](const Node& node) {
    if (!node.link.empty()) taken.insert(node.link);
    return false;
  };
  forEachNode(work_, collect, [](const GraphPath&, const Node&) {});
  std::string name = wish;
  for (int number = 2; taken.count(name); ++number) name = wish + "_" + std::to_string(number);
  return name;
}

NodeId Editor::addLinkedCopy(NodeId composite, Position at) {
  compositeAt(composite, "link");
  const Found found = find(composite);
  const GraphPath path = found.path;
  if (!isCoordinate(at.x) || !isCoordinate(at.y)) refuse("[link] the position is not a finite number.");
  if (nodeCount(work_) + 1 +
          [&] {
            int64_t inside = 0;
            for (const auto& [name, body] : found.node->bodies) inside += nodeCount(*body);
            return inside;
          }() >
      kMaxNodes)
    refuse("[link] a document may have ", kMaxNodes, " nodes, not more.");
  NodeId id = 0;
  atomically([&] {
    if (found.node->link.empty()) mutableNode(found).link = freeLink(found.node->name);
    Graph part;
    part.nodes[composite] = graph(path).nodes.at(composite);
    std::map<NodeId, NodeId> ids;
    const GraphPtr copy = copyOf(part, ids);
    id = ids.at(composite);
    NodePtr made = copy->nodes.at(id);
    own(made).name = freeName(graph(path), made->name);
    mutableGraph(path).nodes[id] = made;
    work_.layout[id] = at;
  });
  return id;
}

void Editor::linkCopies(const std::vector<NodeId>& composites) {
  const std::set<NodeId> chosen(composites.begin(), composites.end());
  if (chosen.size() < 2) refuse("[link] expected two composites at least.");
  const Node& first = compositeAt(*chosen.begin(), "link");
  std::string link = first.link;
  for (NodeId id : chosen) {
    const Node& node = compositeAt(id, "link");
    if (!sameInside(node, first))
      refuse("[link] ", inQuotes(first.name), " and ", inQuotes(node.name),
             " differ inside; expected equal composites.");
    if (&node != &first && (isInside(first, id) || isInside(node, first.id)))
      refuse("[link] ", inQuotes(node.name), " and ", inQuotes(first.name), " lie inside each other.");
  }
  if (link.empty()) link = freeLink(first.name);
  for (NodeId id : chosen) {
    const Found found = find(id);
    if (found.node->link != link) mutableNode(found).link = link;
  }
}

void Editor::makeUnique(NodeId composite) {
  const Found found = find(composite);
  if (found.node->link.empty()) refuse("[unique] ", inQuotes(found.node->name), " is no linked copy.");
  mutableNode(found).link.clear();
}

void Editor::promote(NodeId inner, const std::string& param, const std::string& name) {
  const Found found = find(inner);
  const BlockDef* block = catalog_->find(found.node->block);
  if (!found.node->promoted.count(param) && (!block || !block->findParam(param)))
    refuse("[promote] ", inQuotes(found.node->name), " has no parameter ", inQuotes(param), ".");
  if (found.path.empty()) refuse("[promote] ", inQuotes(found.node->name), " lies in no composite.");
  const Node& around = compositeAt(found.path.back().node, "promote");
  for (const auto& [known, targets] : around.promoted)
    if (std::find(targets.begin(), targets.end(), ParamRef{inner, param}) != targets.end())
      refuse("[promote] ", inQuotes(around.name), " has it already, as ", inQuotes(known), ".");
  std::string own = name.empty() ? param : name;
  if (!isIdentifier(own)) refuse("[promote] ", inQuotes(own), " is no name; expected letters, digits, '_' and '-'.");
  for (int number = 2; name.empty() && around.promoted.count(own); ++number) own = param + "_" + std::to_string(number);
  mutableNode(find(around.id)).promoted[own].push_back({inner, param});
}

void Editor::demote(NodeId composite, const std::string& name) {
  const Found found = find(composite);
  if (!found.node->promoted.count(name))
    refuse("[promote] ", inQuotes(found.node->name), " has no promoted parameter ", inQuotes(name), ".");
  mutableNode(found).promoted.erase(name);
}

// ---- after an edit

namespace {

/// Dots of the wires among these nodes.
std::map<NodeId, Dot> dotsInside(const Architecture& architecture, const std::set<NodeId>& nodes) {
  std::map<NodeId, Dot> found;
  for (const auto& [id, dot] : architecture.dots)
    if (nodes.count(dot.wire.from.node) && nodes.count(dot.wire.to.node)) found[id] = dot;
  return found;
}

}  // namespace

/// Whether a linked copy is new, or differs from what it was before the edit.
bool Editor::isEdited(const Member& member) const {
  const Node* before = findNode(base_, member.id);
  const Node* now = graph(member.path).find(member.id);
  if (!before || before->link != now->link || before->bodies != now->bodies || before->promoted != now->promoted)
    return true;
  const bool areDotsEqual = base_.dots == work_.dots;
  if (areDotsEqual && base_.layout.size() == work_.layout.size() && base_.layout == work_.layout) return false;
  std::set<NodeId> inside;
  collectIdsInside(*now, inside);
  if (!areDotsEqual && dotsInside(base_, inside) != dotsInside(work_, inside)) return true;
  return std::any_of(inside.begin(), inside.end(), [&](NodeId id) {
    const auto was = base_.layout.find(id), is = work_.layout.find(id);
    return (was == base_.layout.end()) != (is == work_.layout.end()) ||
           (was != base_.layout.end() && !(was->second == is->second));
  });
}

void Editor::settle() {
  std::map<std::string, std::set<NodeId>> edited;
  bool isLinked = false;
  const auto look = [&](const Node& node) {
    isLinked = isLinked || !node.link.empty();
    return false;
  };
  forEachNode(work_, look, [](const GraphPath&, const Node&) {});
  if (isLinked) {
    GraphPath path;
    const std::function<void(const Graph&)> walk = [&](const Graph& graph) {
      for (const auto& [id, node] : graph.nodes) {
        if (!node->link.empty() && isEdited({path, id})) edited[node->link].insert(id);
        for (const auto& [name, body] : node->bodies) {
          path.push_back({id, name});
          walk(*body);
          path.pop_back();
        }
      }
    };
    walk(*work_.root);
    // A copy may hold copies of another composite: what reaches them in one round goes on in the next.
    bool isMoving = !edited.empty();
    for (int round = 0; isMoving && round < kMaxNesting; ++round) {
      isMoving = false;
      std::set<std::string> links;
      const auto collect = [&](const Node& node) {
        if (!node.link.empty()) links.insert(node.link);
        return false;
      };
      forEachNode(work_, collect, [](const GraphPath&, const Node&) {});
      for (const std::string& link : links) isMoving = followLinks(link, edited[link]) || isMoving;
    }
  }
  dropLoose();
}

/// Makes the copies of one link equal to one that was edited, or a new one to those that were there; true where
/// something has changed.
bool Editor::followLinks(const std::string& link, const std::set<NodeId>& edited) {
  if (edited.empty()) return false;
  std::vector<Member> members;
  GraphPath path;
  const std::function<void(const Graph&)> walk = [&](const Graph& graph) {
    for (const auto& [id, node] : graph.nodes) {
      if (node->link == link) members.push_back({path, id});
      for (const auto& [name, body] : node->bodies) {
        path.push_back({id, name});
        walk(*body);
        path.pop_back();
      }
    }
  };
  walk(*work_.root);
  if (members.size() < 2) return false;
  for (const Member& member : members)
    for (const BodyRef& step : member.path) {
      const Node* around = findNode(work_, step.node);
      if (around->link == link)
        refuse("[link] ", inQuotes(around->name), " would hold a copy of itself; make one of them unique first.");
    }
  const auto wasThere = [&](const Member& member) {
    const Node* before = findNode(base_, member.id);
    return before && before->link == link;
  };
  auto source = std::find_if(members.begin(), members.end(),
                             [&](const Member& member) { return wasThere(member) && edited.count(member.id) > 0; });
  if (source == members.end()) source = std::find_if(members.begin(), members.end(), wasThere);
  if (source == members.end()) source = members.begin();
  bool hasChanged = false;
  for (const Member& member : members)
    if (member.id != source->id) hasChanged = follow(*source, member) || hasChanged;
  return hasChanged;
}

/// Gives `target` the inside of `source`; its promoted parameters keep their values.
bool Editor::follow(const Member& source, const Member& target) {
  const Node from = *graph(source.path).find(source.id);
  const Node to = *graph(target.path).find(target.id);
  if (int(target.path.size()) + nesting(from) > kMaxNesting)
    refuse("[link] inner graphs may be nested ", kMaxNesting, " levels deep, not more.");

  // Nodes that were each other's copies before the edit stay so, whatever they are called now.
  Ids ids;
  std::set<NodeId> present, taken, inside;
  collectIdsInside(to, present);
  const Node* fromBefore = findNode(base_, source.id);
  const Node* toBefore = findNode(base_, target.id);
  if (fromBefore && toBefore && fromBefore->link == from.link && toBefore->link == from.link) {
    Ids before;
    pairByName(*fromBefore, *toBefore, before, taken);
    taken.clear();
    for (const auto& [id, twin] : before)
      if (present.count(twin)) ids[id] = twin, taken.insert(twin);
  }
  pairByName(from, to, ids, taken);
  collectIdsInside(from, inside);
  for (NodeId id : inside)
    if (!ids.count(id)) ids[id] = takeId();

  std::map<ParamRef, std::optional<ParamValue>> kept;
  for (const auto& [name, unused] : from.promoted)
    for (const ParamRef& leaf : targetsOfParam(from, name)) {
      const NodeId own = ids.at(leaf.node);
      if (!present.count(own)) continue;
      const Node* node = findNode(work_, own);
      const auto value = node->params.find(leaf.param);
      kept[{own, leaf.param}] = value == node->params.end() ? std::nullopt : std::optional(value->second);
    }

  const Mirror mirror(ids, kept);
  Node made = to;
  made.bodies.clear();
  for (const auto& [name, body] : from.bodies)
    made.bodies[name] = mirror.graph(body, to.bodies.count(name) ? to.bodies.at(name) : nullptr);
  made.promoted = from.promoted;
  for (auto& [name, targets] : made.promoted)
    for (ParamRef& each : targets)
      if (const auto own = ids.find(each.node); own != ids.end()) each.node = own->second;
  bool hasChanged = made.bodies != to.bodies || made.promoted != to.promoted;

  if (hasChanged) {
    const Ports before = portsAt(target.path, target.id);
    std::map<std::pair<std::string, std::string>, std::string> renamed;  // (block, old name) of a port
    for (const auto& [name, body] : made.bodies)
      for (const auto& [id, node] : body->nodes) {
        const auto old = to.bodies.find(name);
        const Node* was = old == to.bodies.end() ? nullptr : old->second->find(id);
        if (was && isPort(*node) && was->name != node->name) renamed[{node->block, was->name}] = node->name;
      }
    Graph& holder = mutableGraph(target.path);
    holder.nodes[target.id] = std::make_shared<Node>(made);
    const auto follow = [&](Wire& wire) {
      for (const bool isInput : {true, false}) {
        PortRef& end = isInput ? wire.to : wire.from;
        const auto name = renamed.find({isInput ? kInBlock : kOutBlock, end.port});
        if (end.node == target.id && name != renamed.end()) end.port = name->second;
      }
    };
    for (Wire& wire : holder.wires) follow(wire);
    std::sort(holder.wires.begin(), holder.wires.end());
    for (auto& [id, dot] : work_.dots) follow(dot.wire);
    std::set<NodeId> now, gone;
    collectIdsInside(made, now);
    std::set_difference(present.begin(), present.end(), now.begin(), now.end(), std::inserter(gone, gone.end()));
    std::erase_if(gone, [&](NodeId id) { return findNode(work_, id) != nullptr; });  // it stands elsewhere now
    GraphPath within = target.path;
    within.push_back({target.id, made.bodies.empty() ? "body" : made.bodies.begin()->first});
    forget(within, gone);
    const Ports after = portsAt(target.path, target.id);
    const auto isGone = [](const std::vector<PortDef>& then, const Ports& known, bool isInput,
                           const std::string& port) {
      const bool was = std::any_of(then.begin(), then.end(), [&](const PortDef& each) { return each.name == port; });
      return was && !(isInput ? known.findInput(port) : known.findOutput(port));
    };
    std::erase_if(mutableGraph(target.path).wires, [&](const Wire& wire) {
      return (wire.to.node == target.id && isGone(before.inputs, after, true, wire.to.port)) ||
             (wire.from.node == target.id && isGone(before.outputs, after, false, wire.from.port));
    });
    if (nodeCount(work_) > kMaxNodes) refuse("[link] a document may have ", kMaxNodes, " nodes, not more.");
  }
  for (const NodeId id : inside) {
    const auto place = work_.layout.find(id);
    if (place == work_.layout.end()) continue;
    const auto [mine, isNew] = work_.layout.try_emplace(ids.at(id), place->second);
    if (!isNew && !(mine->second == place->second)) mine->second = place->second, hasChanged = true;
  }
  return followDots(inside, ids) || hasChanged;
}

/// The wires inside a copy run through the dots that their twins do.
bool Editor::followDots(const std::set<NodeId>& inside, const std::map<NodeId, NodeId>& ids) {
  std::vector<Dot> wanted;
  for (auto [id, dot] : dotsInside(work_, inside)) {
    dot.wire.from.node = ids.at(dot.wire.from.node);
    dot.wire.to.node = ids.at(dot.wire.to.node);
    wanted.push_back(std::move(dot));
  }
  std::set<NodeId> twins;
  for (const NodeId id : inside) twins.insert(ids.at(id));
  const std::map<NodeId, Dot> present = dotsInside(work_, twins);
  const auto isBefore = [](const Dot& a, const Dot& b) {
    return std::tie(a.wire, a.order) < std::tie(b.wire, b.order);
  };
  std::vector<Dot> now;
  for (const auto& [id, dot] : present) now.push_back(dot);
  std::stable_sort(wanted.begin(), wanted.end(), isBefore);
  std::stable_sort(now.begin(), now.end(), isBefore);
  if (wanted == now) return false;
  auto own = present.begin();
  for (Dot& dot : wanted) work_.dots[own == present.end() ? takeId() : (own++)->first] = std::move(dot);
  for (; own != present.end(); ++own) work_.dots.erase(own->first);
  return true;
}

/// Dots of wires, and promotions of nodes, that are there no more.
void Editor::dropLoose() {
  if (!work_.dots.empty()) {
    std::set<Wire> wires;
    const std::function<void(const Graph&)> walk = [&](const Graph& graph) {
      wires.insert(graph.wires.begin(), graph.wires.end());
      for (const auto& [id, node] : graph.nodes)
        for (const auto& [name, body] : node->bodies) walk(*body);
    };
    walk(*work_.root);
    std::erase_if(work_.dots, [&](const auto& entry) { return !wires.count(entry.second.wire); });
  }
  std::vector<NodeId> loose;
  const auto look = [&](const Node& node) {
    if (node.promoted.empty()) return false;
    std::set<NodeId> inside;
    collectIdsInside(node, inside);
    for (const auto& [name, targets] : node.promoted)
      if (std::any_of(targets.begin(), targets.end(), [&](const ParamRef& ref) { return !inside.count(ref.node); })) {
        loose.push_back(node.id);
        break;
      }
    return false;
  };
  forEachNode(work_, look, [](const GraphPath&, const Node&) {});
  for (NodeId id : loose) {
    Node& node = mutableNode(find(id));
    std::set<NodeId> inside;
    collectIdsInside(node, inside);
    for (auto& [name, targets] : node.promoted)
      std::erase_if(targets, [&](const ParamRef& ref) { return !inside.count(ref.node); });
    std::erase_if(node.promoted, [](const auto& entry) { return entry.second.empty(); });
  }
}

}  // namespace fw
