// Copies a graph node by node while some nodes are replaced: the loop that rewrites share.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "engine/ir/builder.h"
#include "engine/ir/graph.h"

namespace fw {

class Rewriter {
 public:
  explicit Rewriter(const ir::Graph& graph);

  ir::Builder& builder() { return builder_; }
  /// What has become of a value of the old graph; its node must have been reached.
  ir::Value at(ir::ValueRef ref) const { return values_[size_t(ref.node)][size_t(ref.output)]; }
  std::vector<ir::Value> at(const std::vector<ir::ValueRef>& refs) const;
  /// Says what stands for the outputs of an old node, which may be a later one.
  void set(int node, std::vector<ir::Value> values) { values_[size_t(node)] = std::move(values); }

  /// Inputs and parameters first, then every node in order, with its scope and origin set: `replace(i)` emits what
  /// stands for node i and returns true, or returns false where the node is to be copied. Inputs, parameters, outputs
  /// and probes stay; a probe of a value that has no successor is dropped.
  ir::Graph run(const std::function<bool(int)>& replace);

 private:
  const ir::Graph& graph_;
  ir::Builder builder_;
  std::vector<std::vector<ir::Value>> values_;
};

}  // namespace fw
