// Sizes of wires by the rules of the ONNX library.
#include "engine/workbench/export/onnx_sizes.h"

#include <onnx/shape_inference/implementation.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "engine/base/error.h"
#include "engine/workbench/export/onnx_forms.h"
#include "engine/workbench/export/onnx_proto.h"

namespace fw {
namespace {

using Point = PortableGraph::Point;
using Known = std::map<std::string, OnnxValue>;

/// Whole numbers that sizes are computed from; a scalar or a list.
struct Numbers {
  std::vector<int64_t> values;
  bool isScalar = false;
};

const OnnxAttr* findAttr(const OnnxNode& node, const std::string& name) {
  for (const auto& [key, value] : node.attrs)
    if (key == name) return &value;
  return nullptr;
}

/// Calls of functions and scans: what they give is known, as it is a result of the model.
bool isOpaque(const OnnxNode& node) { return !node.domain.empty() || node.op == "Scan"; }

DType dtypeOf(int onnx) {
  for (const DType dtype : {DType::F32, DType::I8, DType::I32, DType::I64, DType::Bool, DType::F16, DType::BF16})
    if (onnxType(dtype) == onnx) return dtype;
  throw Error(Code::Internal, text("[onnx] a wire has the type ", onnx, ", which is not known."));
}

/// Computes what follows from numbers alone: the library does so for few ops.
std::optional<Numbers> folded(const OnnxNode& node, const std::map<std::string, Numbers>& known) {
  if (node.op == "Constant") {
    const OnnxTensor& tensor = std::get<OnnxTensor>(*findAttr(node, "value"));
    if (tensor.dtype != DType::I64 || tensor.dims.size() > 1) return std::nullopt;
    Numbers numbers{.values = std::vector<int64_t>(tensor.bytes.size() / sizeof(int64_t)),
                    .isScalar = tensor.dims.empty()};
    if (!tensor.bytes.empty()) std::memcpy(numbers.values.data(), tensor.bytes.data(), tensor.bytes.size());
    return numbers;
  }
  std::vector<const Numbers*> inputs;
  for (const std::string& input : node.inputs) {
    const auto at = known.find(input);
    if (at == known.end()) return std::nullopt;
    inputs.push_back(&at->second);
  }
  if (inputs.empty()) return std::nullopt;
  if (node.op == "Squeeze") return Numbers{.values = inputs[0]->values, .isScalar = true};
  Numbers numbers;
  if (node.op == "Concat") {
    for (const Numbers* input : inputs)
      numbers.values.insert(numbers.values.end(), input->values.begin(), input->values.end());
    return numbers;
  }
  if (inputs.size() != 2 || inputs[0]->values.size() != 1 || inputs[1]->values.size() != 1) return std::nullopt;
  const int64_t a = inputs[0]->values[0], b = inputs[1]->values[0];
  if (node.op == "Add") numbers.values = {a + b};
  if (node.op == "Mul") numbers.values = {a * b};
  if (node.op == "Div" && b != 0) numbers.values = {a / b};
  if (numbers.values.empty()) return std::nullopt;
  numbers.isScalar = inputs[0]->isScalar && inputs[1]->isScalar;
  return numbers;
}

/// A value with plain sizes: those at a point.
OnnxValue valueAt(const OnnxValue& value, const Point& point) {
  OnnxValue out{value.name, value.dtype, {}};
  for (const SymbolicSize& size : value.dims) out.dims.push_back({.constant = size.at(point.batch, point.time)});
  return out;
}

/// The sizes of a body's wires at one point, by name; the types go to `types`.
std::map<std::string, std::vector<int64_t>> sizesAt(const OnnxBody& body, const Known& known,
                                                    const std::map<std::string, Numbers>& start, const Point& point,
                                                    std::map<std::string, DType>& types) {
  std::map<std::string, std::vector<int64_t>> found;
  std::map<std::string, Numbers> numbers = start;
  onnx::ModelProto model;
  model.set_ir_version(kOnnxIrVersion);
  onnx::OperatorSetIdProto& opset = *model.add_opset_import();
  opset.set_domain("");
  opset.set_version(kOnnxOpset);
  onnx::GraphProto& graph = *model.mutable_graph();
  std::vector<std::string> given;
  for (const OnnxNode& node : body.nodes)
    if (isOpaque(node)) given.insert(given.end(), node.outputs.begin(), node.outputs.end());
  for (const OnnxNode& node : body.nodes) {
    if (isOpaque(node)) continue;
    if (node.outputs.size() == 1 && !numbers.contains(node.outputs[0]))
      if (const std::optional<Numbers> value = folded(node, numbers)) numbers[node.outputs[0]] = *value;
    if (numbers.contains(node.outputs[0])) continue;
    addNode(node, *graph.add_node());
  }
  for (const auto& [name, value] : numbers) {
    onnx::TensorProto& tensor = *graph.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnxType(DType::I64));
    if (!value.isScalar) tensor.add_dims(int64_t(value.values.size()));
    for (const int64_t number : value.values) tensor.add_int64_data(number);
    types[name] = DType::I64;
    found[name] = value.isScalar ? std::vector<int64_t>{} : std::vector<int64_t>{int64_t(value.values.size())};
  }
  for (const auto& [name, value] : known) {
    if (numbers.contains(name)) continue;
    const bool isMade = std::any_of(graph.node().begin(), graph.node().end(), [&](const onnx::NodeProto& node) {
      return std::find(node.output().begin(), node.output().end(), name) != node.output().end();
    });
    describe(valueAt(value, point), isMade ? *graph.add_value_info() : *graph.add_input());
  }
  onnx::shape_inference::InferShapes(model);
  for (const onnx::ValueInfoProto& info : graph.value_info()) {
    const onnx::TypeProto_Tensor& type = info.type().tensor_type();
    if (!type.has_shape()) continue;
    std::vector<int64_t> sizes;
    for (const auto& dim : type.shape().dim())
      if (dim.has_dim_value()) sizes.push_back(dim.dim_value());
    if (int(sizes.size()) != type.shape().dim_size()) continue;
    found[info.name()] = sizes;
    types[info.name()] = dtypeOf(type.elem_type());
  }
  return found;
}

void find(OnnxBody& body, const PortableGraph& portable, const std::string& batch, const std::string& time,
          const Known& outer) {
  Known known = outer;
  for (const auto* values : {&body.inputs, &body.outputs, &body.results})
    for (const OnnxValue& value : *values) known.emplace(value.name, value);
  std::map<std::string, DType> types;
  std::vector<std::map<std::string, std::vector<int64_t>>> found;
  for (const Point& point : portable.points())
    found.push_back(
        sizesAt(body, known, {{batch, {{point.batch}, false}}, {time, {{point.time}, false}}}, point, types));
  for (const OnnxNode& node : body.nodes)
    for (const std::string& name : node.outputs) {
      if (known.contains(name)) continue;
      OnnxValue value{name, DType::F32, {}};
      std::vector<std::vector<int64_t>> sizes;
      for (const auto& at : found)
        if (const auto one = at.find(name); one != at.end()) sizes.push_back(one->second);
      const bool isKnown = sizes.size() == found.size() && std::all_of(sizes.begin(), sizes.end(), [&](const auto& s) {
                             return s.size() == sizes.front().size();
                           });
      if (!isKnown)
        throw Error(Code::Internal,
                    text("[onnx] the sizes of '", name, "', a result of ", node.op, ", are not known."));
      value.dtype = types.at(name);
      for (size_t axis = 0; axis < sizes.front().size(); ++axis) {
        std::vector<int64_t> values;
        for (const auto& one : sizes) values.push_back(one[axis]);
        value.dims.push_back(portable.fit(values));
      }
      known.emplace(name, value);
    }
  for (const OnnxNode& node : body.nodes) {
    for (const std::string& name : node.outputs)
      if (std::none_of(body.outputs.begin(), body.outputs.end(), [&](const OnnxValue& v) { return v.name == name; }))
        body.wires.push_back(known.at(name));
    if (const OnnxAttr* inner = findAttr(node, "body"))
      find(**std::get_if<std::shared_ptr<OnnxBody>>(inner), portable, batch, time, known);
  }
}

}  // namespace

void findSizes(OnnxBody& body, const PortableGraph& portable, const std::string& batch, const std::string& time,
               const std::vector<OnnxValue>& outer) {
  Known known;
  for (const OnnxValue& value : outer) known.emplace(value.name, value);
  find(body, portable, batch, time, known);
}

}  // namespace fw
