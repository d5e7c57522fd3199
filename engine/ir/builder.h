// Builds graphs: each call of an op checks its types at once and appends one node.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ir/graph.h"

namespace fw::ir {

class Builder;

/// A result in a graph that is being built. Cheap to copy; valid while its builder lives.
struct Value {
  Builder* builder = nullptr;
  ValueRef ref;

  bool isValid() const { return builder != nullptr; }
  const TensorType& type() const;
  const Shape& shape() const { return type().shape; }
  DType dtype() const { return type().dtype; }
  int64_t size(int axis) const { return shape()[axis]; }
  int rank() const { return shape().rank(); }
};

/// Asked by Init::make for the starting values of one parameter.
struct InitCall {
  Builder& builder;
  const TensorType& type;
  Value seed;      // i64 scalar input
  int64_t stream;  // separates the random numbers of the parameters
  double a, b;
};

class Builder {
 public:
  Builder() = default;
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;
  /// Goes on with a finished graph; values of it are reached through value().
  explicit Builder(Graph graph) : graph_(std::move(graph)) {}

  /// Appends a call of `op` and returns its first output. Throws what the op's type rule throws.
  Value op(std::string_view op, const std::vector<Value>& inputs, Attrs attrs = {},
           std::shared_ptr<const Graph> body = nullptr);
  /// The same, all outputs.
  std::vector<Value> ops(std::string_view op, const std::vector<Value>& inputs, Attrs attrs = {},
                         std::shared_ptr<const Graph> body = nullptr);

  /// Throws Code::Graph when the name is taken.
  Value input(const std::string& name, TensorType type);
  Value parameter(const std::string& name, TensorType type, Init init = {});
  ParameterInfo& parameterInfo(const std::string& name);
  void output(const std::string& name, Value value, const std::string& aliasOf = {});
  void probe(ProbeInfo probe, Value value);

  /// f32 (or other) scalar or filled tensor.
  Value constant(double value, const Shape& shape = {}, DType dtype = DType::F32);
  Value zerosLike(Value value) { return constant(0, value.shape(), value.dtype()); }

  Value value(ValueRef ref) { return {this, ref}; }
  const Graph& graph() const { return graph_; }
  /// The graph; the builder is empty then and may build another.
  Graph finish();

  /// Module path of the nodes appended from now on; returns the former one.
  std::string setScope(const std::string& path);
  int64_t setOrigin(int64_t origin);
  const std::string& scope() const { return graph_.scopes[size_t(scope_)]; }

  /// Appends the nodes of `other` with its inputs and parameters replaced by `arguments` (in the order inputs, then
  /// parameters); returns its outputs.
  std::vector<Value> inlineGraph(const Graph& other, const std::vector<Value>& arguments);

 private:
  Graph graph_;
  std::map<std::string, int> scopeIndex_;
  int scope_ = 0;
  int64_t origin_ = 0;
};

/// While it lives, nodes get this module path and document node.
class ScopeGuard {
 public:
  ScopeGuard(Builder& builder, const std::string& path, int64_t origin)
      : builder_(builder), path_(builder.setScope(path)), origin_(builder.setOrigin(origin)) {}
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;
  ~ScopeGuard() {
    builder_.setScope(path_);
    builder_.setOrigin(origin_);
  }

 private:
  Builder& builder_;
  std::string path_;
  int64_t origin_;
};

// Arithmetic with broadcasting; a number takes the other side's dtype.
Value operator+(Value a, Value b);
Value operator-(Value a, Value b);
Value operator*(Value a, Value b);
Value operator/(Value a, Value b);
Value operator-(Value a);
Value operator+(Value a, double b);
Value operator-(Value a, double b);
Value operator*(Value a, double b);
Value operator/(Value a, double b);
Value operator+(double a, Value b);
Value operator-(double a, Value b);
Value operator*(double a, Value b);
Value operator/(double a, Value b);

/// Sums `value` over the dimensions in which `shape` was broadcast to it.
Value sumTo(Value value, const Shape& shape);

}  // namespace fw::ir
