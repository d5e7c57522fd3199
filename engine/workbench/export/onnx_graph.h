// ONNX nodes and functions as plain values, before they become protobuf.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/tensor.h"
#include "engine/workbench/export/portable_graph.h"

namespace fw {

struct OnnxValue {
  std::string name;
  DType dtype = DType::F32;
  SymbolicSizes dims;
};

struct OnnxTensor {
  DType dtype = DType::F32;
  std::vector<int64_t> dims;
  std::string bytes;
  bool operator==(const OnnxTensor&) const = default;
};

/// Appends the bytes of a number to those of a tensor.
template <class T>
void putNumber(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

struct OnnxBody;
using OnnxAttr = std::variant<int64_t, float, std::string, std::vector<int64_t>, OnnxTensor, std::shared_ptr<OnnxBody>>;

struct OnnxNode {
  std::string op, domain;
  std::vector<std::string> inputs, outputs;
  std::vector<std::pair<std::string, OnnxAttr>> attrs;
};

/// A function, or the body of a Scan.
struct OnnxBody {
  std::string name;
  std::vector<OnnxValue> inputs, outputs;
  std::vector<OnnxNode> nodes;
  std::vector<OnnxValue> results = {};  // of the model's steps
  std::vector<OnnxValue> wires = {};    // all that are no outputs; see findSizes()
};

/// Names aside, the same steps on the same sizes.
bool areEqual(const OnnxBody& a, const OnnxBody& b);

struct OnnxModel {
  OnnxBody graph;
  std::vector<OnnxValue> parameters;  // with weights initialisers, without them inputs
  std::vector<OnnxBody> functions;
  std::string name;
  std::string range;  // PortableGraph::range(); empty: texts of any length
};

inline constexpr const char* kOnnxDomain = "formwright";

struct OnnxOptions {
  int64_t time = 0;           // the one length of sequences; 0: open
  bool unrollsScans = false;  // those of a known length
};

/// The model in opset 17, a function for each distinct module.
OnnxModel onnxModel(const Architecture& architecture, const OnnxOptions& options = {});

}  // namespace fw
