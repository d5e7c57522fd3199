// Checks of structure and parameters.
#include <algorithm>
#include <utility>

#include "engine/arch/cycles.h"
#include "engine/arch/diagnostic.h"
#include "engine/arch/names.h"
#include "engine/arch/params.h"
#include "engine/arch/wiring.h"
#include "engine/base/error.h"

namespace fw {
namespace {

/// A node of the graph at hand with what the catalog says of it.
struct Entry {
  const Node* node;
  const BlockDef* block;  // null: unknown
  Ports ports;
  std::map<std::string, int> wiresInto;  // by input
  bool hasWiresOut = false;
};
using Entries = std::map<NodeId, Entry>;

/// A node inside a container, and the graph that holds it.
struct Inside {
  const Node* node;
  GraphPath path;
};

std::string joined(const std::vector<std::string>& words, const char* separator = ", ") {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : separator) + word;
  return out;
}

std::string names(const std::vector<PortDef>& ports) {
  std::vector<std::string> words;
  for (const PortDef& port : ports) words.push_back(port.name);
  return joined(words);
}

class Validator {
 public:
  Validator(const Architecture& architecture, const Catalog& catalog)
      : architecture_(architecture), catalog_(catalog) {}

  std::vector<Diagnostic> run() {
    const int64_t count = nodeCount(architecture_);
    if (count > kMaxNodes)
      report(Severity::Error, "too_large", 0,
             text("The document has ", count, " nodes; at most ", kMaxNodes, " are allowed."));
    else
      checkGraph(*architecture_.root);
    return std::move(found_);
  }

 private:
  Diagnostic& report(Severity severity, const char* code, NodeId node, std::string sentence, std::string port = {},
                     std::string param = {}) {
    found_.push_back({severity, code, std::move(sentence), {path_, node, std::move(port), std::move(param)}, {}});
    return found_.back();
  }

  template <class... Parts>
  Diagnostic& reportNode(Severity severity, const char* code, const Node& node, const std::string& port,
                         const std::string& param, const Parts&... parts) {
    return report(severity, code, node.id, text(nodeText(architecture_, path_, node.id), ": ", parts...), port, param);
  }

  template <class... Parts>
  Diagnostic& error(const char* code, const Node& node, const Parts&... parts) {
    return reportNode(Severity::Error, code, node, "", "", parts...);
  }

  template <class... Parts>
  Diagnostic& portError(const char* code, const Node& node, const std::string& port, const Parts&... parts) {
    return reportNode(Severity::Error, code, node, port, "", parts...);
  }

  template <class... Parts>
  Diagnostic& warning(const char* code, const Node& node, const Parts&... parts) {
    return reportNode(Severity::Warning, code, node, "", "", parts...);
  }

  void checkGraph(const Graph& graph) {
    Entries entries;
    for (const auto& [id, node] : graph.nodes) {
      const BlockDef* block = catalog_.find(node->block);
      entries.emplace(id, Entry{node.get(), block, block ? portsOf(*node, *block) : Ports{}, {}, false});
    }
    const size_t first = found_.size();
    std::map<std::string, NodeId> byName;
    for (const auto& [id, entry] : entries) checkNode(entry, byName);
    for (const Wire& wire : graph.wires) checkWire(wire, entries);
    for (const auto& [id, entry] : entries) checkInputs(entry);
    checkFlow(graph, entries);
    std::stable_sort(found_.begin() + std::ptrdiff_t(first), found_.end(),
                     [](const Diagnostic& a, const Diagnostic& b) { return a.place.node < b.place.node; });
    for (const auto& [id, entry] : entries)
      if (entry.block && entry.block->body != BodyKind::None) checkBodies(*entry.node);
  }

  // ---- nodes

  void checkNode(const Entry& entry, std::map<std::string, NodeId>& byName) {
    const Node& node = *entry.node;
    if (!isIdentifier(node.name))
      error("name", node, "the name may only have letters, digits, '_' and '-', at most 100.");
    const auto [holder, isFree] = byName.emplace(node.name, node.id);
    if (!isFree)
      error("duplicate_name", node, "id ", holder->second, " has the same name; expected names unique in a graph.");
    if (!node.weightGroup.empty() && !architecture_.weightGroups.count(node.weightGroup))
      error("weight_group", node, "there is no weight group ", inQuotes(node.weightGroup), ".");
    if (!entry.block) {
      error("unknown_block", node, "this program has no block ", inQuotes(node.block), "; the node is kept as it is.");
      return;
    }
    checkParams(node, *entry.block, node.params, "");
    checkContainer(node, *entry.block, entry.ports);
    if (!node.isMuted) return;
    for (const PortDef& output : entry.ports.outputs)
      if (!mutedSource(entry.ports, output))
        portError("muted", node, output.name, "muted, it has no input that could pass on as ", inQuotes(output.name),
                  ".");
  }

  /// `layer` is "" or " in layer 3".
  void checkParams(const Node& node, const BlockDef& block, const Params& params, const std::string& layer) {
    Params complete;
    bool isComplete = true;
    for (const ParamDef& def : block.params) {
      const auto own = params.find(def.name);
      ResolvedParam resolved = resolveParam(def, own == params.end() ? nullptr : &own->second, architecture_.variables);
      const bool isLayers = block.body == BodyKind::Repeat && def.name == "count";
      const int64_t* count = std::get_if<int64_t>(&resolved.value);
      if (resolved.problem.empty() && isLayers && count && *count > kMaxLayers) {
        resolved.problem = text(*count, " is too large; expected at most ", kMaxLayers);
        resolved.mend = kMaxLayers;
      }
      if (!resolved.problem.empty()) {
        isComplete = false;
        Diagnostic& diagnostic = reportNode(Severity::Error, "parameter", node, "", def.name, "parameter ",
                                            inQuotes(def.name), layer, ": ", resolved.problem, ".");
        if (resolved.mend && layer.empty())
          diagnostic.fixes.push_back(
              {text("Set ", def.name, " to ", toText(*resolved.mend)), node.id, def.name, *resolved.mend});
      }
      complete[def.name] = std::move(resolved.value);
    }
    for (const auto& [name, value] : params)
      if (!block.findParam(name))
        reportNode(Severity::Warning, "unknown_parameter", node, "", name, "block '", block.id, "' has no parameter ",
                   inQuotes(name), "; it is kept and not used.");
    if (!isComplete || !block.check) return;
    const std::string problem = block.check(complete);
    if (!problem.empty())
      error("parameter", node, layer.empty() ? "" : layer.substr(1) + ": ", problem, problem.back() == '.' ? "" : ".");
  }

  // ---- containers

  void checkContainer(const Node& node, const BlockDef& block, const Ports& ports) {
    if (block.body == BodyKind::None) {
      if (!node.bodies.empty())
        warning("unused_body", node, "block '", block.id, "' has no inner graph; the one here is not used.");
      return;
    }
    const std::vector<std::string> expected = bodyNames(node, block);
    if (expected.empty()) error("body", node, "it has no branches; expected names separated by commas.");
    for (const std::string& name : expected) {
      const auto body = node.bodies.find(name);
      if (body == node.bodies.end()) {
        error("body", node, "the inner graph ", inQuotes(name), " is missing.");
        continue;
      }
      checkBodyPorts(node, name, *body->second, ports);
    }
    for (const auto& [name, body] : node.bodies)
      if (std::find(expected.begin(), expected.end(), name) == expected.end())
        warning("unused_body", node, "the inner graph ", inQuotes(name), " is not used.");
    if (block.body == BodyKind::Repeat) checkRepeat(node, block, ports);
  }

  void checkBodyPorts(const Node& node, const std::string& name, const Graph& body, const Ports& ports) {
    std::set<std::string> ins, outs;
    for (const auto& [id, inner] : body.nodes) {
      if (inner->block == kInBlock) ins.insert(inner->name);
      if (inner->block == kOutBlock) outs.insert(inner->name);
    }
    if (outs.empty()) {
      error("body", node, "the inner graph ", inQuotes(name), " has no 'out' node.");
      return;
    }
    for (const PortDef& port : ports.inputs)
      if (!ins.count(port.name)) missingPort(node, name, port, "in");
    for (const PortDef& port : ports.outputs)
      if (!outs.count(port.name)) missingPort(node, name, port, "out");
  }

  void missingPort(const Node& node, const std::string& body, const PortDef& port, const char* side) {
    portError("ports", node, port.name, "the inner graph ", inQuotes(body), " has no '", side, "' node named ",
              inQuotes(port.name), "; expected the same ports in each inner graph.");
  }

  void checkRepeat(const Node& node, const BlockDef& block, const Ports& ports) {
    for (const std::string& name : bodyNames(node, block))
      if (!isBodyName(name))
        reportNode(Severity::Error, "parameter", node, "", "pattern", "parameter 'pattern': ", inQuotes(name),
                   " cannot name a layer.");
    std::set<std::string> fed;
    for (const auto& [out, in] : repeatPairs(ports)) fed.insert(out);
    for (const PortDef& port : ports.outputs)
      if (!fed.count(port.name))
        portError("ports", node, port.name, "the output ", inQuotes(port.name),
                  " of a layer feeds no input of the next; the inputs are ", names(ports.inputs), ".");
    checkOverrides(node, block);
  }

  void checkOverrides(const Node& node, const BlockDef& block) {
    if (node.overrides.empty()) return;
    const int64_t layers = layerCount(node, block, architecture_.variables).value_or(kMaxLayers);
    std::map<NodeId, Inside> inside;
    collectInside(node, path_, inside);
    for (const auto& [layer, own] : node.overrides) {
      if (layer < 0 || layer >= layers) {
        warning("override", node, "there is no layer ", layer, " to have settings of its own; the layers are 0 to ",
                layers - 1, ".");
        continue;
      }
      const std::string where = text(" in layer ", layer);
      for (const auto& [id, params] : own.params) checkOverride(node, inside, id, &params, where);
      for (NodeId id : own.muted) checkOverride(node, inside, id, nullptr, where);
    }
  }

  void collectInside(const Node& container, const GraphPath& path, std::map<NodeId, Inside>& inside) {
    for (const auto& [name, body] : container.bodies) {
      GraphPath inner = path;
      inner.push_back({container.id, name});
      for (const auto& [id, node] : body->nodes) {
        inside[id] = {node.get(), inner};
        collectInside(*node, inner, inside);
      }
    }
  }

  /// What is wrong without the override is reported at the node itself, and not here.
  void checkOverride(const Node& repeat, const std::map<NodeId, Inside>& inside, NodeId id, const Params* params,
                     const std::string& where) {
    const auto found = inside.find(id);
    if (found == inside.end()) {
      warning("override", repeat, "the settings", where, " name id ", id, ", which is not inside.");
      return;
    }
    const Node& node = *found->second.node;
    const BlockDef* block = catalog_.find(node.block);
    if (!block || !params) return;
    const GraphPath outer = std::exchange(path_, found->second.path);
    std::vector<Diagnostic> before = std::exchange(found_, {});
    checkParams(node, *block, node.params, "");
    if (!hasErrors(std::exchange(found_, {}))) {
      Params merged = node.params;
      for (const auto& [name, value] : *params) merged[name] = value;
      checkParams(node, *block, merged, where);
    }
    for (Diagnostic& diagnostic : found_)
      if (diagnostic.place.param.empty() || params->count(diagnostic.place.param))
        before.push_back(std::move(diagnostic));
    found_ = std::move(before);
    path_ = outer;
  }

  void checkBodies(const Node& node) {
    if (path_.size() >= size_t(kMaxNesting)) {
      error("too_large", node, "inner graphs are nested deeper than ", kMaxNesting, " levels.");
      return;
    }
    for (const auto& [name, body] : node.bodies) {
      path_.push_back({node.id, name});
      checkGraph(*body);
      path_.pop_back();
    }
  }

  // ---- wires

  void checkWire(const Wire& wire, Entries& entries) {
    const auto from = entries.find(wire.from.node), to = entries.find(wire.to.node);
    if (from == entries.end() && to == entries.end()) {
      report(Severity::Error, "dangling_wire", 0,
             text("A wire goes from id ", wire.from.node, " to id ", wire.to.node, "; neither is in its graph."));
      return;
    }
    if (to == entries.end()) {
      portError("dangling_wire", *from->second.node, wire.from.port, "the wire from ", inQuotes(wire.from.port),
                " goes to id ", wire.to.node, ", which is not in its graph.");
      return;
    }
    Entry& target = to->second;
    if (from == entries.end()) {
      portError("dangling_wire", *target.node, wire.to.port, "the wire to ", inQuotes(wire.to.port), " comes from id ",
                wire.from.node, ", which is not in its graph.");
      return;
    }
    Entry& source = from->second;
    source.hasWiresOut = true;
    ++target.wiresInto[wire.to.port];
    const PortDef* output = source.block ? source.ports.findOutput(wire.from.port) : nullptr;
    const PortDef* input = target.block ? target.ports.findInput(wire.to.port) : nullptr;
    if (source.block && !output)
      portError("unknown_port", *source.node, wire.from.port, "the wire to ",
                inQuotes(target.node->name + "." + wire.to.port), " starts at port ", inQuotes(wire.from.port),
                ", which block '", source.block->id, "' does not have", portList(source.ports.outputs));
    if (target.block && !input)
      portError("unknown_port", *target.node, wire.to.port, "the wire from ",
                inQuotes(source.node->name + "." + wire.from.port), " goes to port ", inQuotes(wire.to.port),
                ", which block '", target.block->id, "' does not have", portList(target.ports.inputs));
    if (input && output && !kindsAgree(*output, *target.node, *input))
      portError("kind", *target.node, wire.to.port, "port ", inQuotes(wire.to.port), " takes ", kindText(input->kind),
                "; the wire from ", inQuotes(source.node->name + "." + wire.from.port), " brings ",
                kindText(output->kind), ".");
  }

  void checkInputs(const Entry& entry) {
    for (const auto& [port, count] : entry.wiresInto)
      if (count > 1)
        portError("several_wires", *entry.node, port, count, " wires go to port ", inQuotes(port), "; expected one.");
    if (!entry.block) return;
    std::set<std::string> passing;
    for (const PortDef& output : entry.ports.outputs)
      if (const PortDef* source = mutedSource(entry.ports, output)) passing.insert(source->name);
    for (const PortDef& input : entry.ports.inputs) {
      const bool isNeeded = entry.node->isMuted ? passing.count(input.name) > 0 : !input.isOptional;
      if (isNeeded && !entry.wiresInto.count(input.name))
        portError("missing_input", *entry.node, input.name, "nothing is wired to the input ", inQuotes(input.name),
                  ".");
    }
  }

  /// Cycles, and what reaches no output. Of a chain that leads nowhere only the end is reported.
  void checkFlow(const Graph& graph, const Entries& entries) {
    std::set<NodeId> inCycle;
    for (const std::vector<NodeId>& cycle : findCycles(graph)) {
      inCycle.insert(cycle.begin(), cycle.end());
      std::vector<std::string> words;
      for (size_t i = 0; i < cycle.size() && i < 5; ++i) words.push_back(inQuotes(graph.find(cycle[i])->name));
      if (words.size() < cycle.size()) words.push_back("...");
      error("cycle", *graph.find(cycle.front()), "the wires go round in a cycle: ", joined(words), ".");
    }
    std::set<NodeId> outs;
    for (const auto& [id, entry] : entries)
      if (entry.node->block == kOutBlock) outs.insert(id);
    if (outs.empty()) {
      if (!path_.empty()) return;  // reported at the container
      const bool isEmpty = entries.empty();
      report(isEmpty ? Severity::Info : Severity::Error, "no_output", 0,
             isEmpty ? "The model is empty." : "The model has no output; expected an 'out' node.");
      return;
    }
    const std::set<NodeId> used = upstreamOf(graph, outs);
    for (const auto& [id, entry] : entries)
      if (!used.count(id) && !entry.hasWiresOut && !inCycle.count(id) && entry.block)
        warning("unused", *entry.node, "nothing uses what it computes.");
  }

  const Architecture& architecture_;
  const Catalog& catalog_;
  GraphPath path_;
  std::vector<Diagnostic> found_;
};

}  // namespace

std::vector<Diagnostic> validate(const Architecture& architecture, const Catalog& catalog) {
  return Validator(architecture, catalog).run();
}

bool hasErrors(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::Error; });
}

std::string nodeText(const Architecture& architecture, const GraphPath& path, NodeId node) {
  return text("node ", inQuotes(pathText(architecture, path, node)), " (id ", node, ")");
}

}  // namespace fw
