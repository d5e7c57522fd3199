// Copying nodes as text, and pasting text that nobody vouches for.
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/arch/document_json.h"
#include "engine/arch/editor.h"
#include "engine/arch/editor_support.h"
#include "engine/arch/expression.h"
#include "engine/arch/walk.h"

namespace fw {
namespace {

constexpr const char* kFormat = "formwright-fragment";
constexpr int kVersion = 1;
constexpr const char* kPlace = "clipboard";

/// Groups and variables that a node and what is inside it refer to.
void collectReferences(const Node& node, std::set<std::string>& groups, std::set<std::string>& variables) {
  const auto addVariables = [&](const Params& params) {
    for (const auto& [name, value] : params) {
      const std::string* words = std::get_if<std::string>(&value);
      if (words && !words->empty() && words->front() == '=')
        variables.merge(expressionVariables(std::string_view(*words).substr(1)));
    }
  };
  if (!node.weightGroup.empty()) groups.insert(node.weightGroup);
  addVariables(node.params);
  for (const auto& [layer, settings] : node.overrides)
    for (const auto& [id, params] : settings.params) addVariables(params);
  for (const auto& [name, body] : node.bodies)
    for (const auto& [id, inner] : body->nodes) collectReferences(*inner, groups, variables);
}

/// The same graph under new ids. Whoever refers to a node that is not there loses the reference.
class Renumbering {
 public:
  explicit Renumbering(const std::function<NodeId()>& takeId) : takeId_(takeId) {}

  GraphPtr renumber(const Graph& graph) {
    auto copy = std::make_shared<Graph>();
    copy->extra = graph.extra;
    for (const auto& [id, node] : graph.nodes) newIds_[id] = takeId_();
    for (const auto& [id, node] : graph.nodes) {
      auto renamed = std::make_shared<Node>(*node);
      renamed->id = newIds_.at(id);
      for (auto& [name, body] : renamed->bodies) body = renumber(*body);
      for (auto& [layer, settings] : renamed->overrides) renumber(settings);
      for (auto& [name, targets] : renamed->promoted) {
        std::erase_if(targets, [&](const ParamRef& target) { return !newIds_.count(target.node); });
        for (ParamRef& target : targets) target.node = newIds_.at(target.node);
      }
      std::erase_if(renamed->promoted, [](const auto& entry) { return entry.second.empty(); });
      copy->nodes[renamed->id] = renamed;
    }
    for (Wire wire : graph.wires) {
      if (!graph.find(wire.from.node) || !graph.find(wire.to.node)) continue;
      wire.from.node = newIds_.at(wire.from.node);
      wire.to.node = newIds_.at(wire.to.node);
      copy->wires.push_back(std::move(wire));
    }
    std::sort(copy->wires.begin(), copy->wires.end());
    return copy;
  }

  const std::map<NodeId, NodeId>& newIds() const { return newIds_; }

 private:
  void renumber(LayerOverride& settings) {
    std::map<NodeId, Params> params;
    for (auto& [id, values] : settings.params)
      if (newIds_.count(id)) params[newIds_.at(id)] = std::move(values);
    settings.params = std::move(params);
    std::vector<NodeId> muted;
    for (NodeId id : settings.muted)
      if (newIds_.count(id)) muted.push_back(newIds_.at(id));
    std::sort(muted.begin(), muted.end());
    settings.muted = std::move(muted);
  }

  const std::function<NodeId()>& takeId_;
  std::map<NodeId, NodeId> newIds_;
};

struct Fragment {
  GraphPtr graph;
  std::vector<Wire> incoming;                   // from nodes that were not copied
  std::map<NodeId, std::string> incomingNames;  // what those were called
  std::map<std::string, WeightGroup> weightGroups;
  std::map<std::string, double> variables;
  std::map<NodeId, Position> layout;
  std::map<NodeId, Dot> dots;
};

Fragment readFragment(const std::string& source, int depth) {
  DocumentReader reader(kPlace);
  const SortedJson json = parseSortedJson(source, kPlace);
  if (!json.is_object() || json.value("format", SortedJson()) != kFormat)
    reader.refuse("text", "this is no copy of nodes");
  if (json.value("version", SortedJson()) != kVersion)
    reader.refuse("text", text("its version is ", json.value("version", SortedJson()).dump(),
                               "; this program reads version ", kVersion));
  Fragment fragment;
  fragment.graph = reader.readGraph(json, "text", depth);
  if (const SortedJson* wires = reader.member(json, "incoming"))
    fragment.incoming = reader.readWires(*wires, "incoming");
  if (const SortedJson* names = reader.member(json, "sources")) {
    reader.requireObject(*names, "sources");
    for (const Wire& wire : fragment.incoming) {
      const SortedJson* name = reader.member(*names, std::to_string(wire.from.node).c_str());
      if (name) fragment.incomingNames[wire.from.node] = reader.readText(*name, "sources", "name");
    }
  }
  if (const SortedJson* groups = reader.member(json, "weight_groups"))
    fragment.weightGroups = reader.readWeightGroups(*groups);
  if (const SortedJson* variables = reader.member(json, "variables"))
    fragment.variables = reader.readVariables(*variables);
  SortedJson ignored = SortedJson::object();
  if (const SortedJson* layout = reader.member(json, "layout")) fragment.layout = reader.readLayout(*layout, ignored);
  if (const SortedJson* dots = reader.member(json, "dots")) fragment.dots = reader.readDots(*dots);
  return fragment;
}

}  // namespace

std::string copyText(const Architecture& architecture, const GraphPath& path, const std::vector<NodeId>& ids) {
  const Graph* graph = graphAt(architecture, path);
  if (!graph) refuse("[copy] there is no inner graph ", inQuotes(pathText(architecture, path)), ".");
  const std::set<NodeId> chosen(ids.begin(), ids.end());
  Graph part;
  std::set<NodeId> all = chosen;
  std::set<std::string> groups, variables;
  for (NodeId id : chosen) {
    const Node* node = graph->find(id);
    if (!node) refuse("[copy] there is no node with id ", id, " in this graph.");
    part.nodes[id] = graph->nodes.at(id);
    collectIdsInside(*node, all);
    collectReferences(*node, groups, variables);
  }
  std::vector<Wire> incoming;
  for (const Wire& wire : graph->wires) {
    if (!chosen.count(wire.to.node)) continue;
    (chosen.count(wire.from.node) ? part.wires : incoming).push_back(wire);
  }

  SortedJson json = toJson(part);
  json["format"] = kFormat;
  json["version"] = kVersion;
  Graph outside;
  outside.wires = incoming;
  if (!incoming.empty()) json["incoming"] = toJson(outside)["wires"];
  for (const Wire& wire : incoming)
    if (const Node* source = graph->find(wire.from.node)) json["sources"][std::to_string(source->id)] = source->name;
  for (const std::string& name : groups)
    if (const auto group = architecture.weightGroups.find(name); group != architecture.weightGroups.end())
      json["weight_groups"][name] = toJson(group->second);
  for (const std::string& name : variables)
    if (const auto value = architecture.variables.find(name); value != architecture.variables.end())
      json["variables"][name] = plainNumber(value->second);
  for (NodeId id : all)
    if (const auto place = architecture.layout.find(id); place != architecture.layout.end())
      json["layout"][std::to_string(id)] = toJson(place->second);
  for (const auto& [id, dot] : architecture.dots)
    if (all.count(dot.wire.from.node) && all.count(dot.wire.to.node)) json["dots"][std::to_string(id)] = toJson(dot);
  return toSortedText(json);
}

/// Links of what is pasted that mean another composite here, or one that has changed since, get a name of their own.
void Editor::renameLinks(Graph& pasted) {
  std::map<std::string, const Node*> present;
  const auto collect = [](std::map<std::string, const Node*>& links) {
    return [&links](const Node& node) {
      if (!node.link.empty()) links.emplace(node.link, &node);
      return false;
    };
  };
  forEachNode(work_, collect(present), [](const GraphPath&, const Node&) {});
  std::map<std::string, std::string> names;
  const std::function<void(Graph&)> rename = [&](Graph& graph) {
    for (auto& [id, node] : graph.nodes) {
      Node changed = *node;
      for (auto& [name, body] : changed.bodies) {
        Graph inner = *body;
        rename(inner);
        body = std::make_shared<Graph>(std::move(inner));
      }
      if (!changed.link.empty()) {
        const auto known = names.find(changed.link);
        const auto there = present.find(changed.link);
        if (known != names.end())
          changed.link = known->second;
        else if (there == present.end() || sameInside(*node, *there->second))
          names.emplace(node->link, node->link);
        else
          changed.link = names[node->link] = freeLink(node->link);
      }
      node = std::make_shared<Node>(std::move(changed));
    }
  };
  rename(pasted);
}

std::vector<NodeId> Editor::paste(const GraphPath& path, const std::string& source, Position at, bool keepInputs) {
  graph(path);
  if (!isCoordinate(at.x) || !isCoordinate(at.y)) refuse("[paste] the position is not a finite number.");
  const Fragment fragment = readFragment(source, int(path.size()));
  if (nodeCount(work_) + nodeCount(*fragment.graph) > kMaxNodes)
    refuse("[paste] a document may have ", kMaxNodes, " nodes, not more.");

  Position low{std::numeric_limits<double>::max(), std::numeric_limits<double>::max(), false};
  for (const auto& [id, node] : fragment.graph->nodes)
    if (const auto place = fragment.layout.find(id); place != fragment.layout.end())
      low = {std::min(low.x, place->second.x), std::min(low.y, place->second.y), false};

  std::vector<NodeId> pasted;
  atomically([&] {
    const std::function<NodeId()> nextId = [&] { return takeId(); };
    Renumbering renumbering(nextId);
    Graph linked = *renumbering.renumber(*fragment.graph);
    renameLinks(linked);
    const Graph* copies = &linked;
    for (const auto& [oldId, dot] : fragment.dots) {
      const auto from = renumbering.newIds().find(dot.wire.from.node), to = renumbering.newIds().find(dot.wire.to.node);
      if (from == renumbering.newIds().end() || to == renumbering.newIds().end()) continue;
      Dot& made = work_.dots[takeId()] = dot;
      made.wire = {{from->second, dot.wire.from.port}, {to->second, dot.wire.to.port}};
      if (!fragment.graph->find(dot.wire.from.node)) continue;
      made.x += at.x - low.x;
      made.y += at.y - low.y;
      if (!isCoordinate(made.x) || !isCoordinate(made.y)) made.x = at.x, made.y = at.y;
    }
    for (const auto& [oldId, id] : renumbering.newIds()) {
      const auto found = fragment.layout.find(oldId);
      Position place = found == fragment.layout.end() ? Position{} : found->second;
      if (fragment.graph->find(oldId)) {
        const bool isPlaced = found != fragment.layout.end();
        place = {isPlaced ? at.x + place.x - low.x : at.x, isPlaced ? at.y + place.y - low.y : at.y, place.isPinned};
        if (!isCoordinate(place.x) || !isCoordinate(place.y)) place = at;
      }
      work_.layout[id] = place;
    }

    Graph& target = mutableGraph(path);
    NamePool names(target);
    for (const auto& [id, node] : copies->nodes) {
      auto named = std::make_shared<Node>(*node);
      named->name = names.take(node->name);
      target.nodes[id] = named;
      pasted.push_back(id);
    }
    target.wires.insert(target.wires.end(), copies->wires.begin(), copies->wires.end());
    std::sort(target.wires.begin(), target.wires.end());
    // What is there already wins: pasting changes nothing that stands in the document.
    work_.weightGroups.insert(fragment.weightGroups.begin(), fragment.weightGroups.end());
    work_.variables.insert(fragment.variables.begin(), fragment.variables.end());

    if (!keepInputs) return;
    for (const Wire& wire : fragment.incoming) {
      const auto to = renumbering.newIds().find(wire.to.node);
      const Node* from = graph(path).find(wire.from.node);
      const auto name = fragment.incomingNames.find(wire.from.node);
      if (to == renumbering.newIds().end() || !from || name == fragment.incomingNames.end() ||
          name->second != from->name)
        continue;
      if (canConnect(work_, *catalog_, path, wire.from, {to->second, wire.to.port}).isAllowed)
        connect(path, wire.from, {to->second, wire.to.port});
    }
  });
  return pasted;
}

}  // namespace fw
