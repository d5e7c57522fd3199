// The one door for edits: an Editor changes a working copy, a History publishes snapshots and undoes by publishing old ones.
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
Verdict canConnect(const Architecture& architecture, const Catalog& catalog, const GraphPath& path, const PortRef& from, const PortRef& to);

/// Which nodes an edit touched; what the views need to redraw.
struct ChangeSet {
  std::set<NodeId> added, removed, changed, moved;
  bool documentChanged = false;  // name, variables, weight groups
  bool isEmpty() const;
  void merge(const ChangeSet& later);
};

/// Edits a copy of an architecture. Every function throws fw::Error with a sentence and leaves the copy as it was.
class Editor {
 public:
  Editor(const Architecture& base, const Catalog& catalog);

  NodeId addNode(const GraphPath& path, const std::string& block, Position at, const Params& params = {}, const std::string& name = {});
  void removeNodes(const std::vector<NodeId>& ids);              // with their wires
  void removeAndHeal(NodeId id);                                 // reconnects around it where kinds agree
  void connect(const GraphPath& path, const PortRef& from, const PortRef& to);  // replaces the wire into `to`
  void disconnect(const GraphPath& path, const Wire& wire);
  void setParam(NodeId id, const std::string& param, const ParamValue& value);  // the default value removes the entry
  void rename(NodeId id, const std::string& name);
  void setLabel(NodeId id, const std::string& label);
  void setMuted(NodeId id, bool isMuted);
  void move(NodeId id, Position to);
  void setWeightGroup(NodeId id, const std::string& group);
  void setGroupPolicy(const std::string& group, const WeightGroup& value);      // creates or changes; empty policy removes
  void setVariable(const std::string& name, double value);
  void setName(const std::string& name);
  void setLayerParam(NodeId repeat, int64_t layer, NodeId inner, const std::string& param, const ParamValue& value);
  void clearLayerParam(NodeId repeat, int64_t layer, NodeId inner, const std::string& param);
  void setLayerMuted(NodeId repeat, int64_t layer, NodeId inner, bool isMuted);
  void setPattern(NodeId repeat, const std::string& pattern);    // keeps bodies of letters that stay, adds empty ones
  /// Inserts text made by copyText (JSON, untrusted): new ids and free names; returns the new nodes.
  std::vector<NodeId> paste(const GraphPath& path, const std::string& text, Position at);

  const Architecture& result() const { return work_; }
  const ChangeSet& changes() const { return changes_; }

 private:
  void update(NodeId id, const std::function<void(Node&)>& change);
  void updateGraph(const GraphPath& path, const std::function<void(Graph&)>& change);

  Architecture work_;
  const Catalog* catalog_;
  ChangeSet changes_;
};

/// The nodes with the wires among them as JSON text for the clipboard.
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

  /// Runs `change` on an Editor and publishes the result as one entry. An entry with the same non-empty `mergeKey` as the
  /// newest one replaces it, so that a drag is one step. When `change` throws, nothing has happened.
  void edit(const std::string& title, const std::string& mergeKey, const std::function<void(Editor&)>& change);
  void endMerge();  // the next edit starts a new entry whatever its key
  bool canUndo() const { return index_ > 0; }
  bool canRedo() const { return index_ + 1 < entries_.size(); }
  void undo();
  void redo();
  void goTo(size_t index);

  const ArchitecturePtr& current() const { return entries_[index_].snapshot; }
  const std::vector<Entry>& entries() const { return entries_; }
  size_t index() const { return index_; }
  void markSaved() { savedIndex_ = index_; }
  bool isModified() const { return savedIndex_ != index_; }
  void setListener(Listener listener) { listener_ = std::move(listener); }

 private:
  void publish(const ChangeSet& changes);

  const Catalog* catalog_;
  std::vector<Entry> entries_;
  size_t index_ = 0;
  size_t savedIndex_ = 0;
  std::string mergeKey_;
  Listener listener_;
};

/// What differs between two architectures (nodes matched by id, then by name and path).
ChangeSet difference(const Architecture& before, const Architecture& after);

}  // namespace fw
