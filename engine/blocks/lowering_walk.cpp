// The walk over the nodes of a document.
#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "engine/arch/diagnostic.h"
#include "engine/blocks/lowering_context.h"
#include "engine/ir/passes.h"

namespace fw {
namespace {

using Values = LoweringContext::Values;

std::vector<std::string> splitWords(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
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

/// Equal letters are equal sizes, over all inputs. `from` names the source of an input.
template <class From>
void checkDims(const Ports& ports, const Values& inputs, const From& from) {
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

}  // namespace

LowerResult LoweringContext::run() {
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

void LoweringContext::fail(const GraphPath& path, const Node& node, const Error& error, const std::string& port) {
  const char* code = error.code() == Code::Memory ? "memory" : error.code() == Code::Parameter ? "parameter" : "shape";
  std::string sentence = error.what();
  report(
      {Severity::Error, code, nodeText(architecture_, path, node.id) + ": " + sentence, {path, node.id, port, {}}, {}});
}

std::vector<const Node*> LoweringContext::sorted(const Graph& graph) {
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

LoweringContext::Values LoweringContext::lowerGraph(const Graph& graph, const GraphPath& path, const Values& ins) {
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
      if (const auto value = valueInto(feeds, values, {node->id, kOutPort}); value.isValid()) outs[node->name] = value;
    } else {
      lowerNode(feeds, path, *node, values);
    }
  }
  graph_ = outerGraph;
  graphPath_ = outerPath;
  return outs;
}

ir::Value LoweringContext::valueInto(const Feeds& feeds, const std::map<PortRef, ir::Value>& values,
                                     const PortRef& port) {
  const auto feed = feeds.find(port);
  if (feed == feeds.end()) return {};
  const auto at = values.find(feed->second);
  if (at == values.end()) return {};
  setType(at->second, port);
  return at->second;
}

void LoweringContext::lowerRootInput(const Node& node, std::map<PortRef, ir::Value>& values) {
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

void LoweringContext::lowerNode(const Feeds& feeds, const GraphPath& path, const Node& base,
                                std::map<PortRef, ir::Value>& values) {
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

LoweringContext::Values LoweringContext::passThrough(const Ports& ports, const Values& inputs) {
  Values outputs;
  for (const PortDef& port : ports.outputs) {
    const PortDef* source = mutedSource(ports, port);
    const auto value = source ? inputs.find(source->name) : inputs.end();
    if (value != inputs.end()) outputs[port.name] = value->second;
  }
  return outputs;
}

std::string LoweringContext::sourceText(const Feeds& feeds, const PortRef& port) const {
  const auto feed = feeds.find(port);
  const Node* from = feed == feeds.end() ? nullptr : graph_->find(feed->second.node);
  return from ? text(" (from ", from->name, '.', feed->second.port, ")") : "";
}

}  // namespace fw
