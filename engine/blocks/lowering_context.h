// What one lowering of a document knows: the graph that grows, the path and the weight groups in force.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "engine/blocks/lowering.h"

namespace fw {

/// A weight group in force while its members are lowered.
struct GroupFrame {
  std::string name;
  const WeightPolicyDef* policy = nullptr;
  Params params;
  std::string base;  // module path of the member; the rest of a path names the weight inside it
  int64_t index = 0, count = 0;
};

/// "layers.3" and "attention" are "layers.3.attention".
inline std::string joinPath(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

/// Everything that one lowering of a document knows.
class LoweringContext {
 public:
  using Values = std::map<std::string, ir::Value>;

  LoweringContext(const Architecture& architecture, const Catalog& catalog, const LowerOptions& options)
      : architecture_(architecture), catalog_(catalog), options_(options) {}

  LowerResult run();

  ir::Builder& builder() { return builder_; }
  const LowerOptions& options() const { return options_; }
  const std::string& path() const { return path_; }

  ir::Value weight(const WeightRequest& request);

  ir::Value parameter(const std::string& name, const Shape& shape, const ir::Init& init, const WeightRequest& request);

  /// The name under which members of a group share a tensor: that of the first member that asked.
  std::string sharedName(const std::string& group, int64_t set, const std::string& local, const std::string& own) {
    return shared_.emplace(std::make_tuple(group, set, local), own).first->second;
  }

  ir::Value lazyInput(const std::string& name) {
    if (const auto known = lazy_.find(name); known != lazy_.end()) return known->second;
    return lazy_.emplace(name, builder_.input(name, {DType::I64, {}})).first->second;
  }

  ir::Value state(const std::string& name, const ir::TensorType& type, bool growsWithTokens) {
    const std::string full = "state/" + joinPath(path_, name);
    result_.states.push_back({full, type, growsWithTokens});
    return builder_.input(full, type);
  }
  void setState(const std::string& name, ir::Value next) {
    const std::string full = "state/" + joinPath(path_, name);
    builder_.output(full, next, full);
  }

  ir::Value tiedEmbedding(const Shape& shape) const;

  void probe(const std::string& kind, const std::string& path, NodeId origin, ir::Value value);
  const Node* source(NodeId node, const std::string& port) const;
  const std::string& graphPath() const { return graphPath_; }

 private:
  using Feeds = std::map<PortRef, PortRef>;  // input -> the output wired to it

  void report(const Diagnostic& diagnostic) {
    if (failed_.insert(diagnostic.place.node).second) result_.diagnostics.push_back(diagnostic);
  }

  void fail(const GraphPath& path, const Node& node, const Error& error, const std::string& port = {});

  /// Nodes in an order in which each follows what it reads.
  static std::vector<const Node*> sorted(const Graph& graph);

  /// `ins` are the values of the graph's `in` nodes; the result, those of its `out` nodes. What could not be lowered is
  /// missing.
  Values lowerGraph(const Graph& graph, const GraphPath& path, const Values& ins);

  ir::Value valueInto(const Feeds& feeds, const std::map<PortRef, ir::Value>& values, const PortRef& port);

  void setType(ir::Value value, const PortRef& port) { result_.types.emplace(port, value.type()); }

  void lowerRootInput(const Node& node, std::map<PortRef, ir::Value>& values);

  void lowerNode(const Feeds& feeds, const GraphPath& path, const Node& base, std::map<PortRef, ir::Value>& values);

  static Values passThrough(const Ports& ports, const Values& inputs);

  /// " (from mlp.y)": the output wired to an input of the graph in work.
  std::string sourceText(const Feeds& feeds, const PortRef& port) const;

  Values apply(const Node& node, const BlockDef& block, const GraphPath& path, const Values& inputs);

  static GraphPath childPath(GraphPath path, NodeId node, const std::string& body);

  Values applyRepeat(const Node& node, const BlockDef& block, const GraphPath& path, const Values& inputs);

  /// Each branch gets an equal share of the batch's rows; with an input "branch" [B] it sees all rows and the input
  /// says for each which branch's result holds.
  Values applyFork(const Node& node, const BlockDef& block, const GraphPath& path, const Values& inputs);

  /// Pops the frame when it goes.
  struct GroupScope {
    std::vector<GroupFrame>* stack;
    bool isPushed;
    GroupScope(std::vector<GroupFrame>* s, bool pushed) : stack(s), isPushed(pushed) {}
    GroupScope(const GroupScope&) = delete;
    GroupScope& operator=(const GroupScope&) = delete;
    ~GroupScope() {
      if (isPushed) stack->pop_back();
    }
  };

  GroupScope enterGroup(const Node& node, int64_t index, int64_t count = 0);

  const Architecture& architecture_;
  const Catalog& catalog_;
  const LowerOptions& options_;
  ir::Builder builder_;
  LowerResult result_;
  std::set<NodeId> failed_;
  std::string path_, graphPath_;
  const Graph* graph_ = nullptr;
  int64_t layer_ = -1;
  std::vector<GroupFrame> groups_;
  std::vector<const LayerOverride*> overrides_;  // in force, that of the innermost Repeat last
  std::map<std::string, int64_t> members_;
  std::map<std::string, ir::Value> parameters_, lazy_;
  std::map<std::tuple<std::string, int64_t, std::string>, std::string> shared_;
  std::set<std::string> probes_;

  friend class PolicyContext;
};

}  // namespace fw
