// Builds graphs.
#include "engine/ir/builder.h"

#include <utility>

#include "engine/base/error.h"
#include "engine/ir/op.h"

namespace fw::ir {
namespace {

// Sources carry their type in the node itself; nothing runs.
const OpDef& inputOp() {
  static const OpDef op = {.name = "input", .help = "A tensor given from outside."};
  return op;
}

const OpDef& parameterOp() {
  static const OpDef op = {.name = "parameter", .help = "A tensor that the model owns."};
  return op;
}

Value binary(const char* op, Value a, Value b) { return a.builder->op(op, {a, b}); }

// A number beside a tensor is a scalar constant of the tensor's dtype.
Value like(Value value, double number) { return value.builder->constant(number, {}, value.dtype()); }

}  // namespace

const TensorType& Value::type() const { return builder->graph().type(ref); }

std::vector<Value> Builder::ops(std::string_view name, const std::vector<Value>& inputs, Attrs attrs,
                                std::shared_ptr<const Graph> body) {
  const OpDef& op = findOp(name);
  Node node;
  std::vector<TensorType> types;
  for (const Value& input : inputs) {
    if (input.builder != this) throw Error(Code::Internal, text("[", name, "] an input belongs to another graph."));
    node.inputs.push_back(input.ref);
    types.push_back(input.type());
  }
  node.types = op.infer(OpCall{types, attrs, body.get()});
  for (const TensorType& type : node.types) type.bytes();  // throws on overflow
  node.op = &op;
  node.attrs = std::move(attrs);
  node.body = std::move(body);
  node.scope = scope_;
  node.origin = origin_;
  graph_.nodes.push_back(std::move(node));
  std::vector<Value> outputs;
  const int index = int(graph_.nodes.size()) - 1;
  for (size_t i = 0; i < graph_.nodes.back().types.size(); ++i) outputs.push_back({this, {index, int(i)}});
  return outputs;
}

Value Builder::op(std::string_view name, const std::vector<Value>& inputs, Attrs attrs,
                  std::shared_ptr<const Graph> body) {
  return ops(name, inputs, std::move(attrs), std::move(body)).front();
}

Value Builder::input(const std::string& name, TensorType type) {
  if (graph_.findInput(name) || graph_.findParameter(name))
    throw Error(Code::Graph, text("[", name, "] two inputs or parameters have this name."));
  type.bytes();
  graph_.nodes.push_back(
      {.op = &inputOp(), .attrs = {{"name", name}}, .types = {std::move(type)}, .scope = scope_, .origin = origin_});
  graph_.inputs.push_back({name, int(graph_.nodes.size()) - 1});
  return {this, {graph_.inputs.back().node, 0}};
}

Value Builder::parameter(const std::string& name, TensorType type, Init init) {
  if (graph_.findInput(name) || graph_.findParameter(name))
    throw Error(Code::Graph, text("[", name, "] two inputs or parameters have this name."));
  type.bytes();
  graph_.nodes.push_back({.op = &parameterOp(),
                          .attrs = {{"name", name}},
                          .types = {std::move(type)},
                          .scope = scope_,
                          .origin = origin_});
  graph_.parameters.push_back(
      {.name = name, .node = int(graph_.nodes.size()) - 1, .init = std::move(init), .origin = origin_});
  return {this, {graph_.parameters.back().node, 0}};
}

ParameterInfo& Builder::parameterInfo(const std::string& name) {
  for (ParameterInfo& info : graph_.parameters)
    if (info.name == name) return info;
  throw Error(Code::Graph, text("[", name, "] there is no parameter of this name."));
}

void Builder::output(const std::string& name, Value value, const std::string& aliasOf) {
  if (graph_.findOutput(name)) throw Error(Code::Graph, text("[", name, "] two outputs have this name."));
  graph_.outputs.push_back({name, value.ref, aliasOf});
}

void Builder::probe(ProbeInfo probe, Value value) {
  probe.value = value.ref;
  graph_.probes.push_back(std::move(probe));
}

Value Builder::constant(double value, const Shape& shape, DType dtype) {
  return op("constant", {}, {{"value", value}, {"shape", shape.dims()}, {"dtype", std::string(name(dtype))}});
}

Graph Builder::finish() {
  Graph done = std::exchange(graph_, Graph());
  scopeIndex_.clear();
  scope_ = 0;
  origin_ = 0;
  return done;
}

std::string Builder::setScope(const std::string& path) {
  std::string former = scope();
  const auto [at, isNew] = scopeIndex_.emplace(path, int(graph_.scopes.size()));
  if (path.empty())
    scope_ = 0;
  else {
    if (isNew) graph_.scopes.push_back(path);
    scope_ = at->second;
  }
  if (path.empty() && isNew) scopeIndex_.erase(at);
  return former;
}

int64_t Builder::setOrigin(int64_t origin) {
  const int64_t former = origin_;
  origin_ = origin;
  return former;
}

std::vector<Value> Builder::inlineGraph(const Graph& other, const std::vector<Value>& arguments) {
  if (arguments.size() != other.inputs.size() + other.parameters.size())
    throw Error(Code::Internal, text("[inline] ", arguments.size(), " arguments for ",
                                     other.inputs.size() + other.parameters.size(), " sources."));
  std::vector<std::vector<Value>> values(other.nodes.size());
  for (size_t i = 0; i < other.inputs.size(); ++i) values[size_t(other.inputs[i].node)] = {arguments[i]};
  for (size_t i = 0; i < other.parameters.size(); ++i)
    values[size_t(other.parameters[i].node)] = {arguments[other.inputs.size() + i]};
  const auto at = [&](ValueRef ref) { return values[size_t(ref.node)][size_t(ref.output)]; };
  for (size_t i = 0; i < other.nodes.size(); ++i) {
    if (!values[i].empty()) continue;
    const Node& node = other.nodes[i];
    std::vector<Value> inputs;
    for (const ValueRef& ref : node.inputs) inputs.push_back(at(ref));
    values[i] = ops(node.op->name, inputs, node.attrs, node.body);
  }
  std::vector<Value> outputs;
  for (const OutputInfo& output : other.outputs) outputs.push_back(at(output.value));
  return outputs;
}

Value operator+(Value a, Value b) { return binary("add", a, b); }
Value operator-(Value a, Value b) { return binary("sub", a, b); }
Value operator*(Value a, Value b) { return binary("mul", a, b); }
Value operator/(Value a, Value b) { return binary("div", a, b); }
Value operator-(Value a) { return a.builder->op("neg", {a}); }
Value operator+(Value a, double b) { return a + like(a, b); }
Value operator-(Value a, double b) { return a - like(a, b); }
Value operator*(Value a, double b) { return a * like(a, b); }
Value operator/(Value a, double b) { return a / like(a, b); }
Value operator+(double a, Value b) { return like(b, a) + b; }
Value operator-(double a, Value b) { return like(b, a) - b; }
Value operator*(double a, Value b) { return like(b, a) * b; }
Value operator/(double a, Value b) { return like(b, a) / b; }

Value sumTo(Value value, const Shape& shape) {
  if (value.shape() == shape) return value;
  std::vector<int64_t> axes;
  const int extra = value.rank() - shape.rank();
  for (int i = 0; i < value.rank(); ++i)
    if (i < extra || (shape[i - extra] == 1 && value.size(i) != 1)) axes.push_back(i);
  if (!axes.empty()) value = value.builder->op("sum", {value}, {{"axes", axes}, {"keep", true}});
  if (value.shape() == shape) return value;
  return value.builder->op("reshape", {value}, {{"shape", shape.dims()}});
}

}  // namespace fw::ir
