// A computation as a value: nodes in topological order, each result with dtype and shape. No memory, no device.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/dtype.h"
#include "engine/base/hash.h"
#include "engine/base/shape.h"
#include "engine/ir/attrs.h"

namespace fw {
struct OpDef;
}

namespace fw::ir {

struct TensorType {
  DType dtype = DType::F32;
  Shape shape;
  bool operator==(const TensorType&) const = default;
  /// Bytes of the tensor; throws Code::Shape on overflow.
  int64_t bytes() const { return checkedProduct(shape.count(), byteSize(dtype), "tensor"); }
  /// "f32[2,5,8]"
  std::string toString() const;
};

/// Result `output` of node `node`.
struct ValueRef {
  int node = -1;
  int output = 0;
  bool isValid() const { return node >= 0; }
  auto operator<=>(const ValueRef&) const = default;
};

class Graph;

struct Node {
  const OpDef* op = nullptr;
  Attrs attrs;
  std::vector<ValueRef> inputs;
  std::vector<TensorType> types;      // of the outputs
  std::shared_ptr<const Graph> body;  // of scan
  int scope = 0;                      // index into Graph::scopes
  int64_t origin = 0;                 // document node this came from; 0: none
};

class Builder;
struct Value;

/// How a parameter starts: a named function that builds it as a graph from two constants.
struct InitCall;
struct Init {
  std::string name = "zeros";
  double a = 0, b = 0;
  Value (*make)(const InitCall&) = nullptr;  // null: zeros
};

struct InputInfo {
  std::string name;
  int node = -1;
};

struct ParameterInfo {
  std::string name;  // module path: "layers.0.attention.q.weight"
  int node = -1;
  Init init;
  bool isTrainable = true;
  bool decays = true;           // takes part in weight decay
  std::string role = "weight";  // "weight", "bias", "norm", "embedding", "head"... optimisers choose by it
  int64_t origin = 0;
};

struct OutputInfo {
  std::string name;
  ValueRef value;
  std::string aliasOf;  // the input or parameter whose memory receives this result; empty: memory of its own
};

struct ProbeInfo {
  std::string name;  // "layers.3.attention.out"
  ValueRef value;
  int64_t origin = 0;
  int64_t layer = -1;  // index in the unrolled stack, -1 outside one
  std::string kind;    // "residual", "attention", "mlp", ...: what an analysis selects by
};

class Graph {
 public:
  std::vector<Node> nodes;
  std::vector<InputInfo> inputs;
  std::vector<ParameterInfo> parameters;
  std::vector<OutputInfo> outputs;
  std::vector<ProbeInfo> probes;
  std::vector<std::string> scopes = {""};  // module paths

  const TensorType& type(ValueRef value) const { return nodes[size_t(value.node)].types[size_t(value.output)]; }
  const InputInfo* findInput(const std::string& name) const;
  const ParameterInfo* findParameter(const std::string& name) const;
  const OutputInfo* findOutput(const std::string& name) const;
  /// For each node, the nodes that read one of its outputs (each once, ascending).
  std::vector<std::vector<int>> users() const;
  /// Equal for graphs that compute the same by the same steps: scopes and origins excluded.
  Hash hash() const;
  /// One line a node; for people.
  std::string toString() const;
};

/// Checks order, references, names and re-derives every type; throws Code::Internal that names the node.
void verify(const Graph& graph);

}  // namespace fw::ir
