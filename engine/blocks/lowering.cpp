// From a document to a graph.
#include "engine/blocks/lowering.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <sstream>

#include "engine/base/error.h"
#include "engine/ir/op.h"
#include "engine/ir/passes.h"
#include "engine/ops/concat.h"
#include "engine/ops/matmul.h"
#include "engine/ops/slice.h"

namespace fw {

const WeightPolicyDef& findWeightPolicy(const std::string& id) {
  std::string known;
  for (const WeightPolicyDef& policy : allWeightPolicies()) {
    if (policy.id == id) return policy;
    known += (known.empty() ? "" : ", ") + policy.id;
  }
  throw Error(Code::Parameter, text("there is no weight policy '", id, "'; there are: ", known, "."));
}

namespace {

using Values = std::map<std::string, ir::Value>;

/// A weight group in force while its members are lowered.
struct GroupFrame {
  std::string name;
  const WeightPolicyDef* policy = nullptr;
  Params params;
  std::string base;  // module path of the member; the rest of a path names the weight inside it
  int64_t index = 0, count = 0;
};

std::vector<std::string> splitWords(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string joinPath(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

/// An error whose cause is at one input of a node.
class PortError : public Error {
 public:
  PortError(const std::string& port, const std::string& sentence) : Error(Code::Shape, sentence), port_(port) {}
  const std::string& port() const { return port_; }

 private:
  std::string port_;
};

/// A size that a document or a run names; `word` says where.
int64_t checkedSize(double size, const std::string& word) {
  constexpr double kMost = 0x1p40;
  if (size != std::floor(size) || size < 1 || size > kMost)
    throw Error(Code::Parameter, text("the size of '", word, "' in its dims is ", size,
                                      "; expected a whole number from 1 to ", int64_t(kMost), "."));
  return int64_t(size);
}

bool isNumber(const std::string& word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

/// Everything that one lowering of a document knows.
class LoweringContext {
 public:
  LoweringContext(const Architecture& architecture, const Catalog& catalog, const LowerOptions& options)
      : architecture_(architecture), catalog_(catalog), options_(options) {}

  LowerResult run() {
    result_.diagnostics = validate(architecture_, catalog_);
    for (const Diagnostic& diagnostic : result_.diagnostics)
      if (diagnostic.severity == Severity::Error) {
        if (diagnostic.code == "cycle" || diagnostic.code == "too_large") return std::move(result_);
        failed_.insert(diagnostic.place.node);
      }
    const Values outputs = lowerGraph(*architecture_.root, {}, {});
    for (const auto& [name, value] : outputs) builder_.output(name, value);
    if (hasErrors(result_.diagnostics) || outputs.empty()) return std::move(result_);
    ir::Graph graph = ir::withoutDeadNodes(builder_.finish());
    result_.graph = std::make_shared<const ir::Graph>(std::move(graph));
    return std::move(result_);
  }

  ir::Builder& builder() { return builder_; }
  const LowerOptions& options() const { return options_; }
  const std::string& path() const { return path_; }

  ir::Value weight(const WeightRequest& request);

  ir::Value parameter(const std::string& name, const Shape& shape, const ir::Init& init, const WeightRequest& request) {
    if (const auto known = parameters_.find(name); known != parameters_.end()) {
      if (known->second.shape() != shape)
        throw Error(Code::Shape, text("weight '", name, "' is shared with shape ", known->second.shape(),
                                      "; here it is ", shape, "."));
      return known->second;
    }
    const ir::Value value = builder_.parameter(name, {DType::F32, shape}, init);
    ir::ParameterInfo& info = builder_.parameterInfo(name);
    info.role = request.role;
    info.decays = request.decays;
    parameters_.emplace(name, value);
    return value;
  }

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

  ir::Value tiedEmbedding(const Shape& shape) const {
    for (const ir::ParameterInfo& info : builder_.graph().parameters)
      if (info.role == "embedding" && builder_.graph().type({info.node, 0}).shape == shape)
        return parameters_.at(info.name);
    throw Error(Code::Shape, text("is tied, but no token embedding has a table of ", shape, "."));
  }

  void probe(const std::string& kind, const std::string& path, NodeId origin, ir::Value value) {
    std::string name = path + ":" + kind;
    if (!probes_.insert(name).second) return;
    builder_.probe({.name = std::move(name), .origin = origin, .layer = layer_, .kind = kind}, value);
  }
  const Node* source(NodeId node, const std::string& port) const {
    for (const Wire& wire : graph_->wires)
      if (wire.to == PortRef{node, port}) return graph_->find(wire.from.node);
    return nullptr;
  }
  const std::string& graphPath() const { return graphPath_; }

 private:
  using Feeds = std::map<PortRef, PortRef>;  // input -> the output wired to it

  void report(const Diagnostic& diagnostic) {
    if (failed_.insert(diagnostic.place.node).second) result_.diagnostics.push_back(diagnostic);
  }

  void fail(const GraphPath& path, const Node& node, const Error& error, const std::string& port = {}) {
    const char* code = error.code() == Code::Memory      ? "memory"
                       : error.code() == Code::Parameter ? "parameter"
                                                         : "shape";
    std::string sentence = error.what();
    report({Severity::Error,
            code,
            nodeText(architecture_, path, node.id) + ": " + sentence,
            {path, node.id, port, {}},
            {}});
  }

  /// Nodes in an order in which each follows what it reads.
  static std::vector<const Node*> sorted(const Graph& graph) {
    std::map<NodeId, int> waiting;
    for (const auto& [id, node] : graph.nodes) waiting[id] = 0;
    for (const Wire& wire : graph.wires)
      if (waiting.contains(wire.from.node) && waiting.contains(wire.to.node)) ++waiting[wire.to.node];
    std::vector<const Node*> order;
    std::set<NodeId> ready;
    for (const auto& [id, count] : waiting)
      if (count == 0) ready.insert(id);
    std::map<NodeId, std::vector<NodeId>> next;
    for (const Wire& wire : graph.wires) next[wire.from.node].push_back(wire.to.node);
    while (!ready.empty()) {
      const NodeId id = *ready.begin();
      ready.erase(ready.begin());
      order.push_back(graph.find(id));
      for (const NodeId to : next[id])
        if (waiting.contains(to) && --waiting[to] == 0) ready.insert(to);
    }
    return order;
  }

  /// `ins` are the values of the graph's `in` nodes; the result, those of its `out` nodes. What could not be lowered is
  /// missing.
  Values lowerGraph(const Graph& graph, const GraphPath& path, const Values& ins) {
    const Graph* outerGraph = std::exchange(graph_, &graph);
    const std::string outerPath = std::exchange(graphPath_, path_);
    Feeds feeds;
    for (const Wire& wire : graph.wires) feeds.emplace(wire.to, wire.from);
    std::map<PortRef, ir::Value> values;
    Values outs;
    for (const Node* node : sorted(graph)) {
      if (path.empty() && node->block == kInBlock)
        lowerRootInput(*node, values);
      else if (node->block == kInBlock) {
        if (const auto at = ins.find(node->name); at != ins.end())
          setType(values[{node->id, kInPort}] = at->second, {node->id, kInPort});
      } else if (node->block == kOutBlock) {
        if (const auto value = valueInto(feeds, values, {node->id, kOutPort}); value.isValid())
          outs[node->name] = value;
      } else {
        lowerNode(feeds, path, *node, values);
      }
    }
    graph_ = outerGraph;
    graphPath_ = outerPath;
    return outs;
  }

  ir::Value valueInto(const Feeds& feeds, const std::map<PortRef, ir::Value>& values, const PortRef& port) {
    const auto feed = feeds.find(port);
    if (feed == feeds.end()) return {};
    const auto at = values.find(feed->second);
    if (at == values.end()) return {};
    setType(at->second, port);
    return at->second;
  }

  void setType(ir::Value value, const PortRef& port) { result_.types.emplace(port, value.type()); }

  void lowerRootInput(const Node& node, std::map<PortRef, ir::Value>& values) {
    if (failed_.contains(node.id)) return;
    try {
      const BlockDef& block = *catalog_.find(node.block);
      const Params params = completeParams(node, block, architecture_.variables);
      const std::string& kind = std::get<std::string>(params.at("kind"));
      Shape shape;
      for (const std::string& word : splitWords(std::get<std::string>(params.at("dims")))) {
        if (isNumber(word))
          shape.append(checkedSize(std::stod(word.substr(0, 300)), word));
        else if (const auto at = options_.dims.find(word); at != options_.dims.end())
          shape.append(checkedSize(double(at->second), word));
        else if (const auto variable = architecture_.variables.find(word); variable != architecture_.variables.end())
          shape.append(checkedSize(variable->second, word));
        else
          throw Error(Code::Parameter, text("the size of '", word, "' in its dims is not known."));
      }
      const DType dtype = kind == "tokens" || kind == "labels" ? DType::I64 : DType::F32;
      result_.paths.emplace(node.id, node.name);
      const ir::Value value = builder_.input(node.name, {dtype, shape});
      values[{node.id, kInPort}] = value;
      setType(value, {node.id, kInPort});
    } catch (const Error& error) {
      fail({}, node, error);
    }
  }

  void lowerNode(const Feeds& feeds, const GraphPath& path, const Node& base, std::map<PortRef, ir::Value>& values) {
    if (failed_.contains(base.id)) return;
    const BlockDef* block = catalog_.find(base.block);
    if (!block) return;
    Node node = base;
    for (const LayerOverride* override : overrides_) {
      if (const auto own = override->params.find(node.id); own != override->params.end())
        for (const auto& [name, value] : own->second) node.params[name] = value;
      if (std::binary_search(override->muted.begin(), override->muted.end(), node.id)) node.isMuted = true;
    }
    const std::string outerPath = path_;
    path_ = joinPath(path_, node.name);
    result_.paths.emplace(node.id, path_);
    ir::ScopeGuard guard(builder_, path_, node.id);
    try {
      const Ports ports = portsOf(node, *block);
      Values inputs;
      bool isComplete = true;
      for (const PortDef& port : ports.inputs) {
        const ir::Value value = valueInto(feeds, values, {node.id, port.name});
        if (value.isValid())
          inputs[port.name] = value;
        else if (!port.isOptional || feeds.contains({node.id, port.name}))
          isComplete = false;
      }
      if (isComplete) {
        checkDims(ports, inputs, [&](const std::string& port) { return sourceText(feeds, {node.id, port}); });
        const Values outputs = node.isMuted ? passThrough(ports, inputs) : apply(node, *block, path, inputs);
        for (const auto& [port, value] : outputs) {
          values[{node.id, port}] = value;
          setType(value, {node.id, port});
        }
      }
    } catch (const PortError& error) {
      fail(path, node, error, error.port());
    } catch (const Error& error) {
      fail(path, node, error);
    }
    path_ = outerPath;
  }

  static Values passThrough(const Ports& ports, const Values& inputs) {
    Values outputs;
    for (const PortDef& port : ports.outputs) {
      const PortDef* source = mutedSource(ports, port);
      const auto value = source ? inputs.find(source->name) : inputs.end();
      if (value != inputs.end()) outputs[port.name] = value->second;
    }
    return outputs;
  }

  /// " (from mlp.y)": the output wired to an input of the graph in work.
  std::string sourceText(const Feeds& feeds, const PortRef& port) const {
    const auto feed = feeds.find(port);
    const Node* from = feed == feeds.end() ? nullptr : graph_->find(feed->second.node);
    return from ? text(" (from ", from->name, '.', feed->second.port, ")") : "";
  }

  /// Equal letters are equal sizes, over all inputs. `from` names the source of an input.
  template <class From>
  static void checkDims(const Ports& ports, const Values& inputs, const From& from) {
    std::map<std::string, std::pair<int64_t, std::string>> sizes;  // letter -> size, port
    for (const PortDef& port : ports.inputs) {
      const auto at = inputs.find(port.name);
      if (at == inputs.end() || port.dims.empty()) continue;
      std::vector<std::string> words = splitWords(port.dims);
      const Shape& shape = at->second.shape();
      size_t skip = 0;
      if (words.front() == "...") {
        words.erase(words.begin());
        if (size_t(shape.rank()) >= words.size()) skip = size_t(shape.rank()) - words.size();
      }
      if (size_t(shape.rank()) != words.size() + skip)
        throw PortError(port.name, text("input '", port.name, "' is ", shape, from(port.name), "; expected ", port.dims,
                                        " (", words.size(), " dimensions)."));
      for (size_t i = 0; i < words.size(); ++i) {
        const int64_t size = shape[int(i + skip)];
        const auto [known, isNew] = sizes.emplace(words[i], std::make_pair(size, port.name));
        if (isNew || known->second.first == size) continue;
        const std::string& other = known->second.second;
        throw PortError(port.name, text("input '", port.name, "' is ", shape, from(port.name), " and input '", other,
                                        "' is ", inputs.at(other).shape(), from(other), ": ", words[i], " is ", size,
                                        " and ", known->second.first, "; expected equal sizes."));
      }
    }
  }

  Values apply(const Node& node, const BlockDef& block, const GraphPath& path, const Values& inputs) {
    switch (block.body) {
      case BodyKind::Repeat:
        return applyRepeat(node, block, path, inputs);
      case BodyKind::Fork:
        return applyFork(node, block, path, inputs);
      case BodyKind::Single: {
        const auto group = enterGroup(node, 0);
        const auto body = node.bodies.find("body");
        if (body == node.bodies.end()) throw Error(Code::Graph, "has no body.");
        return lowerGraph(*body->second, childPath(path, node.id, "body"), inputs);
      }
      case BodyKind::None:
        break;
    }
    const auto group = enterGroup(node, 0);
    Lowering lowering(*this, node, block, completeParams(node, block, architecture_.variables), inputs);
    if (!block.lower) throw Error(Code::Internal, text("block '", block.id, "' has no lowering."));
    block.lower(lowering);
    for (const PortDef& port : block.outputs)
      if (!lowering.outputs().contains(port.name))
        throw Error(Code::Internal, text("block '", block.id, "' gave no output '", port.name, "'."));
    return lowering.outputs();
  }

  static GraphPath childPath(GraphPath path, NodeId node, const std::string& body) {
    path.push_back({node, body});
    return path;
  }

  Values applyRepeat(const Node& node, const BlockDef& block, const GraphPath& path, const Values& inputs) {
    const Params params = completeParams(node, block, architecture_.variables);
    const int64_t count = std::get<int64_t>(params.at("count"));
    const Ports ports = portsOf(node, block);
    const auto pairs = repeatPairs(ports);
    Values carried = inputs, outputs;
    for (int64_t i = 0; i < count; ++i) {
      const std::string body = layerBody(node, block, i);
      const auto graph = node.bodies.find(body);
      if (graph == node.bodies.end()) throw Error(Code::Graph, text("has no body '", body, "'."));
      const std::string outerPath = std::exchange(path_, joinPath(path_, std::to_string(i)));
      const int64_t outerLayer = std::exchange(layer_, int64_t(result_.layers.size()));
      result_.layers.push_back({node.id, i, body, path_});
      {
        ir::ScopeGuard guard(builder_, path_, node.id);
        const auto group = enterGroup(node, i, count);
        if (!pairs.empty())
          if (const auto at = carried.find(pairs.front().second); at != carried.end())
            probe("layer.in", path_, node.id, at->second);
        const auto override = node.overrides.find(i);
        if (override != node.overrides.end()) overrides_.push_back(&override->second);
        outputs = lowerGraph(*graph->second, childPath(path, node.id, body), carried);
        if (override != node.overrides.end()) overrides_.pop_back();
        if (!pairs.empty())
          if (const auto at = outputs.find(pairs.front().first); at != outputs.end())
            probe("layer.out", path_, node.id, at->second);
      }
      path_ = outerPath;
      layer_ = outerLayer;
      for (const auto& [out, in] : pairs) {
        if (!outputs.contains(out)) return {};  // the cause is reported inside
        if (i + 1 < count && carried.contains(in) && carried[in].type() != outputs[out].type())
          throw Error(Code::Shape, text("layer ", i, " takes ", carried[in].type().toString(), " and gives ",
                                        outputs[out].type().toString(), "; expected equal types."));
        carried[in] = outputs[out];
      }
    }
    if (count == 0)
      for (const auto& [out, in] : pairs)
        if (inputs.contains(in)) outputs[out] = inputs.at(in);
    return outputs;
  }

  /// Each branch gets an equal share of the batch's rows; with an input "branch" [B] it sees all rows and the input
  /// says for each which branch's result holds.
  Values applyFork(const Node& node, const BlockDef& block, const GraphPath& path, const Values& inputs) {
    const std::vector<std::string> branches = bodyNames(node, block);
    const bool isSelected = inputs.contains("branch");
    const int64_t count = int64_t(branches.size());
    Values outputs;
    std::map<std::string, std::vector<ir::Value>> parts;
    for (int64_t i = 0; i < count; ++i) {
      const auto graph = node.bodies.find(branches[size_t(i)]);
      if (graph == node.bodies.end()) throw Error(Code::Graph, text("has no body '", branches[size_t(i)], "'."));
      Values share = inputs;
      if (!isSelected)
        for (auto& [port, value] : share) {
          const int64_t rows = value.rank() > 0 ? value.size(0) : 0;
          if (rows % count != 0 || rows == 0)
            throw Error(Code::Shape,
                        text("input '", port, "' has ", rows, " rows; expected a multiple of ", count, " branches."));
          value = ir::slice(value, 0, i * rows / count, (i + 1) * rows / count);
        }
      const std::string outerPath = std::exchange(path_, joinPath(path_, branches[size_t(i)]));
      {
        ir::ScopeGuard guard(builder_, path_, node.id);
        for (const auto& [port, value] :
             lowerGraph(*graph->second, childPath(path, node.id, branches[size_t(i)]), share))
          parts[port].push_back(value);
      }
      path_ = outerPath;
    }
    for (const auto& [port, values] : parts) {
      if (int64_t(values.size()) != count) continue;
      if (!isSelected) {
        outputs[port] = ir::concat(values, 0);
        continue;
      }
      ir::Value chosen = values.front();
      for (size_t i = 1; i < values.size(); ++i) {
        std::vector<int64_t> dims(size_t(values[i].rank()), 1);
        dims[0] = values[i].size(0);
        const ir::Value branch = inputs.at("branch");
        const ir::Value isThis = builder_.op("equal", {branch, builder_.constant(double(i), {}, branch.dtype())});
        chosen = builder_.op("where", {builder_.op("reshape", {isThis}, {{"shape", dims}}), values[i], chosen});
      }
      outputs[port] = chosen;
    }
    return outputs;
  }

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

  GroupScope enterGroup(const Node& node, int64_t index, int64_t count = 0) {
    const auto group = architecture_.weightGroups.find(node.weightGroup);
    if (node.weightGroup.empty() || group == architecture_.weightGroups.end()) return {&groups_, false};
    GroupFrame frame{.name = node.weightGroup,
                     .policy = &findWeightPolicy(group->second.policy),
                     .base = path_,
                     .index = index,
                     .count = count};
    if (count == 0) frame.index = members_[node.weightGroup]++;
    const Node holder{.name = node.weightGroup, .params = group->second.params};
    const BlockDef schema{.id = frame.policy->id, .params = frame.policy->params};
    frame.params = completeParams(holder, schema, architecture_.variables);
    groups_.push_back(std::move(frame));
    return {&groups_, true};
  }

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

/// The innermost group's view of one request.
class PolicyContext : public PolicyCall {
 public:
  PolicyContext(LoweringContext& context, const GroupFrame& group, const WeightRequest& request)
      : context_(context), group_(group), request_(request) {}

  ir::Builder& builder() override { return context_.builder_; }
  const WeightRequest& request() const override { return request_; }
  int64_t index() const override { return group_.index; }
  int64_t count() const override { return group_.count; }
  const ParamValue& param(const std::string& name) const override { return group_.params.at(name); }

  ir::Value own(const std::string& suffix, const Shape& shape, const ir::Init& init) override {
    return context_.parameter(joinPath(context_.path_, suffixed(suffix)), shape, init, request_);
  }
  ir::Value shared(int64_t set, const std::string& suffix, const Shape& shape, const ir::Init& init) override {
    const std::string own = joinPath(context_.path_, suffixed(suffix));
    const std::string local = own.substr(std::min(own.size(), group_.base.size()));
    return context_.parameter(context_.sharedName(group_.name, set, local, own), shape, init, request_);
  }

 private:
  std::string suffixed(const std::string& suffix) const {
    if (suffix.empty()) return request_.name;
    const size_t dot = request_.name.rfind('.');
    const std::string last = dot == std::string::npos ? request_.name : request_.name.substr(dot + 1);
    if (last != "weight") return request_.name + "_" + suffix;
    return dot == std::string::npos ? suffix : request_.name.substr(0, dot + 1) + suffix;
  }

  LoweringContext& context_;
  const GroupFrame& group_;
  const WeightRequest& request_;
};

ir::Value LoweringContext::weight(const WeightRequest& request) {
  result_.appliedParameters += double(request.shape.count());
  if (groups_.empty()) return parameter(joinPath(path_, request.name), request.shape, request.init, request);
  PolicyContext call(*this, groups_.back(), request);
  const ir::Value value = groups_.back().policy->make(call);
  if (value.shape() != request.shape)
    throw Error(Code::Internal, text("policy '", groups_.back().policy->id, "' made ", value.shape(), " for weight '",
                                     request.name, "' of ", request.shape, "."));
  return value;
}

Lowering::Lowering(LoweringContext& context, const Node& node, const BlockDef& block, Params params,
                   std::map<std::string, ir::Value> inputs)
    : context_(context), node_(node), block_(block), params_(std::move(params)), inputs_(std::move(inputs)) {}

ir::Builder& Lowering::builder() const { return context_.builder(); }
Mode Lowering::mode() const { return context_.options().mode; }
int64_t Lowering::cacheLength() const { return context_.options().cacheLength; }

ir::Value Lowering::input(const std::string& port) const {
  const auto at = inputs_.find(port);
  if (at == inputs_.end()) throw Error(Code::Graph, fw::text("input '", port, "' is not connected."));
  return at->second;
}

ir::Value Lowering::weight(const WeightRequest& request) { return context_.weight(request); }

ir::Value Lowering::weight(const std::string& name, const Shape& shape, const ir::Init& init) {
  return context_.weight({.name = name, .shape = shape, .init = init});
}

ir::Value Lowering::tiedEmbedding(const Shape& shape) const { return context_.tiedEmbedding(shape); }

ir::Value Lowering::linear(const std::string& name, ir::Value x, int64_t out, bool hasBias, const ir::Init& init) {
  const std::string prefix = name.empty() ? "" : name + ".";
  const ir::Value w = weight(prefix + "weight", {out, x.size(-1)}, init.make ? init : initNormal(0.02));
  const ir::Value bias =
      hasBias ? weight({.name = prefix + "bias", .shape = {out}, .init = initZeros(), .role = "bias", .decays = false})
              : ir::Value{};
  return ir::linear(x, w, bias);
}

ir::Value Lowering::state(const std::string& name, const ir::TensorType& type, bool growsWithTokens) {
  if (!isDecode()) throw Error(Code::Internal, fw::text("state '", name, "' is asked for outside decoding."));
  return context_.state(name, type, growsWithTokens);
}

void Lowering::setState(const std::string& name, ir::Value next) { context_.setState(name, next); }

ir::Value Lowering::position() const {
  if (!isDecode()) throw Error(Code::Internal, "the position is asked for outside decoding.");
  return context_.lazyInput("position");
}

void Lowering::probe(const std::string& kind, ir::Value value) { context_.probe(kind, path(), node_.id, value); }

void Lowering::probeSource(const std::string& kind, const std::string& port, ir::Value value) {
  const Node* source = context_.source(node_.id, port);
  const std::string name = source ? source->name : port;
  context_.probe(kind, context_.graphPath().empty() ? name : context_.graphPath() + "." + name, node_.id, value);
}

int64_t Lowering::randomStream(const std::string& name) const {
  return int64_t(Hasher().add(std::string_view(path())).add(std::string_view(name)).finish().low >> 1);
}

ir::Value Lowering::randomSeed() const { return context_.lazyInput("seed"); }

const std::string& Lowering::path() const { return context_.path(); }

LowerResult lower(const Architecture& architecture, const Catalog& catalog, const LowerOptions& options) {
  return LoweringContext(architecture, catalog, options).run();
}

std::shared_ptr<const ir::Graph> lowerOrThrow(const Architecture& architecture, const Catalog& catalog,
                                              const LowerOptions& options) {
  LowerResult result = lower(architecture, catalog, options);
  if (result.graph) return result.graph;
  for (const Diagnostic& diagnostic : result.diagnostics)
    if (diagnostic.severity == Severity::Error)
      throw Error(Code::Graph, "[" + architecture.name + "] " + diagnostic.text);
  throw Error(Code::Graph, "[" + architecture.name + "] the model has no output.");
}

}  // namespace fw
