// Edits of a stack as a whole: the kinds of its layers, splitting it, writing its layers out.
#include <algorithm>

#include "engine/arch/editor.h"
#include "engine/arch/editor_support.h"
#include "engine/arch/walk.h"

namespace fw {
namespace {

constexpr double kStep = 120;          // between the containers of layers that were written out
constexpr int64_t kMostWritten = 512;  // layers

/// The shortest pattern that gives these letters.
std::string shortestPattern(const std::string& letters) {
  for (size_t period = 1; period < letters.size(); ++period) {
    bool repeats = true;
    for (size_t i = period; i < letters.size() && repeats; ++i) repeats = letters[i] == letters[i - period];
    if (repeats) return letters.substr(0, period);
  }
  return letters;
}

/// An id that a copy renamed; others stay.
NodeId renamed(NodeId id, const std::map<NodeId, NodeId>& ids) {
  const auto found = ids.find(id);
  return found == ids.end() ? id : found->second;
}

LayerOverride renamed(const LayerOverride& settings, const std::map<NodeId, NodeId>& ids) {
  LayerOverride copy;
  copy.extra = settings.extra;
  for (const auto& [inner, values] : settings.params) copy.params[renamed(inner, ids)] = values;
  for (const NodeId inner : settings.muted) copy.muted.push_back(renamed(inner, ids));
  std::sort(copy.muted.begin(), copy.muted.end());
  return copy;
}

std::map<std::string, std::vector<ParamRef>> renamed(std::map<std::string, std::vector<ParamRef>> promoted,
                                                     const std::map<NodeId, NodeId>& ids) {
  for (auto& [name, targets] : promoted)
    for (ParamRef& target : targets) target.node = renamed(target.node, ids);
  return promoted;
}

bool hasPattern(const Node& repeat, const BlockDef& block) { return layerBody(repeat, block, 0) != "layer"; }

std::string lettersOf(const Node& repeat, const BlockDef& block, int64_t count) {
  std::string letters;
  for (int64_t layer = 0; layer < count; ++layer) letters += layerBody(repeat, block, layer);
  return letters;
}

}  // namespace

/// The Repeat and its number of layers.
std::pair<Editor::Found, int64_t> Editor::stack(NodeId repeat, const char* place) const {
  const Found found = find(repeat);
  const BlockDef* block = catalog_->find(found.node->block);
  if (!block || block->body != BodyKind::Repeat)
    refuse("[", place, "] node ", inQuotes(found.node->name), " repeats nothing.");
  const std::optional<int64_t> count = layerCount(*found.node, *block, work_.variables);
  if (!count) refuse("[", place, "] the number of layers of ", inQuotes(found.node->name), " is not valid.");
  return {found, *count};
}

/// A copy with new ids, which `ids` receives by the old ones; positions come along.
GraphPtr Editor::copyOf(const Graph& graph, std::map<NodeId, NodeId>& ids) {
  auto copy = std::make_shared<Graph>();
  copy->extra = graph.extra;
  for (const auto& [id, node] : graph.nodes) {
    auto made = std::make_shared<Node>(*node);
    made->id = ids[id] = takeId();
    if (const auto place = work_.layout.find(id); place != work_.layout.end()) work_.layout[made->id] = place->second;
    for (auto& [name, body] : made->bodies) body = copyOf(*body, ids);
    for (auto& [layer, settings] : made->overrides) settings = renamed(settings, ids);
    made->promoted = renamed(made->promoted, ids);
    copy->nodes[made->id] = std::move(made);
  }
  for (const Wire& wire : graph.wires)
    copy->wires.push_back({{renamed(wire.from.node, ids), wire.from.port}, {renamed(wire.to.node, ids), wire.to.port}});
  std::sort(copy->wires.begin(), copy->wires.end());
  const std::map<NodeId, Dot> dots = work_.dots;
  for (const auto& [id, dot] : dots) {
    if (!std::binary_search(graph.wires.begin(), graph.wires.end(), dot.wire)) continue;
    Dot& made = work_.dots[takeId()] = dot;
    made.wire.from.node = renamed(dot.wire.from.node, ids);
    made.wire.to.node = renamed(dot.wire.to.node, ids);
  }
  return copy;
}

void Editor::setLayerKind(NodeId repeat, const std::vector<int64_t>& layers, const std::string& letter) {
  const auto [found, count] = stack(repeat, "pattern");
  const BlockDef& block = blockFor(found.node->block);
  if (!hasPattern(*found.node, block))
    refuse("[pattern] the layers of ", inQuotes(found.node->name), " are all alike; expected a pattern.");
  if (letter.size() != 1) refuse("[pattern] ", inQuotes(letter), " is no kind; expected one letter.");
  std::string letters = lettersOf(*found.node, block, count);
  for (const int64_t layer : layers) {
    if (layer < 0 || layer >= count)
      refuse("[pattern] there is no layer ", layer, "; the layers are 0 to ", count - 1, ".");
    letters[size_t(layer)] = letter[0];
  }
  if (!letters.empty()) setPattern(repeat, shortestPattern(letters));
}

void Editor::clearLayer(NodeId repeat, int64_t layer) {
  const Found found = stack(repeat, "layer").first;
  if (found.node->overrides.count(layer)) mutableNode(found).overrides.erase(layer);
}

NodeId Editor::splitRepeat(NodeId repeat, int64_t at) {
  const auto [found, count] = stack(repeat, "split");
  const GraphPath path = found.path;
  const Node whole = *found.node;
  const BlockDef& block = blockFor(whole.block);
  if (at < 1 || at >= count)
    refuse("[split] ", inQuotes(whole.name), " cannot be split before layer ", at, "; expected 1 to ", count - 1, ".");
  const std::vector<Wire> into = graph(path).wiresInto(repeat), from = graph(path).wiresFrom(repeat);
  const auto pairs = repeatPairs(portsOf(whole, block));
  NodeId second = 0;
  atomically([&] {
    second = takeId();
    auto rest = std::make_shared<Node>(whole);
    rest->id = second;
    rest->name = freeName(graph(path), whole.name);
    std::map<NodeId, NodeId> ids;
    for (auto& [name, body] : rest->bodies) body = copyOf(*body, ids);
    rest->overrides.clear();
    for (const auto& [layer, settings] : whole.overrides)
      if (layer >= at) rest->overrides[layer - at] = renamed(settings, ids);
    assignParam(*rest, "count", count - at);
    const Position place = positionOf(repeat);
    work_.layout[second] = {place.x + kStep, place.y + kStep, false};
    Graph& holder = mutableGraph(path);
    holder.nodes[second] = rest;
    Node& first = own(holder.nodes.at(repeat));
    first.overrides.erase(first.overrides.lower_bound(at), first.overrides.end());
    assignParam(first, "count", at);

    std::erase_if(holder.wires, [&](const Wire& wire) { return wire.from.node == repeat; });
    for (Wire wire : from) {
      wire.from.node = second;
      holder.wires.push_back(wire);
    }
    std::set<std::string> fed;
    for (const auto& [out, in] : pairs) {
      holder.wires.push_back({{repeat, out}, {second, in}});
      fed.insert(in);
    }
    // An input that no layer feeds is the same for all of them.
    for (Wire wire : into)
      if (!fed.count(wire.to.port)) {
        wire.to.node = second;
        holder.wires.push_back(wire);
      }
    std::sort(holder.wires.begin(), holder.wires.end());
    if (!hasPattern(whole, block)) return;
    const std::string letters = lettersOf(whole, block, count);
    setPattern(repeat, shortestPattern(letters.substr(0, size_t(at))));
    setPattern(second, shortestPattern(letters.substr(size_t(at))));
  });
  return second;
}

std::vector<NodeId> Editor::writeOut(NodeId repeat) {
  const auto [found, count] = stack(repeat, "write out");
  const GraphPath path = found.path;
  const Node whole = *found.node;
  const BlockDef& block = blockFor(whole.block);
  if (count < 1) refuse("[write out] ", inQuotes(whole.name), " has no layers.");
  if (count > kMostWritten)
    refuse("[write out] ", inQuotes(whole.name), " has ", count, " layers; expected ", kMostWritten, " at most.");
  if (whole.isMuted) refuse("[write out] ", inQuotes(whole.name), " is muted; unmute it first.");
  int64_t largest = 0;
  for (const auto& [name, body] : whole.bodies) largest = std::max(largest, nodeCount(*body));
  if (nodeCount(work_) + count * (largest + 1) > kMaxNodes)
    refuse("[write out] a document may have ", kMaxNodes, " nodes, not more.");
  const std::vector<Wire> into = graph(path).wiresInto(repeat), from = graph(path).wiresFrom(repeat);
  const auto pairs = repeatPairs(portsOf(whole, block));
  const Position place = positionOf(repeat);
  std::vector<NodeId> layers;
  atomically([&] {
    std::vector<std::shared_ptr<Node>> groups;  // copied while what they are copied from is there
    for (int64_t layer = 0; layer < count; ++layer) {
      auto group = std::make_shared<Node>();
      group->id = takeId();
      group->block = "structure.group";
      blockFor(group->block);
      group->weightGroup = whole.weightGroup;
      std::map<NodeId, NodeId> ids;
      GraphPtr body = copyOf(*whole.bodies.at(layerBody(whole, block, layer)), ids);
      if (const auto settings = whole.overrides.find(layer); settings != whole.overrides.end())
        body = withSettings(*body, renamed(settings->second, ids));
      group->bodies["body"] = std::move(body);
      groups.push_back(std::move(group));
    }
    removeFrom(path, {repeat});
    for (int64_t layer = 0; layer < count; ++layer) {
      const std::shared_ptr<Node>& group = groups[size_t(layer)];
      group->name = freeName(graph(path), whole.name + "_" + std::to_string(layer));
      work_.layout[group->id] = {place.x + kStep * double(layer), place.y + kStep * double(layer), false};
      Graph& holder = mutableGraph(path);
      holder.nodes[group->id] = group;
      std::set<std::string> fed;
      for (const auto& [out, in] : pairs)
        if (layer > 0) {
          holder.wires.push_back({{layers.back(), out}, {group->id, in}});
          fed.insert(in);
        }
      for (Wire wire : into)
        if (!fed.count(wire.to.port)) {
          wire.to.node = group->id;
          holder.wires.push_back(wire);
        }
      layers.push_back(group->id);
    }
    Graph& holder = mutableGraph(path);
    for (Wire wire : from) {
      wire.from.node = layers.back();
      holder.wires.push_back(wire);
    }
    std::sort(holder.wires.begin(), holder.wires.end());
  });
  return layers;
}

/// A layer's own settings, written into its nodes.
GraphPtr Editor::withSettings(const Graph& graph, const LayerOverride& settings) const {
  auto changed = std::make_shared<Graph>(graph);
  for (const auto& [id, node] : graph.nodes) {
    Node set = *node;
    if (const auto own = settings.params.find(id); own != settings.params.end())
      for (const auto& [param, value] : own->second) assignParam(set, param, value);
    set.isMuted = set.isMuted || std::binary_search(settings.muted.begin(), settings.muted.end(), id);
    for (auto& [name, body] : set.bodies) body = withSettings(*body, settings);
    if (!set.link.empty() && !sameInside(set, *node)) set.link.clear();  // unlike its copies now
    changed->nodes[id] = std::make_shared<Node>(std::move(set));
  }
  return changed;
}

NodeId Editor::takeOutLayer(NodeId repeat, int64_t layer, Position to) {
  const auto [found, count] = stack(repeat, "take out");
  if (layer < 0 || layer >= count)
    refuse("[take out] there is no layer ", layer, "; the layers are 0 to ", count - 1, ".");
  if (!isCoordinate(to.x) || !isCoordinate(to.y)) refuse("[take out] the position is not a finite number.");
  const GraphPath path = found.path;
  const std::string name = found.node->name;
  NodeId taken = 0;
  atomically([&] {
    const NodeId one = layer > 0 ? splitRepeat(repeat, layer) : repeat;
    if (layer + 1 < count) splitRepeat(one, 1);
    taken = writeOut(one).front();
    rename(taken, freeName(graph(path), text(name, "_", layer)));
    move(taken, to);
  });
  return taken;
}

void Editor::putInLayer(NodeId repeat, int64_t at, NodeId node) {
  const auto [found, count] = stack(repeat, "put in");
  const GraphPath path = found.path;
  const Node* given = graph(path).find(node);
  if (!given || node == repeat || isPort(*given))
    refuse("[put in] the node with id ", node, " is no block beside ", inQuotes(found.node->name), ".");
  if (at < 0 || at > count) refuse("[put in] there is no place ", at, "; expected 0 to ", count, ".");
  if (given->isMuted) refuse("[put in] ", inQuotes(given->name), " is muted; unmute it first.");
  if (count >= kMaxLayers) refuse("[put in] a Repeat may have ", kMaxLayers, " layers, not more.");
  const BlockDef& block = blockFor(found.node->block);
  const Ports own = portsOf(*found.node, block);
  atomically([&] {
    NodeId group = node;
    if (blockFor(given->block).body != BodyKind::Single) group = collapse({node}, "structure.group");
    const Ports ports = portsAt(path, group);
    const auto fits = [](const std::vector<PortDef>& a, const std::vector<PortDef>& b) {
      return (a.size() == 1 && b.size() == 1 && a.front().kind == b.front().kind) ||
             std::equal(a.begin(), a.end(), b.begin(), b.end(),
                        [](const PortDef& x, const PortDef& y) { return x.name == y.name && x.kind == y.kind; });
    };
    if (!fits(ports.inputs, own.inputs) || !fits(ports.outputs, own.outputs))
      refuse("[put in] ", inQuotes(graph(path).find(group)->name), " has other ports than a layer of ",
             inQuotes(graph(path).find(repeat)->name), ".");
    std::map<NodeId, NodeId> ids;
    GraphPtr body = copyOf(*graph(path).find(group)->bodies.begin()->second, ids);
    removeAndHeal(group);
    const auto renamePort = [&](const char* side, const std::vector<PortDef>& from, const std::vector<PortDef>& to) {
      if (from.size() != 1 || from.front().name == to.front().name) return;
      const Node* taken = body->findByName(to.front().name);
      if (taken) fw::own(fw::own(body).nodes.at(taken->id)).name = freeName(*body, taken->name);
      for (const auto& [id, inner] : Graph(*body).nodes)
        if (inner->block == side && inner->name == from.front().name)
          fw::own(fw::own(body).nodes.at(id)).name = to.front().name;
    };
    renamePort(kInBlock, ports.inputs, own.inputs);
    renamePort(kOutBlock, ports.outputs, own.outputs);

    if (!hasPattern(*graph(path).find(repeat), block)) setPattern(repeat, "A");
    const Node before = *graph(path).find(repeat);
    std::string letter;
    for (const auto& [name, each] : before.bodies)
      if (letter.empty() && structuralHash(*each) == structuralHash(*body)) letter = name;
    const bool isNew = letter.empty();
    for (char c = 'A'; letter.empty() && c <= 'z'; c = c == 'Z' ? 'a' : char(c + 1))
      if (!before.bodies.count(std::string(1, c))) letter = std::string(1, c);
    if (letter.empty()) refuse("[put in] ", inQuotes(before.name), " has too many kinds of layers.");
    std::string letters = lettersOf(before, block, count);
    letters.insert(size_t(at), letter);
    Node& stacked = mutableNode(find(repeat));
    if (isNew) stacked.bodies[letter] = body;
    assignParam(stacked, "count", count + 1);
    assignParam(stacked, "pattern", shortestPattern(letters));
    stacked.overrides.clear();
    for (const auto& [layer, settings] : before.overrides) stacked.overrides[layer < at ? layer : layer + 1] = settings;
    if (!isNew)
      for (const auto& [oldId, id] : ids) work_.layout.erase(id);
  });
}

Position Editor::positionOf(NodeId id) const {
  const auto place = work_.layout.find(id);
  return place == work_.layout.end() ? Position{} : place->second;
}

}  // namespace fw
