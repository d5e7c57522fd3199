// A model as ONNX functions: one for each distinct module, called by the modules around it.
#include <algorithm>
#include <map>

#include "engine/base/error.h"
#include "engine/ir/op.h"
#include "engine/workbench/export/modules.h"
#include "engine/workbench/export/onnx_forms.h"
#include "engine/workbench/export/onnx_sizes.h"
#include "engine/workbench/workbench.h"

namespace fw {

bool areEqual(const OnnxBody& a, const OnnxBody& b) {
  const auto areSame = [](const std::vector<OnnxValue>& left, const std::vector<OnnxValue>& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const OnnxValue& x, const OnnxValue& y) {
      return x.name == y.name && x.dtype == y.dtype && x.dims == y.dims;
    });
  };
  if (!areSame(a.inputs, b.inputs) || !areSame(a.outputs, b.outputs) || !areSame(a.results, b.results) ||
      a.nodes.size() != b.nodes.size())
    return false;
  for (size_t i = 0; i < a.nodes.size(); ++i) {
    const OnnxNode &x = a.nodes[i], &y = b.nodes[i];
    if (x.op != y.op || x.domain != y.domain || x.inputs != y.inputs || x.outputs != y.outputs ||
        x.attrs.size() != y.attrs.size())
      return false;
    for (size_t k = 0; k < x.attrs.size(); ++k) {
      if (x.attrs[k].first != y.attrs[k].first) return false;
      const auto* left = std::get_if<std::shared_ptr<OnnxBody>>(&x.attrs[k].second);
      const auto* right = std::get_if<std::shared_ptr<OnnxBody>>(&y.attrs[k].second);
      if (left && right ? !areEqual(**left, **right) : x.attrs[k].second != y.attrs[k].second) return false;
    }
  }
  return true;
}

namespace {

class OnnxWriter {
 public:
  OnnxWriter(const Architecture& architecture, const OnnxOptions& options)
      : architecture_(architecture),
        options_(options),
        portable_(PortableGraph::of(architecture, hasOnnxForm, options.time)),
        graph_(portable_.graph()),
        tree_(moduleTree(graph_)),
        calls_(tree_.modules.size()) {}

  OnnxModel model() {
    model_.name = architecture_.name;
    if (portable_.isLimited()) model_.range = portable_.range();
    for (const ir::ParameterInfo& info : graph_.parameters)
      model_.parameters.push_back(valueOf(info.name, {info.node, 0}));
    write(0);
    return std::move(model_);
  }

 private:
  /// What a module's function takes besides its values.
  struct Call {
    std::string function;
    bool usesBatch = false, usesTime = false;
    std::vector<int> parameters;  // nodes, its own and those of inner modules
  };

  OnnxValue valueOf(const std::string& name, ir::ValueRef value) const {
    return {name, graph_.type(value).dtype, portable_.dims(value)};
  }

  void write(int index) {
    const Module& m = tree_.modules[size_t(index)];
    for (const int child : m.children) write(child);
    OnnxBody body;
    OnnxBuilder out(body);
    out.unrollsScans = options_.unrollsScans;
    std::map<ir::ValueRef, std::string> names;
    Call& call = calls_[size_t(index)];
    if (index == 0) {
      for (const ir::ParameterInfo& info : graph_.parameters) names[{info.node, 0}] = info.name;
      for (const ir::InputInfo& input : graph_.inputs) {
        names[{input.node, 0}] = input.name;
        body.inputs.push_back(valueOf(input.name, {input.node, 0}));
      }
      defineSizes(out);
    } else {
      for (size_t i = 0; i < m.inputs.size(); ++i) {
        names[m.inputs[i]] = "in" + std::to_string(i);
        body.inputs.push_back(valueOf(names[m.inputs[i]], m.inputs[i]));
      }
      for (const ir::ParameterInfo& info : graph_.parameters) {
        const ir::ValueRef value{info.node, 0};
        if (!tree_.isInside(tree_.ownerOf[size_t(info.node)], index) || !isRead(info.node, index)) continue;
        call.parameters.push_back(info.node);
        names[value] = info.name.substr(m.path.size() + 1);
        body.inputs.push_back(valueOf(names[value], value));
      }
    }
    for (const ModuleStep& step : m.steps) {
      if (step.child >= 0) {
        callFunction(step.child, out, names);
        continue;
      }
      OnnxCall one{out, portable_, step.node, {}};
      for (const ir::ValueRef& input : graph_.nodes[size_t(step.node)].inputs)
        one.inputs.push_back(nameOf(input, out, names));
      const OnnxForm* form = findOnnxForm(graph_.nodes[size_t(step.node)].op->name);
      const std::vector<std::string> results = (*form)(one);
      for (size_t k = 0; k < results.size(); ++k) {
        names[{step.node, int(k)}] = results[k];
        body.results.push_back(valueOf(results[k], {step.node, int(k)}));
      }
    }
    for (size_t i = 0; i < m.outputs.size(); ++i) {
      const std::string name = index == 0 ? graph_.outputs[i].name : "out" + std::to_string(i);
      body.nodes.push_back({.op = "Identity", .inputs = {nameOf(m.outputs[i], out, names)}, .outputs = {name}});
      body.outputs.push_back(valueOf(name, m.outputs[i]));
    }
    if (index == 0) {
      findSizes(body, portable_, out.batch, out.time, model_.parameters);
      model_.graph = std::move(body);
      return;
    }
    call.usesBatch = out.usesBatch;
    call.usesTime = out.usesTime;
    if (call.usesBatch) body.inputs.push_back({out.batch, DType::I64, {{.constant = 1}}});
    if (call.usesTime) body.inputs.push_back({out.time, DType::I64, {{.constant = 1}}});
    call.function = functionFor(index, std::move(body));
  }

  bool isRead(int parameter, int module) const {
    for (int i = 0; i < int(graph_.nodes.size()); ++i)
      if (tree_.moduleOf[size_t(i)] >= 0 && tree_.isInside(tree_.moduleOf[size_t(i)], module))
        for (const ir::ValueRef& input : graph_.nodes[size_t(i)].inputs)
          if (input.node == parameter) return true;
    return false;
  }

  std::string nameOf(ir::ValueRef value, OnnxBuilder& out, std::map<ir::ValueRef, std::string>& names) const {
    const ir::Node& node = graph_.nodes[size_t(value.node)];
    if (isInlineConstant(node)) return out.scalar(node.attrs.real("value"), node.types[0].dtype);
    const auto at = names.find(value);
    if (at == names.end())
      throw Error(Code::Internal, text("[onnx] the result of '", node.op->name, "' is read before it is made."));
    return at->second;
  }

  void callFunction(int child, OnnxBuilder& out, std::map<ir::ValueRef, std::string>& names) const {
    const Module& m = tree_.modules[size_t(child)];
    const Call& call = calls_[size_t(child)];
    std::vector<std::string> inputs;
    for (const ir::ValueRef& value : m.inputs) inputs.push_back(nameOf(value, out, names));
    for (const int parameter : call.parameters) inputs.push_back(names.at({parameter, 0}));
    if (call.usesBatch) inputs.push_back(out.batch);
    if (call.usesTime) inputs.push_back(out.time);
    out.usesBatch |= call.usesBatch;
    out.usesTime |= call.usesTime;
    out.add(call.function, inputs, {}, int(m.outputs.size()), kOnnxDomain);
    const std::vector<std::string> results = out.body().nodes.back().outputs;
    for (size_t i = 0; i < m.outputs.size(); ++i) {
      names[m.outputs[i]] = results[i];
      out.body().results.push_back(valueOf(results[i], m.outputs[i]));
    }
  }

  /// B and T as tensors of one element, from the inputs' shapes.
  void defineSizes(OnnxBuilder& out) {
    const auto define = [&](bool isBatch, std::string& name) {
      for (const ir::InputInfo& input : graph_.inputs) {
        const SymbolicSizes dims = portable_.dims({input.node, 0});
        for (size_t axis = 0; axis < dims.size(); ++axis) {
          const SymbolicSize plain = isBatch ? SymbolicSize{.batch = 1} : SymbolicSize{.time = 1};
          if (!(dims[axis] == plain)) continue;
          name = out.add("Shape", {input.name}, {{"start", int64_t(axis)}, {"end", int64_t(axis) + 1}});
          return;
        }
      }
    };
    define(true, out.batch);
    define(false, out.time);
    if (portable_.isLimited() && !out.time.empty()) out.time = guarded(out);
  }

  /// The time, by way of an element that is not there where the text is too short or too long: nothing wrong passes in
  /// silence.
  std::string guarded(OnnxBuilder& out) const {
    std::string isWrong = out.add("Less", {out.time, out.integers({portable_.alikeFrom()})});
    if (portable_.alikeUpTo() > 0)
      isWrong = out.add("Or", {isWrong, out.add("Greater", {out.time, out.integers({portable_.alikeUpTo()})})});
    const std::string index = out.add("Cast", {isWrong}, {{"to", int64_t(onnxType(DType::I64))}});
    return out.add("Add", {out.time, out.add("Gather", {out.integers({0}), index}, {{"axis", int64_t(0)}})});
  }

  std::string functionFor(int index, OnnxBody body) {
    for (const OnnxBody& known : model_.functions)
      if (areEqual(known, body)) return known.name;
    const Module& m = tree_.modules[size_t(index)];
    const bool isNumber = m.name.find_first_not_of("0123456789") == std::string::npos;
    std::string wish = isNumber ? tree_.modules[size_t(m.parent)].name + "_layer" : m.name;
    const Node* node = m.children.empty() && m.origin != 0 ? findNode(architecture_, m.origin) : nullptr;
    if (node && !isNumber) wish = node->block;
    for (char& c : wish)
      if (!std::isalnum(uint8_t(c))) c = '_';
    body.name = wish;
    const auto isTaken = [&](const std::string& name) {
      return std::any_of(model_.functions.begin(), model_.functions.end(),
                         [&](const OnnxBody& f) { return f.name == name; });
    };
    for (int number = 2; isTaken(body.name); ++number) body.name = wish + "_" + std::to_string(number);
    findSizes(body, portable_, OnnxBuilder::kBatch, OnnxBuilder::kTime);
    model_.functions.push_back(std::move(body));
    return model_.functions.back().name;
  }

  const Architecture& architecture_;
  const OnnxOptions& options_;
  PortableGraph portable_;
  const ir::Graph& graph_;
  ModuleTree tree_;
  std::vector<Call> calls_;
  OnnxModel model_;
};

}  // namespace

OnnxModel onnxModel(const Architecture& architecture, const OnnxOptions& options) {
  return OnnxWriter(architecture, options).model();
}

}  // namespace fw
