// ONNX nodes and functions as protobuf.
#include "engine/workbench/export/onnx_proto.h"

#include "engine/workbench/export/onnx_forms.h"

namespace fw {

void describe(const OnnxValue& value, onnx::ValueInfoProto& out) {
  out.set_name(value.name);
  onnx::TypeProto_Tensor& type = *out.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnxType(value.dtype));
  onnx::TensorShapeProto& shape = *type.mutable_shape();
  for (const SymbolicSize& size : value.dims)
    if (size.isConstant())
      shape.add_dim()->set_dim_value(size.constant / size.divisor);
    else
      shape.add_dim()->set_dim_param(size.toString());
}

namespace {

void setAttribute(const std::string& name, const OnnxAttr& value, onnx::AttributeProto& out) {
  out.set_name(name);
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    out.set_type(onnx::AttributeProto::INT);
    out.set_i(*integer);
  } else if (const auto* real = std::get_if<float>(&value)) {
    out.set_type(onnx::AttributeProto::FLOAT);
    out.set_f(*real);
  } else if (const auto* words = std::get_if<std::string>(&value)) {
    out.set_type(onnx::AttributeProto::STRING);
    out.set_s(*words);
  } else if (const auto* list = std::get_if<std::vector<int64_t>>(&value)) {
    out.set_type(onnx::AttributeProto::INTS);
    for (const int64_t one : *list) out.add_ints(one);
  } else if (const auto* tensor = std::get_if<OnnxTensor>(&value)) {
    out.set_type(onnx::AttributeProto::TENSOR);
    onnx::TensorProto& t = *out.mutable_t();
    t.set_data_type(onnxType(tensor->dtype));
    for (const int64_t size : tensor->dims) t.add_dims(size);
    t.set_raw_data(tensor->bytes);
  } else {
    const OnnxBody& body = **std::get_if<std::shared_ptr<OnnxBody>>(&value);
    out.set_type(onnx::AttributeProto::GRAPH);
    onnx::GraphProto& graph = *out.mutable_g();
    graph.set_name(body.name);
    for (const OnnxValue& input : body.inputs) describe(input, *graph.add_input());
    for (const OnnxValue& output : body.outputs) describe(output, *graph.add_output());
    for (const OnnxValue& wire : body.wires) describe(wire, *graph.add_value_info());
    addNodes(body, *graph.mutable_node());
  }
}

}  // namespace

void addNode(const OnnxNode& node, onnx::NodeProto& out) {
  out.set_op_type(node.op);
  out.set_domain(node.domain);
  out.set_name(node.outputs.empty() ? node.op : node.outputs[0]);
  for (const std::string& input : node.inputs) out.add_input(input);
  for (const std::string& output : node.outputs) out.add_output(output);
  for (const auto& [name, value] : node.attrs) setAttribute(name, value, *out.add_attribute());
}

void addNodes(const OnnxBody& body, google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes) {
  for (const OnnxNode& node : body.nodes) addNode(node, *nodes.Add());
}

void addSizes(const OnnxBody& body, onnx::FunctionProto& function) {
  constexpr int valueInfo = 12;  // FunctionProto.value_info, for which the library may be too old
  auto& fields = *function.GetReflection()->MutableUnknownFields(&function);
  for (const auto* values : {&body.inputs, &body.outputs, &body.wires})
    for (const OnnxValue& value : *values) {
      onnx::ValueInfoProto info;
      describe(value, info);
      fields.AddLengthDelimited(valueInfo, info.SerializeAsString());
    }
}

}  // namespace fw
