// Structural hashes of documents: ids are replaced by what they stand for, sequences without an order are sorted.
#include <algorithm>
#include <cmath>

#include "engine/arch/architecture.h"

namespace fw {
namespace {

using NodeHashes = std::map<NodeId, Hash>;

/// Whole numbers hash alike as int64_t and double: 8 and 8.0 mean the same.
void add(Hasher& hasher, const ParamValue& value) {
  if (const double* number = std::get_if<double>(&value)) {
    if (*number == std::floor(*number) && std::abs(*number) <= 0x1p53) {
      hasher.add(1).add(int64_t(*number));
    } else {
      hasher.add(2).add(*number);
    }
  } else if (const int64_t* whole = std::get_if<int64_t>(&value)) {
    hasher.add(1).add(*whole);
  } else if (const bool* flag = std::get_if<bool>(&value)) {
    hasher.add(3).add(*flag);
  } else {
    hasher.add(4).add(std::get<std::string>(value));
  }
}

void add(Hasher& hasher, const Params& params) {
  hasher.add(uint64_t(params.size()));
  for (const auto& [name, value] : params) {
    hasher.add(name);
    add(hasher, value);
  }
}

void add(Hasher& hasher, std::vector<Hash> parts) {
  std::sort(parts.begin(), parts.end());
  hasher.add(uint64_t(parts.size()));
  for (const Hash& part : parts) hasher.add(part);
}

/// What the ids of the nodes inside `node` stand for in its overrides: their path by names.
void collectPaths(const Node& node, const Hash& prefix, NodeHashes& paths) {
  for (const auto& [bodyName, body] : node.bodies)
    for (const auto& [id, inner] : body->nodes) {
      const Hash path = Hasher().add(prefix).add(bodyName).add(inner->name).finish();
      paths[id] = path;
      collectPaths(*inner, path, paths);
    }
}

Hash pathOrId(const NodeHashes& paths, NodeId id) {
  const auto found = paths.find(id);
  return found == paths.end() ? Hasher().add(id).finish() : found->second;
}

void addOverrides(Hasher& hasher, const Node& node) {
  if (node.overrides.empty()) return;
  NodeHashes paths;
  collectPaths(node, Hash{}, paths);
  for (const auto& [layer, own] : node.overrides) {
    if (own.params.empty() && own.muted.empty()) continue;
    hasher.add(layer);
    std::vector<Hash> params, muted;
    for (const auto& [id, values] : own.params) {
      Hasher entry;
      entry.add(pathOrId(paths, id));
      add(entry, values);
      params.push_back(entry.finish());
    }
    for (NodeId id : own.muted) muted.push_back(pathOrId(paths, id));
    add(hasher, std::move(params));
    add(hasher, std::move(muted));
  }
}

Hash hashNode(const Node& node) {
  Hasher hasher;
  hasher.add(node.name).add(node.block).add(node.isMuted).add(node.weightGroup);
  add(hasher, node.params);
  hasher.add(uint64_t(node.bodies.size()));
  for (const auto& [name, body] : node.bodies) hasher.add(name).add(structuralHash(*body));
  addOverrides(hasher, node);
  return hasher.finish();
}

}  // namespace

Hash structuralHash(const Graph& graph) {
  NodeHashes nodes;
  std::vector<Hash> parts, wires;
  for (const auto& [id, node] : graph.nodes) parts.push_back(nodes[id] = hashNode(*node));
  for (const Wire& wire : graph.wires)
    wires.push_back(Hasher()
                        .add(pathOrId(nodes, wire.from.node))
                        .add(wire.from.port)
                        .add(pathOrId(nodes, wire.to.node))
                        .add(wire.to.port)
                        .finish());
  Hasher hasher;
  add(hasher, std::move(parts));
  add(hasher, std::move(wires));
  return hasher.finish();
}

Hash structuralHash(const Architecture& architecture) {
  Hasher hasher;
  hasher.add(structuralHash(*architecture.root));
  hasher.add(uint64_t(architecture.weightGroups.size()));
  for (const auto& [name, group] : architecture.weightGroups) {
    hasher.add(name).add(group.policy);
    add(hasher, group.params);
  }
  hasher.add(uint64_t(architecture.variables.size()));
  for (const auto& [name, value] : architecture.variables) hasher.add(name).add(value);
  return hasher.finish();
}

}  // namespace fw
