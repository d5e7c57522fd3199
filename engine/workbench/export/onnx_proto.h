// ONNX nodes and functions as protobuf.
#pragma once

#include <onnx/onnx_pb.h>

#include "engine/workbench/export/onnx_graph.h"

namespace fw {

inline constexpr int kOnnxOpset = 17, kOnnxIrVersion = 8;

void describe(const OnnxValue& value, onnx::ValueInfoProto& out);
void addNode(const OnnxNode& node, onnx::NodeProto& out);
void addNodes(const OnnxBody& body, google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes);

/// Describes each value of a function. The format knows this since IR 10; what reads an older one passes over it.
void addSizes(const OnnxBody& body, onnx::FunctionProto& function);

}  // namespace fw
