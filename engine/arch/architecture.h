// The document: an immutable value of nested graphs of nodes and wires, weight groups, variables and positions.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
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

/// A parameter of a node.
struct ParamRef {
  NodeId node = 0;
  std::string param;
  auto operator<=>(const ParamRef&) const = default;
};

struct Wire {
  PortRef from, to;
  auto operator<=>(const Wire&) const = default;
};

/// The ports of a container's body, and the inputs and outputs of the whole model in the root graph, are nodes of these
/// blocks; the node's name is the port's name. An `in` has the output port "y", an `out` the input port "x".
inline constexpr const char* kInBlock = "in";
inline constexpr const char* kOutBlock = "out";
inline constexpr const char* kInPort = "y";
inline constexpr const char* kOutPort = "x";

inline constexpr int64_t kMaxNodes = 200'000;                // in a document, inner graphs included
inline constexpr int kMaxNesting = 32;                       // bodies inside bodies
inline constexpr int64_t kMaxLayers = 100'000;               // of a Repeat
inline constexpr NodeId kMaxFileId = 1'000'000'000'000'000;  // leaves room to count on

struct Graph;
struct Node;
using GraphPtr = std::shared_ptr<const Graph>;
using NodePtr = std::shared_ptr<const Node>;

/// What one layer of a Repeat has of its own.
struct LayerOverride {
  std::map<NodeId, Params> params;  // of nodes inside the body
  std::vector<NodeId> muted;        // nodes skipped in this layer (identity), sorted
  std::string extra;                // as Node::extra
  bool operator==(const LayerOverride&) const = default;
};

/// One box on the canvas. A container has bodies, see bodyNames().
struct Node {
  NodeId id = 0;
  std::string name;   // segment of the module path, unique in its graph: "attention"
  std::string block;  // BlockDef id; one that the catalog lacks is kept as it is
  Params params;      // only those that differ from the defaults
  bool isMuted = false;
  std::string weightGroup;  // joins a group of Architecture::weightGroups; empty: none
  std::string label;        // free text shown instead of the title; no meaning
  std::string link;         // containers with the same link are copies of one: an edit inside one is made in all
  std::map<std::string, GraphPtr> bodies;
  std::map<int64_t, LayerOverride> overrides;  // of a Repeat, by layer index
  /// Parameters of a composite: each sets these parameters of nodes inside it, and differs among linked copies.
  std::map<std::string, std::vector<ParamRef>> promoted;
  std::string extra;  // JSON object text of keys that this version does not know; "": none
};

struct Graph {
  std::map<NodeId, NodePtr> nodes;
  std::vector<Wire> wires;  // sorted, unique
  std::string extra;        // as Node::extra

  const Node* find(NodeId id) const;
  const Node* findByName(const std::string& name) const;
  std::vector<Wire> wiresInto(NodeId id) const;
  std::vector<Wire> wiresFrom(NodeId id) const;
};

/// Nodes that share weights, and how: the policy ("tied", "tied_lora") with its parameters.
struct WeightGroup {
  std::string policy;
  Params params;
  std::string extra;  // as Node::extra
  bool operator==(const WeightGroup&) const = default;
};

struct Position {
  double x = 0, y = 0;
  bool isPinned = false;
  bool operator==(const Position&) const = default;
};

/// The way from the root to a graph: (container node, body) pairs; empty for the root.
struct BodyRef {
  NodeId node = 0;
  std::string body;
  auto operator<=>(const BodyRef&) const = default;
};
using GraphPath = std::vector<BodyRef>;

/// A titled rectangle behind the nodes of one graph; no meaning.
struct Frame {
  BodyRef graph;  // the graph it lies in; node 0: the root
  std::string title, note, colour;
  double x = 0, y = 0, width = 0, height = 0;
  std::vector<NodeId> members;  // nodes that move with it, sorted
  std::string extra;            // as Node::extra
  bool operator==(const Frame&) const = default;
};

/// A point that a wire is drawn through; no meaning.
struct Dot {
  Wire wire;
  int64_t order = 0;  // along the wire
  double x = 0, y = 0;
  std::string extra;  // as Node::extra
  bool operator==(const Dot&) const = default;
};

struct Architecture {
  std::string name;
  GraphPtr root = std::make_shared<Graph>();
  std::map<std::string, WeightGroup> weightGroups;
  std::map<std::string, double> variables;  // "width": 512
  std::map<NodeId, Position> layout;
  std::map<NodeId, Frame> frames;  // ids are never those of nodes
  std::map<NodeId, Dot> dots;      // nor these
  NodeId nextId = 1;
  std::string extra;  // as Node::extra, nested as the file is
};
using ArchitecturePtr = std::shared_ptr<const Architecture>;

/// The graph at `path`, or nullptr.
const Graph* graphAt(const Architecture& architecture, const GraphPath& path);

/// Finds a node anywhere in the document; `path` (may be null) receives the graph that holds it.
const Node* findNode(const Architecture& architecture, NodeId id, GraphPath* path = nullptr);

/// Nodes in the document, inner graphs included.
int64_t nodeCount(const Architecture& architecture);
int64_t nodeCount(const Graph& graph);

/// "layers/attention" for people; "layers(M)/attention" where the container has several bodies. `node` 0: of the graph.
std::string pathText(const Architecture& architecture, const GraphPath& path, NodeId node = 0);

/// The nodes of `graph` from which `start` can be reached along wires (upstream) or that it reaches; `start` included.
std::set<NodeId> upstreamOf(const Graph& graph, const std::set<NodeId>& start);
std::set<NodeId> downstreamOf(const Graph& graph, const std::set<NodeId>& start);

/// Equal for documents that mean the same: positions, frames, dots, ids, labels, links, promotions, order, unknown keys
/// and the document's name are excluded. That of a graph holds expressions as they are written, not the variables they
/// use.
Hash structuralHash(const Architecture& architecture);
Hash structuralHash(const Graph& graph);

// ---- ports and bodies

struct Ports {
  std::vector<PortDef> inputs, outputs;
  const PortDef* findInput(const std::string& name) const;
  const PortDef* findOutput(const std::string& name) const;
};

/// What may be wired to a node. Those of a container are the in and out nodes of its bodies, ordered by name (all
/// bodies should have the same; validate() says where they do not); those of other blocks are the definition's, the
/// kind of an `in` or `out` following its parameter `kind` (tokens and labels, pixels, mask; else tensor).
Ports portsOf(const Node& node, const BlockDef& block);

/// The bodies that a container should have: "body" for Single, the distinct characters of the parameter `pattern` for
/// Repeat ("layer" where it is empty), the comma-separated names of the parameter `branches` for Fork; none for others.
std::vector<std::string> bodyNames(const Node& node, const BlockDef& block);

/// The body of layer `layer` of a Repeat: its pattern, started again at its end.
std::string layerBody(const Node& repeat, const BlockDef& block, int64_t layer);

/// The value of a Repeat's parameter `count`, or nothing where it has no valid one.
std::optional<int64_t> layerCount(const Node& repeat, const BlockDef& block,
                                  const std::map<std::string, double>& variables);

/// What the next layer of a Repeat is fed with: (out, in) names. An `out` feeds the `in` of the same name, "y" feeds
/// "x", the rest pair in order. An `in` without a partner gets the container's input in every layer; an `out` without
/// one is an error.
std::vector<std::pair<std::string, std::string>> repeatPairs(const Ports& ports);

/// The dots of each wire that has some, along the wire.
std::map<Wire, std::vector<NodeId>> dotsByWire(const Architecture& architecture);

/// The input that a muted node passes on as its output `output`: that of the same name, else the first of the same
/// kind; nullptr: none. Also what stays connected when a node is removed and its wires are healed.
const PortDef* mutedSource(const Ports& ports, const PortDef& output);

// ---- parameters

/// The value of a node's parameter: its own or the default of `block`, as bool, int64_t, double or text by the
/// parameter's type. Expressions are resolved with `variables`; type, range and choices are checked. Throws
/// Code::Parameter "[attention.heads] 'abc' is not a number." and the like.
ParamValue paramValue(const Node& node, const BlockDef& block, const std::string& param,
                      const std::map<std::string, double>& variables);

/// Every parameter of `block` by paramValue().
Params completeParams(const Node& node, const BlockDef& block, const std::map<std::string, double>& variables);

/// The parameter of a node that is no composite that stands behind `param` of `node`: its own, or the first that a
/// promotion reaches. Nothing where there is none.
std::optional<ParamRef> sourceOfParam(const Node& node, const std::string& param);

/// Every parameter that `param` of a composite sets, promotions of composites inside it followed; itself where it is
/// no promoted one.
std::vector<ParamRef> targetsOfParam(const Node& node, const std::string& param);

/// The options of a task, an optimiser or an analysis: the defaults of `params` overlaid by `given`. Throws Code::Usage
/// for an option that it has not, and for a value of another type or out of range.
Params completeOptions(const std::string& id, const std::vector<ParamDef>& params, const Params& given);

}  // namespace fw
