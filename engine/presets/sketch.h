// Writes documents in a few lines: nodes chained one after the other, laid out in this order.
#pragma once

#include <string>

#include "engine/arch/editor.h"

namespace fw {

/// One graph of a document that is being written. Nodes go to the right at the root and downwards inside containers, as
/// the data flows; add() wires the first output of the node before into the first free input of the new one.
class Sketch {
 public:
  /// The root graph of an empty document.
  Sketch(const std::string& name, const Catalog& catalog);

  /// Appends a node wired to the one before (if any), under `name` (empty: the block's own).
  NodeId add(const std::string& block, const Params& params = {}, const std::string& name = {});
  /// The same without the wire.
  NodeId place(const std::string& block, const Params& params = {}, const std::string& name = {});
  /// Goes on from this node: the next add() is wired to it.
  void from(NodeId node) { last_ = node; }
  NodeId last() const { return last_; }
  void connect(NodeId from, const std::string& output, NodeId to, const std::string& input);
  void connect(NodeId from, NodeId to, const std::string& input);  // the first output of `from`

  /// Writes the body of a container that has just been added: its `in` "x" is the sketch's last node; finish() wires
  /// the last one to its `out` "y".
  Sketch inside(NodeId container, const std::string& body = "layer");
  void finish();

  /// A pre-norm sub-layer: x + block(norm(x)); goes on from the sum.
  NodeId sublayer(const std::string& norm, const std::string& block, const Params& blockParams,
                  const Params& normParams = {}, const std::string& normName = {});

  void variable(const std::string& name, double value) { editor_->setVariable(name, value); }
  void group(NodeId node, const std::string& group) { editor_->setWeightGroup(node, group); }
  Editor& editor() { return *editor_; }
  /// The document, laid out.
  Architecture result() const;

 private:
  Sketch(std::shared_ptr<Editor> editor, const Catalog& catalog, GraphPath path);
  std::string outputOf(NodeId node) const;
  std::string inputOf(NodeId node) const;
  const Ports portsOf(NodeId node) const;

  std::shared_ptr<Editor> editor_;
  const Catalog* catalog_;
  GraphPath path_;
  NodeId last_ = 0;
};

}  // namespace fw
