// How each op is written in ONNX, opset 17.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/ir/graph.h"
#include "engine/workbench/export/onnx_graph.h"

namespace fw {

/// Appends nodes to a body; each function returns the name of the result.
class OnnxBuilder {
 public:
  explicit OnnxBuilder(OnnxBody& body) : body_(body) {}

  std::string add(const std::string& op, std::vector<std::string> inputs,
                  std::vector<std::pair<std::string, OnnxAttr>> attrs = {}, int outputs = 1,
                  const std::string& domain = "");
  std::string freshName(const std::string& wish);
  std::string constant(OnnxTensor tensor);
  std::string floats(const std::vector<double>& values, const std::vector<int64_t>& dims);
  std::string scalar(double value, DType dtype);
  std::string integers(const std::vector<int64_t>& values);
  /// One-dimensional, of these sizes; B and T become nodes that `batch` and `time` name, of one element each.
  std::string sizes(const SymbolicSizes& sizes);

  static constexpr const char* kBatch = "sizes.B";
  static constexpr const char* kTime = "sizes.T";
  std::string batch = kBatch, time = kTime;
  bool usesBatch = false, usesTime = false;
  OnnxBody& body() { return body_; }
  /// Scans of a known length become their steps.
  bool unrollsScans = false;
  /// Names that the body must not use.
  std::string prefix;

 private:
  std::string size(const SymbolicSize& size);
  OnnxBody& body_;
  int next_ = 0;
};

struct OnnxCall {
  OnnxBuilder& out;
  const PortableGraph& portable;
  int self;
  std::vector<std::string> inputs;

  const ir::Node& node() const { return portable.graph().nodes[size_t(self)]; }
  const ir::TensorType& type(size_t i) const { return portable.graph().type(node().inputs[i]); }
};

/// The names of the outputs (fewer than the node's where the rest has no form).
using OnnxForm = std::function<std::vector<std::string>(const OnnxCall&)>;
const OnnxForm* findOnnxForm(const std::string& op);
bool hasOnnxForm(const ir::Graph& graph, const ir::Node& node);

/// TensorProto's number of a dtype.
int onnxType(DType dtype);

}  // namespace fw
