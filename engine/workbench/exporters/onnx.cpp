// ONNX: opset 17, a function for each kind of module, weights inside or beside the file.
#include <onnx/onnx_pb.h>

#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/workbench/export/onnx_forms.h"
#include "engine/workbench/export/onnx_graph.h"
#include "engine/workbench/export/onnx_proto.h"
#include "engine/workbench/exporter.h"

namespace fw {
namespace {

constexpr int64_t kAlignment = 4096;  // of weights beside the file, so that they can be mapped

void addOpsets(google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto>& opsets) {
  onnx::OperatorSetIdProto& standard = *opsets.Add();
  standard.set_domain("");
  standard.set_version(kOnnxOpset);
  onnx::OperatorSetIdProto& own = *opsets.Add();
  own.set_domain(kOnnxDomain);
  own.set_version(1);
}

/// Initialisers in the graph, or in a file beside it where they are many. Those of another type than the model computes
/// in stay as they are stored, before a cast.
void addWeights(const OnnxModel& model, const ExportCall& call, int64_t mostInside, onnx::GraphProto& graph) {
  int64_t total = 0;
  for (const OnnxValue& parameter : model.parameters) {
    const auto at = call.weights->find(parameter.name);
    if (at == call.weights->end()) throw Error(Code::Data, text("[onnx] there is no weight '", parameter.name, "'."));
    total += at->second.bytes();
  }
  const bool isBeside = total > mostInside;
  const std::string beside = call.path + ".data";
  static const std::string zeros(size_t(kAlignment), '\0');
  std::vector<std::string_view> parts;
  int64_t offset = 0;
  for (const OnnxValue& parameter : model.parameters) {
    const Tensor& tensor = call.weights->at(parameter.name);
    onnx::TensorProto& out = *graph.add_initializer();
    out.set_name(parameter.name);
    if (tensor.dtype != parameter.dtype) {
      out.set_name(parameter.name + ".stored");
      describe(parameter, *graph.add_value_info());
      addNode({.op = "Cast",
               .inputs = {out.name()},
               .outputs = {parameter.name},
               .attrs = {{"to", int64_t(onnxType(parameter.dtype))}}},
              *graph.add_node());
    }
    out.set_data_type(onnxType(tensor.dtype));
    for (const int64_t size : tensor.shape.dims()) out.add_dims(size);
    const std::string_view bytes(reinterpret_cast<const char*>(tensor.memory.get()), size_t(tensor.bytes()));
    if (!isBeside) {
      out.set_raw_data(std::string(bytes));
      continue;
    }
    out.set_data_location(onnx::TensorProto::EXTERNAL);
    const auto entry = [&](const char* key, const std::string& value) {
      onnx::StringStringEntryProto& pair = *out.add_external_data();
      pair.set_key(key);
      pair.set_value(value);
    };
    entry("location", std::filesystem::path(beside).filename().string());
    entry("offset", std::to_string(offset));
    entry("length", std::to_string(bytes.size()));
    parts.push_back(bytes);
    const int64_t gap = (kAlignment - int64_t(bytes.size()) % kAlignment) % kAlignment;
    parts.push_back(std::string_view(zeros).substr(0, size_t(gap)));
    offset += int64_t(bytes.size()) + gap;
  }
  if (isBeside) writeFileAtomically(beside, parts);
}

const std::vector<ParamDef>& params() {
  static const std::vector<ParamDef> all = {
      realParam("beside", 1.5).range(0, 2).help("Gigabytes of weights above which they lie in a file beside it."),
      intParam("time", 0).range(0, 1 << 24).help("The one length of sequences; 0: it stays open."),
      boolParam("unroll", false).help("Scans become their steps; needs the option time.")};
  return all;
}

void write(const ExportCall& call) {
  const Params options = completeOptions("onnx", params(), call.options);
  const OnnxOptions choice{.time = std::get<int64_t>(options.at("time")),
                           .unrollsScans = std::get<bool>(options.at("unroll"))};
  if (choice.unrollsScans && choice.time == 0)
    throw Error(Code::Usage, "[onnx] a scan is unrolled for one length; expected the option time=N beside unroll.");
  const OnnxModel model = onnxModel(call.architecture, choice);
  onnx::ModelProto out;
  out.set_ir_version(kOnnxIrVersion);
  out.set_producer_name("Formwright");
  addOpsets(*out.mutable_opset_import());
  onnx::StringStringEntryProto& title = *out.add_metadata_props();
  title.set_key("name");
  title.set_value(model.name);
  if (!model.range.empty()) {
    onnx::StringStringEntryProto& note = *out.add_metadata_props();
    note.set_key("note");
    note.set_value(
        text("For texts of ", model.range, " tokens: the model turns the queries and keys of others in another way."));
  }
  onnx::GraphProto& graph = *out.mutable_graph();
  graph.set_name(model.name.empty() ? "model" : model.name);
  for (const OnnxValue& input : model.graph.inputs) describe(input, *graph.add_input());
  if (call.weights)
    addWeights(model, call, int64_t(std::get<double>(options.at("beside")) * 1e9), graph);
  else
    for (const OnnxValue& parameter : model.parameters) describe(parameter, *graph.add_input());
  for (const OnnxValue& output : model.graph.outputs) describe(output, *graph.add_output());
  for (const OnnxValue& wire : model.graph.wires) describe(wire, *graph.add_value_info());
  addNodes(model.graph, *graph.mutable_node());
  for (const OnnxBody& body : model.functions) {
    onnx::FunctionProto& function = *out.add_functions();
    function.set_name(body.name);
    function.set_domain(kOnnxDomain);
    for (const OnnxValue& input : body.inputs) function.add_input(input.name);
    for (const OnnxValue& output : body.outputs) function.add_output(output.name);
    addNodes(body, *function.mutable_node());
    addOpsets(*function.mutable_opset_import());
    addSizes(body, function);
  }
  writeFileAtomically(call.path, out.SerializeAsString());
}

}  // namespace

ExporterDef exporter_onnx() {
  return {.id = "onnx",
          .title = "ONNX",
          .help =
              "Opset 17, primitives alone, each kind of module a function; batch and time stay open. Weights above "
              "1.5 GB lie in a file beside it; without weights they are inputs.",
          .extension = ".onnx",
          .write = write,
          .params = params()};
}

}  // namespace fw
