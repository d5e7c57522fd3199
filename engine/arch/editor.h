// The one door for edits: an Editor changes a working copy, a History publishes snapshots and undoes by publishing old
// ones.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "engine/arch/architecture.h"

namespace fw {

struct Verdict {
  bool isAllowed = true;
  std::string reason;  // why not, or ""
};

/// Whether a wire may be drawn: ports exist, kinds agree, the input is free or would be replaced, no cycle.
Verdict canConnect(const Architecture& architecture, const Catalog& catalog, const GraphPath& path, const PortRef& from,
                   const PortRef& to);

/// Every port that a wire from `port` (an output: inputs are sought; an input: outputs) may go to; one walk for all, so
/// that a canvas can dim the others while a wire is dragged.
std::vector<PortRef> connectablePorts(const Architecture& architecture, const Catalog& catalog, const GraphPath& path,
                                      const PortRef& port, bool isOutput);

/// Which nodes, frames and dots an edit touched; what the views need to redraw.
struct ChangeSet {
  std::set<NodeId> added, removed;
  std::set<NodeId>
      changed;             // fields, wires at its ports, ports, the graph that holds it; not: only something inside it
  std::set<NodeId> moved;  // position
  bool documentChanged = false;  // name, variables, weight groups
  bool isEmpty() const;
  void merge(const ChangeSet& later);
  bool operator==(const ChangeSet&) const = default;
};

/// What differs between two architectures; nodes are matched by id, equal snapshots of graphs are skipped by pointer.
ChangeSet difference(const Architecture& before, const Architecture& after);

/// Edits a copy of an architecture. Every function throws fw::Error with a sentence and leaves the copy as it was.
/// Values out of range and expressions without a value are kept and become diagnostics.
class Editor {
 public:
  Editor(const Architecture& base, const Catalog& catalog);

  /// A container comes with its bodies, each an `in` "x" wired to an `out` "y". Without `name` the block's default is
  /// used, with a number where it is taken.
  NodeId addNode(const GraphPath& path, const std::string& block, Position at, const Params& params = {},
                 const std::string& name = {});
  /// Nodes, frames or dots, with their wires and what is inside; outer wires of a removed port go too.
  void removeNodes(const std::vector<NodeId>& ids);
  /// Reconnects around it where kinds agree.
  void removeAndHeal(NodeId id);
  /// Another block in the same place: parameters and wires that fit are kept.
  void replaceBlock(NodeId id, const std::string& block);
  /// Replaces the wire into `to`.
  void connect(const GraphPath& path, const PortRef& from, const PortRef& to);
  void disconnect(const GraphPath& path, const Wire& wire);
  /// Puts `id` between the ends of `wire`, through its first input and output that fit; of its dots the first
  /// `dotsBefore` stay in front of the node.
  void insertOnWire(const GraphPath& path, const Wire& wire, NodeId id, size_t dotsBefore = 0);

  /// The default value removes the entry. The pattern of a Repeat and the branches of a Fork change its bodies too.
  void setParam(NodeId id, const std::string& param, const ParamValue& value);
  /// Renaming an `in` or `out` renames the port: in the container's other bodies and at its outer wires too.
  void rename(NodeId id, const std::string& name);
  void setLabel(NodeId id, const std::string& label);
  void setMuted(NodeId id, bool isMuted);
  /// A node, a frame or a dot.
  void move(NodeId id, Position to);
  void setWeightGroup(NodeId id, const std::string& group);                 // "" leaves its group
  void setGroupPolicy(const std::string& group, const WeightGroup& value);  // creates or changes; empty policy removes
  void setVariable(const std::string& name, double value);
  void removeVariable(const std::string& name);
  void setName(const std::string& name);

  void setLayerParam(NodeId repeat, int64_t layer, NodeId inner, const std::string& param, const ParamValue& value);
  void clearLayerParam(NodeId repeat, int64_t layer, NodeId inner, const std::string& param);
  void setLayerMuted(NodeId repeat, int64_t layer, NodeId inner, bool isMuted);
  /// Drops all that a layer has of its own.
  void clearLayer(NodeId repeat, int64_t layer);
  /// Keeps bodies of letters that stay, adds bodies with the same ports for new ones, drops the others. Between a
  /// pattern and none, the body of the first letter becomes "layer" and back.
  void setPattern(NodeId repeat, const std::string& pattern);

  /// Gives layers of a Repeat with a pattern another kind; the pattern becomes the shortest that says so.
  void setLayerKind(NodeId repeat, const std::vector<int64_t>& layers, const std::string& letter);
  /// Two Repeats in a row: the layers before `at` stay, the others go to a new one, which is returned.
  NodeId splitRepeat(NodeId repeat, int64_t at);
  /// Puts a group for each layer in the place of a Repeat, with the layer's own settings; returns them in order.
  std::vector<NodeId> writeOut(NodeId repeat);

  /// Moves nodes of one graph into a new container there (structure.group, structure.repeat); wires across the border
  /// become its ports. Refused where a path leaves the nodes and comes back, which would make a cycle.
  NodeId collapse(const std::vector<NodeId>& ids, const std::string& block);
  /// The other way, for a container of BodyKind::Single; returns the nodes that came out.
  std::vector<NodeId> expand(NodeId container);

  /// Moves nodes of one graph into another, the top left one to `at`. Wires among them come along, wires around them
  /// are joined where kinds agree; settings of single layers stay with the Repeats that hold them before and after.
  void moveInto(const std::vector<NodeId>& ids, const GraphPath& target, Position at);

  /// Takes a layer out of a Repeat: a group with the layer's own settings stands between what is before and what is
  /// behind, each a Repeat still. Returns the group.
  NodeId takeOutLayer(NodeId repeat, int64_t layer, Position to);
  /// The other way: a node of the Repeat's graph becomes its layer `at`, the wires around it are joined. An inside that
  /// no layer has yet becomes another kind. Refused where the ports do not fit.
  void putInLayer(NodeId repeat, int64_t at, NodeId node);

  /// A copy of a composite beside it, without wires, that has the same inside for ever: an edit of one is made in all.
  NodeId addLinkedCopy(NodeId composite, Position at);
  /// Links composites whose insides are equal.
  void linkCopies(const std::vector<NodeId>& composites);
  /// The inside of `composite` is its own from now on.
  void makeUnique(NodeId composite);
  /// A parameter of a node becomes one of the composite around it, under `name` ("": that of the parameter, with a
  /// number where it is taken). A name that is there already sets this parameter too.
  void promote(NodeId inner, const std::string& param, const std::string& name = {});
  void demote(NodeId composite, const std::string& name);
  /// Makes linked copies equal again after one has been edited, and drops dots and promotions whose wires and nodes are
  /// gone. History does this after every edit. Refused where a composite would hold a copy of itself.
  void settle();

  /// Keeps a node where it is while others are laid out, or no longer.
  void setPinned(NodeId id, bool isPinned);

  /// A dot on a wire, before the one that is at `place` along it.
  NodeId addDot(const GraphPath& path, const Wire& wire, size_t place, Position at);

  NodeId addFrame(const GraphPath& path, const Frame& frame);
  void setFrame(NodeId id, const Frame& frame);

  /// Inserts text made by copyText (JSON, untrusted): new ids and free names, the top left node at `at`; returns the
  /// new nodes. Weight groups and variables that the document lacks come along. With `keepInputs` the wires that came
  /// from outside the copied nodes are drawn again where their sources stand in this graph.
  std::vector<NodeId> paste(const GraphPath& path, const std::string& text, Position at, bool keepInputs = false);

  /// The whole document by another one: text view, transforms.
  void replace(const Architecture& whole) { work_ = whole; }

  const Architecture& result() const { return work_; }
  ChangeSet changes() const { return difference(base_, work_); }

 private:
  struct Found {
    const Node* node;
    GraphPath path;
  };

  Found find(NodeId id) const;
  const BlockDef& blockFor(const std::string& id) const;
  const Graph& graph(const GraphPath& path) const;
  Graph& mutableGraph(const GraphPath& path);
  Node& mutableNode(const Found& found);
  NodeId takeId();
  void atomically(const std::function<void()>& change);
  Ports portsAt(const GraphPath& path, NodeId id) const;
  void assignParam(Node& node, const std::string& param, const ParamValue& value) const;
  void addWire(const GraphPath& path, const Wire& wire);

  GraphPtr newBody(const Graph* like);
  void fillBodies(Node& node, const BlockDef& block);
  void setBodies(const Found& container, const std::string& param, const std::string& value);
  void removeFrom(const GraphPath& path, const std::set<NodeId>& ids);
  void forget(const GraphPath& path, const std::set<NodeId>& ids);
  void forgetLayers(const GraphPath& path, size_t fromDepth, const std::set<NodeId>& ids);
  void dropOuterWires(const GraphPath& path, const Ports& before);
  Ports containerPorts(const GraphPath& path) const;
  Node& repeatWith(NodeId repeat, int64_t layer, NodeId inner);
  std::pair<Found, int64_t> stack(NodeId repeat, const char* place) const;
  GraphPtr copyOf(const Graph& graph, std::map<NodeId, NodeId>& ids);
  GraphPtr withSettings(const Graph& graph, const LayerOverride& settings) const;
  Position positionOf(NodeId id) const;
  void moveDots(const std::vector<Wire>& wires, double dx, double dy);

  struct Member;
  const Node& compositeAt(NodeId id, const char* place) const;
  std::string freeLink(const std::string& wish) const;
  void renameLinks(Graph& pasted);
  bool isEdited(const Member& member) const;
  void dropLoose();
  bool followLinks(const std::string& link, const std::set<NodeId>& edited);
  bool follow(const Member& source, const Member& target);
  bool followDots(const std::set<NodeId>& inside, const std::map<NodeId, NodeId>& ids);

  Architecture base_, work_;
  const Catalog* catalog_;
};

/// The nodes with the wires among them (and, apart, those that come in from outside) as JSON text for the clipboard.
std::string copyText(const Architecture& architecture, const GraphPath& path, const std::vector<NodeId>& ids);

/// Snapshots of one document. Not thread-safe; snapshots are.
class History {
 public:
  struct Entry {
    std::string title;
    ArchitecturePtr snapshot;
  };
  using Listener = std::function<void(const ArchitecturePtr&, const ChangeSet&)>;

  History(ArchitecturePtr first, const Catalog& catalog);

  /// Runs `change` on an Editor and publishes the result as one entry; a result without a change is none. An entry with
  /// the same non-empty `mergeKey` as the newest one replaces it, so that a drag is one step (none where it ends as it
  /// began). When `change` throws, nothing has happened. The oldest entries are dropped above a bound on count and
  /// memory.
  void edit(const std::string& title, const std::string& mergeKey, const std::function<void(Editor&)>& change);
  void endMerge() { mergeKey_.clear(); }  // the next edit starts a new entry whatever its key
  bool canUndo() const { return index_ > 0; }
  bool canRedo() const { return index_ + 1 < entries_.size(); }
  void undo();
  void redo();
  void goTo(size_t index);

  const ArchitecturePtr& current() const { return entries_[index_].snapshot; }
  const std::vector<Entry>& entries() const { return entries_; }
  size_t index() const { return index_; }
  void markSaved();
  bool isModified() const { return saved_ != current(); }
  void setListener(Listener listener) { listener_ = std::move(listener); }

 private:
  void publish(const ChangeSet& changes) const;
  void trim();

  const Catalog* catalog_;
  std::vector<Entry> entries_;
  size_t index_ = 0;
  ArchitecturePtr saved_;
  std::string mergeKey_;
  Listener listener_;
};

}  // namespace fw
