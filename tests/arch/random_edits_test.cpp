// Ten thousand random edits, undone, redone, copied and pasted in between: a document keeps its invariants.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "engine/arch/document_file.h"
#include "engine/arch/editor.h"
#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "tests/arch/small_catalog.h"

namespace fw {
namespace {

struct Place {
  GraphPath path;
  NodeId node;
};

void collect(const Graph& graph, const GraphPath& path, std::vector<Place>& nodes, std::vector<GraphPath>& graphs) {
  graphs.push_back(path);
  for (const auto& [id, node] : graph.nodes) {
    nodes.push_back({path, id});
    for (const auto& [name, body] : node->bodies) {
      GraphPath inner = path;
      inner.push_back({id, name});
      collect(*body, inner, nodes, graphs);
    }
  }
}

/// The inside of a container as words, by names; parameters that it has promoted are left out.
std::string shape(const Node& container) {
  std::set<ParamRef> promoted;
  for (const auto& [name, unused] : container.promoted)
    for (const ParamRef& leaf : targetsOfParam(container, name)) promoted.insert(leaf);
  const std::function<std::string(const Graph&)> words = [&](const Graph& graph) {
    std::vector<std::string> lines;
    for (const auto& [id, node] : graph.nodes) {
      std::string line = node->name + ":" + node->block + (node->isMuted ? "!" : "") + node->weightGroup + node->link;
      for (const auto& [name, value] : node->params)
        if (!promoted.count({id, name})) line += " " + name + "=" + toText(value);
      for (const auto& [name, body] : node->bodies) line += "{" + name + " " + words(*body) + "}";
      lines.push_back(line);
    }
    for (const Wire& wire : graph.wires)
      lines.push_back(graph.find(wire.from.node)->name + "." + wire.from.port + ">" + graph.find(wire.to.node)->name +
                      "." + wire.to.port);
    std::sort(lines.begin(), lines.end());
    std::string all;
    for (const std::string& line : lines) all += line + ";";
    return all;
  };
  std::string all;
  for (const auto& [name, body] : container.bodies) all += name + " " + words(*body);
  return all;
}

/// What no edit may break; "" where all holds.
std::string broken(const Architecture& document) {
  std::vector<Place> nodes;
  std::vector<GraphPath> graphs;
  collect(*document.root, {}, nodes, graphs);
  std::set<NodeId> ids;
  for (const Place& place : nodes) {
    if (!ids.insert(place.node).second) return "an id occurs twice";
    if (place.node <= 0 || place.node >= document.nextId) return "an id is out of range";
    const Node& node = *findNode(document, place.node);
    if (node.id != place.node) return "a node has another id than its key";
    std::set<NodeId> inside;
    for (const Place& other : node.overrides.empty() ? std::vector<Place>() : nodes)
      for (const BodyRef& step : other.path)
        if (step.node == node.id) inside.insert(other.node);
    for (const auto& [layer, own] : node.overrides) {
      if (!std::is_sorted(own.muted.begin(), own.muted.end())) return "muted nodes of a layer are not sorted";
      for (const NodeId muted : own.muted)
        if (!inside.count(muted)) return "a layer mutes a node that is not inside";
      for (const auto& [inner, params] : own.params)
        if (!inside.count(inner)) return "a layer sets a node that is not inside";
    }
    if (!node.weightGroup.empty() && !document.weightGroups.count(node.weightGroup)) return "a weight group is missing";
  }
  for (const GraphPath& path : graphs) {
    const Graph& graph = *graphAt(document, path);
    std::set<std::string> names;
    for (const auto& [id, node] : graph.nodes)
      if (!names.insert(node->name).second) return "a name occurs twice in a graph";
    if (!std::is_sorted(graph.wires.begin(), graph.wires.end())) return "wires are not sorted";
    std::set<PortRef> fed;
    for (const Wire& wire : graph.wires) {
      if (!graph.find(wire.from.node) || !graph.find(wire.to.node)) return "a wire hangs in the air";
      if (!fed.insert(wire.to).second) return "two wires go into one input";
    }
  }
  std::map<std::string, NodeId> links;
  for (const Place& place : nodes) {
    const Node& node = *findNode(document, place.node);
    for (const auto& [name, targets] : node.promoted)
      for (const ParamRef& target : targets) {
        GraphPath path;
        if (!findNode(document, target.node, &path)) return "a promotion reaches a node that is gone";
        if (std::none_of(path.begin(), path.end(), [&](const BodyRef& step) { return step.node == node.id; }))
          return "a promotion reaches a node that is not inside";
      }
    if (node.link.empty() || node.bodies.empty()) continue;
    const auto [first, isFirst] = links.emplace(node.link, node.id);
    if (!isFirst && shape(*findNode(document, first->second)) != shape(node)) return "linked copies differ";
  }
  std::set<Wire> wires;
  for (const GraphPath& path : graphs)
    for (const Wire& wire : graphAt(document, path)->wires) wires.insert(wire);
  for (const auto& [id, dot] : document.dots) {
    if (ids.count(id)) return "a dot has the id of a node";
    if (!wires.count(dot.wire)) return "a dot lies on no wire";
  }
  for (const auto& [id, place] : document.layout)
    if (!ids.count(id)) return "a position belongs to nobody";
  for (const NodeId id : ids)
    if (!document.layout.count(id)) return "a node has no position";
  return {};
}

class Monkey {
 public:
  explicit Monkey(uint64_t seed)
      : random_(seed), history_(std::make_shared<const Architecture>(sampleDocument().document), smallCatalog()) {}

  const History& history() const { return history_; }

  void step() {
    switch (below(20)) {
      case 0:
      case 1:
        if (history_.canUndo()) history_.undo();
        return;
      case 2:
        if (history_.canRedo()) history_.redo();
        return;
      case 3:
        history_.goTo(size_t(below(int(history_.entries().size()))));
        return;
      default:
        try {
          history_.edit("edit", {}, [this](Editor& editor) { edit(editor); });
          ++done;
        } catch (const Error&) {
          ++refused;
        }
    }
  }
  int done = 0, refused = 0;

 private:
  int below(int count) { return int(random_.bits() % uint64_t(count)); }
  template <class T>
  const T& any(const std::vector<T>& from) {
    return from[size_t(below(int(from.size())))];
  }
  std::string block() {
    static const std::vector<std::string> all = {"norm.layer",         "attention.multi_head", "mlp.plain",
                                                 "structure.residual", "structure.group",      "structure.repeat",
                                                 "structure.fork"};
    return any(all);
  }

  void edit(Editor& editor) {
    std::vector<Place> nodes;
    std::vector<GraphPath> graphs;
    collect(*editor.result().root, {}, nodes, graphs);
    const Position at{double(below(1000)), double(below(1000)), false};
    if (nodes.empty() || nodes.size() < 12) {
      editor.addNode(any(graphs), block(), at);
      return;
    }
    const Place one = any(nodes), other = any(nodes);
    std::vector<NodeId> several;  // of one graph
    for (const Place& place : nodes)
      if (place.path == one.path && below(2)) several.push_back(place.node);
    const int what = nodes.size() > 150 ? 0 : below(24);
    switch (what) {
      case 0:
        return editor.removeNodes({one.node});
      case 1:
        return editor.removeAndHeal(one.node);
      case 2:
      case 3:
        editor.addNode(any(graphs), block(), at);
        return;
      case 4:
      case 5: {
        const Ports from =
            portsOf(*findNode(editor.result(), one.node), *smallCatalog().find(blockOf(editor, one.node)));
        const Ports to =
            portsOf(*findNode(editor.result(), other.node), *smallCatalog().find(blockOf(editor, other.node)));
        if (!from.outputs.empty() && !to.inputs.empty())
          editor.connect(one.path, {one.node, any(from.outputs).name}, {other.node, any(to.inputs).name});
        return;
      }
      case 6:
        editor.collapse(several, below(2) ? "structure.group" : "structure.repeat");
        return;
      case 7:
        editor.expand(one.node);
        return;
      case 8:
        return editor.moveInto(several.empty() ? std::vector<NodeId>{one.node} : several, any(graphs), at);
      case 9:
        editor.setParam(one.node, "count", int64_t(1 + below(4)));
        return;
      case 10:
        editor.setPattern(one.node, any(std::vector<std::string>{"", "A", "AB", "AAB", "ABC"}));
        return;
      case 11:
        if (below(2)) return editor.setLayerMuted(one.node, below(4), other.node, below(2));
        return editor.setLayerParam(one.node, below(4), other.node, "heads", int64_t(1 + below(4)));
      case 12:
        editor.splitRepeat(one.node, 1 + below(3));
        return;
      case 13:
        editor.writeOut(one.node);
        return;
      case 14:
        return editor.setLayerKind(one.node, {below(4)}, any(std::vector<std::string>{"A", "B", "C"}));
      case 15:
        return editor.replaceBlock(one.node, block());
      case 17:
      case 18: {
        std::vector<NodeId> groups;
        for (const Place& place : nodes)
          if (findNode(editor.result(), place.node)->block == "structure.group") groups.push_back(place.node);
        if (groups.empty()) return;
        if (below(4) == 0) return editor.makeUnique(any(groups));
        editor.addLinkedCopy(any(groups), at);
        return;
      }
      case 19:
        return editor.promote(one.node, any(std::vector<std::string>{"heads", "width", "epsilon"}));
      case 20:
        editor.takeOutLayer(one.node, below(3), at);
        return;
      case 21:
        return editor.putInLayer(one.node, below(3), other.node);
      case 22:
        return editor.setParam(one.node, any(std::vector<std::string>{"heads", "width"}), int64_t(1 << below(3)));
      case 23: {
        const Graph& graph = *graphAt(editor.result(), one.path);
        if (!graph.wires.empty()) editor.addDot(one.path, any(graph.wires), size_t(below(3)), at);
        return;
      }
      case 16:
        editor.paste(any(graphs), copyText(editor.result(), one.path, several), at, below(2));
        return;
    }
  }
  static std::string blockOf(const Editor& editor, NodeId node) { return findNode(editor.result(), node)->block; }

  Rng random_;
  History history_;
};

TEST(RandomEdits, KeepEveryInvariant) {
  for (const uint64_t seed : {1u, 2u}) {
    Monkey monkey(seed);
    for (int step = 0; step < 5000; ++step) {
      const ArchitecturePtr before = monkey.history().current();
      monkey.step();
      const Architecture& now = *monkey.history().current();
      if (monkey.history().current() == before) continue;
      const std::string wrong = broken(now);
      ASSERT_EQ(wrong, "") << "seed " << seed << ", step " << step;
      if (step % 250 != 0) continue;
      Architecture read = fromDocumentText(toDocumentText(now), "random");
      read.nextId = now.nextId;  // a file's is one more than its largest id
      expectSame(read, now);
    }
    EXPECT_GT(monkey.done, 1500) << "refused: " << monkey.refused;
  }
}

TEST(RandomEdits, UndoBringsBackEverySnapshot) {
  Monkey monkey(3);
  std::map<ArchitecturePtr, std::string> seen;
  for (int step = 0; step < 400; ++step) {
    monkey.step();
    const ArchitecturePtr& now = monkey.history().current();
    const auto known = seen.emplace(now, toDocumentText(*now));
    ASSERT_EQ(known.first->second, toDocumentText(*now)) << "a published snapshot has changed at step " << step;
  }
  for (const History::Entry& entry : monkey.history().entries()) {
    if (const auto known = seen.find(entry.snapshot); known != seen.end()) {
      EXPECT_EQ(known->second, toDocumentText(*entry.snapshot));
    }
  }
}

}  // namespace
}  // namespace fw
