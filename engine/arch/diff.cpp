// The differences of two documents, by module path.
#include "engine/arch/diff.h"

#include <algorithm>
#include <set>

#include "engine/base/error.h"

namespace fw {
namespace {

std::string join(const std::string& path, const std::string& name) { return path.empty() ? name : path + "/" + name; }

std::string groupText(const WeightGroup& group) {
  std::string settings;
  for (const auto& [name, value] : group.params)
    settings += (settings.empty() ? "" : ", ") + name + "=" + toText(value);
  return settings.empty() ? group.policy : group.policy + " (" + settings + ")";
}

/// Numbers that mean the same are the same: 8 and 8.0.
bool sameValue(const ParamValue& a, const ParamValue& b) {
  const auto number = [](const ParamValue& value) {
    const int64_t* whole = std::get_if<int64_t>(&value);
    return whole ? ParamValue(double(*whole)) : value;
  };
  return number(a) == number(b);
}

class Differ {
 public:
  explicit Differ(const Catalog& catalog) : catalog_(catalog) {}

  std::vector<DiffEntry> run(const Architecture& before, const Architecture& after) {
    compareTexts("", "weight group ", texts(before.weightGroups), texts(after.weightGroups));
    compareTexts("", "variable ", texts(before.variables), texts(after.variables));
    compareGraphs(*before.root, *after.root, "");
    return std::move(found_);
  }

 private:
  using Texts = std::map<std::string, std::string>;
  using ByName = std::map<std::string, const Node*>;

  static Texts texts(const std::map<std::string, WeightGroup>& groups) {
    Texts out;
    for (const auto& [name, group] : groups) out[name] = groupText(group);
    return out;
  }

  static Texts texts(const std::map<std::string, double>& variables) {
    Texts out;
    for (const auto& [name, value] : variables) out[name] = toText(value);
    return out;
  }

  void add(const std::string& path, const std::string& what, const std::string& before, const std::string& after) {
    if (before == after) return;
    const DiffKind kind = before.empty() ? DiffKind::Added : after.empty() ? DiffKind::Removed : DiffKind::Changed;
    found_.push_back({kind, path, what, before, after});
  }

  void compareTexts(const std::string& path, const std::string& prefix, const Texts& before, const Texts& after) {
    Texts all = before;
    all.insert(after.begin(), after.end());
    for (const auto& [name, value] : all) {
      const auto old = before.find(name), now = after.find(name);
      add(path, prefix + name, old == before.end() ? "" : old->second, now == after.end() ? "" : now->second);
    }
  }

  static ByName byName(const Graph& graph) {
    ByName nodes;
    for (const auto& [id, node] : graph.nodes) nodes.emplace(node->name, node.get());
    return nodes;
  }

  static std::set<std::string> wireTexts(const Graph& graph) {
    std::set<std::string> out;
    const auto end = [&](const PortRef& port) {
      const Node* node = graph.find(port.node);
      return (node ? node->name : text("id ", port.node)) + "." + port.port;
    };
    for (const Wire& wire : graph.wires) out.insert("wire " + end(wire.from) + " -> " + end(wire.to));
    return out;
  }

  void compareGraphs(const Graph& before, const Graph& after, const std::string& path) {
    if (&before == &after || structuralHash(before) == structuralHash(after)) return;
    const ByName olds = byName(before), news = byName(after);
    ByName all = olds;
    all.insert(news.begin(), news.end());
    for (const auto& [name, node] : all) {
      const auto old = olds.find(name), now = news.find(name);
      if (old != olds.end() && now != news.end()) {
        compareNodes(*old->second, *now->second, join(path, name));
      } else {
        add(join(path, name), "node", old == olds.end() ? "" : node->block, now == news.end() ? "" : node->block);
      }
    }
    const std::set<std::string> oldWires = wireTexts(before), newWires = wireTexts(after);
    for (const std::string& wire : oldWires)
      if (!newWires.count(wire)) add(path, wire, "wired", "");
    for (const std::string& wire : newWires)
      if (!oldWires.count(wire)) add(path, wire, "", "wired");
  }

  void compareNodes(const Node& before, const Node& after, const std::string& path) {
    if (&before == &after) return;
    add(path, "block", before.block, after.block);
    const BlockDef* block = before.block == after.block ? catalog_.find(before.block) : nullptr;
    compareParams(before.params, after.params, block, path);
    add(path, "muted", before.isMuted ? "yes" : "no", after.isMuted ? "yes" : "no");
    add(path, "weight group", before.weightGroup, after.weightGroup);
    compareOverrides(before, after, path);
    std::set<std::string> bodies;
    for (const Node* node : {&before, &after})
      for (const auto& [name, body] : node->bodies) bodies.insert(name);
    for (const std::string& name : bodies) {
      const auto old = before.bodies.find(name), now = after.bodies.find(name);
      if (old == before.bodies.end() || now == after.bodies.end()) {
        add(path, "inner graph " + name, old == before.bodies.end() ? "" : size(*old->second),
            now == after.bodies.end() ? "" : size(*now->second));
      } else {
        compareGraphs(*old->second, *now->second, bodies.size() > 1 ? path + "(" + name + ")" : path);
      }
    }
  }

  static std::string size(const Graph& graph) { return text(nodeCount(graph), " nodes"); }

  void compareParams(const Params& before, const Params& after, const BlockDef* block, const std::string& path) {
    std::set<std::string> names;
    for (const Params* params : {&before, &after})
      for (const auto& [name, value] : *params) names.insert(name);
    for (const std::string& name : names) {
      const ParamDef* def = block ? block->findParam(name) : nullptr;
      const auto valueIn = [&](const Params& params) -> const ParamValue* {
        const auto own = params.find(name);
        return own != params.end() ? &own->second : def ? &def->value : nullptr;
      };
      const ParamValue* old = valueIn(before);
      const ParamValue* now = valueIn(after);
      if (old && now && sameValue(*old, *now)) continue;
      add(path, name, old ? shown(*old) : "", now ? shown(*now) : "");
    }
  }

  /// An empty text is a value too.
  static std::string shown(const ParamValue& value) {
    const std::string words = toText(value);
    return words.empty() ? "\"\"" : words;
  }

  /// Settings of layers as texts: "layers[3]/mlp" -> {"width": "8", "muted": "yes"}.
  static std::map<std::string, Texts> settings(const Node& repeat, const std::string& path) {
    std::map<NodeId, std::string> paths;
    collectPaths(repeat, "", paths);
    std::map<std::string, Texts> out;
    for (const auto& [layer, own] : repeat.overrides) {
      const std::string prefix = text(path, "[", layer, "]");
      const auto at = [&](NodeId id) { return join(prefix, paths.count(id) ? paths.at(id) : text("id ", id)); };
      for (const auto& [id, params] : own.params)
        for (const auto& [name, value] : params) out[at(id)][name] = shown(value);
      for (NodeId id : own.muted) out[at(id)]["muted"] = "yes";
    }
    return out;
  }

  static void collectPaths(const Node& node, const std::string& prefix, std::map<NodeId, std::string>& paths) {
    for (const auto& [name, body] : node.bodies) {
      const std::string mark = node.bodies.size() > 1 ? "(" + name + ")" : "";
      for (const auto& [id, inner] : body->nodes) {
        paths[id] = prefix.empty() ? inner->name + mark : prefix + mark + "/" + inner->name;
        collectPaths(*inner, paths[id], paths);
      }
    }
  }

  void compareOverrides(const Node& before, const Node& after, const std::string& path) {
    if (before.overrides.empty() && after.overrides.empty()) return;
    const auto olds = settings(before, path), news = settings(after, path);
    auto all = olds;
    all.insert(news.begin(), news.end());
    for (const auto& [place, values] : all) {
      const auto old = olds.find(place), now = news.find(place);
      compareTexts(place, "", old == olds.end() ? Texts{} : old->second, now == news.end() ? Texts{} : now->second);
    }
  }

  const Catalog& catalog_;
  std::vector<DiffEntry> found_;
};

}  // namespace

std::vector<DiffEntry> diff(const Architecture& before, const Architecture& after, const Catalog& catalog) {
  return Differ(catalog).run(before, after);
}

}  // namespace fw
