// The document: an immutable value of nested graphs of nodes and wires, weight groups, variables and positions.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/arch/block.h"
#include "engine/base/hash.h"

namespace fw {

using NodeId = int64_t;  // unique in a document, kept through every edit; 0 means the document itself

struct PortRef {
  NodeId node = 0;
  std::string port;
  auto operator<=>(const PortRef&) const = default;
};

struct Wire {
  PortRef from, to;
  auto operator<=>(const Wire&) const = default;
};

struct Graph;
struct Node;
using GraphPtr = std::shared_ptr<const Graph>;
using NodePtr = std::shared_ptr<const Node>;

/// What one layer of a Repeat has of its own.
struct LayerOverride {
  std::map<NodeId, Params> params;  // of nodes inside the body
  std::vector<NodeId> muted;        // nodes skipped in this layer (identity), sorted
  bool operator==(const LayerOverride&) const = default;
};

/// One box on the canvas. A container has bodies: Repeat one for each letter of its pattern ("layer" where it has none),
/// Fork one for each branch. Inside a body the nodes with blocks "in" and "out" are the container's ports.
struct Node {
  NodeId id = 0;
  std::string name;   // segment of the module path, unique in its graph: "attention"
  std::string block;  // BlockDef id; one that the catalog lacks is kept as it is
  Params params;      // only those that differ from the defaults
  bool isMuted = false;
  std::string weightGroup;  // joins a group of Architecture::weightGroups; empty: none
  std::string label;        // free text shown instead of the title; no meaning
  std::map<std::string, GraphPtr> bodies;
  std::map<int64_t, LayerOverride> overrides;  // of a Repeat, by layer index
  std::string extra;                           // JSON object text of keys that this version does not know
};

struct Graph {
  std::map<NodeId, NodePtr> nodes;
  std::vector<Wire> wires;  // sorted, unique

  const Node* find(NodeId id) const;
  const Node* findByName(const std::string& name) const;
  std::vector<Wire> wiresInto(NodeId id) const;
  std::vector<Wire> wiresFrom(NodeId id) const;
};

/// Nodes that share weights, and how: the policy ("tied", "tied_lora") with its parameters.
struct WeightGroup {
  std::string policy;
  Params params;
  bool operator==(const WeightGroup&) const = default;
};

struct Position {
  double x = 0, y = 0;
  bool isPinned = false;
  bool operator==(const Position&) const = default;
};

struct Architecture {
  std::string name;
  GraphPtr root = std::make_shared<Graph>();
  std::map<std::string, WeightGroup> weightGroups;
  std::map<std::string, double> variables;  // "width": 512
  std::map<NodeId, Position> layout;
  NodeId nextId = 1;
  std::string extra;  // JSON object text of keys that this version does not know
};
using ArchitecturePtr = std::shared_ptr<const Architecture>;

/// The way from the root to a graph: (container node, body) pairs; empty for the root.
struct BodyRef {
  NodeId node = 0;
  std::string body;
  auto operator<=>(const BodyRef&) const = default;
};
using GraphPath = std::vector<BodyRef>;

/// The graph at `path`, or nullptr.
const Graph* graphAt(const Architecture& architecture, const GraphPath& path);

/// Finds a node anywhere in the document; `path` (may be null) receives the graph that holds it.
const Node* findNode(const Architecture& architecture, NodeId id, GraphPath* path = nullptr);

/// Equal for documents that mean the same: positions, ids, labels and the document's name excluded.
Hash structuralHash(const Architecture& architecture);
Hash structuralHash(const Graph& graph);

/// The value of a node's parameter: its own or the default of `block`. Expressions are resolved with `variables`.
/// Throws Code::Parameter "[attention.heads] 'abc' is not a number." and the like.
ParamValue paramValue(const Node& node, const BlockDef& block, const std::string& param, const std::map<std::string, double>& variables);

}  // namespace fw
