// Starting values of parameters in PyTorch.
#include "engine/workbench/export/torch_start.h"

#include <map>
#include <set>

#include "engine/base/error.h"
#include "engine/ir/op.h"
#include "engine/workbench/export/modules.h"
#include "engine/workbench/export/torch_forms.h"

namespace fw {
namespace {

std::string shapeText(const Shape& shape) {
  std::vector<std::string> parts;
  for (const int64_t size : shape.dims()) parts.push_back(std::to_string(size));
  return joined(parts);
}

std::vector<std::string> listOf(const std::vector<int64_t>& values) {
  std::vector<std::string> out;
  for (const int64_t value : values) out.push_back(std::to_string(value));
  return out;
}

/// What the parameter's own starting function computes, as one expression; empty where an op has no form.
std::string startExpression(const ir::Graph& model, const ir::ParameterInfo& info) {
  ir::Builder builder;
  const ir::TensorType type = model.type({info.node, 0});
  const ir::Value seed = builder.input("seed", {DType::I64, {}});
  const ir::Value value = info.init.make({builder, type, seed, 0, info.init.a, info.init.b});
  const ir::Graph& graph = builder.graph();
  std::set<std::string> functions;
  std::map<ir::ValueRef, int> readers;
  for (const ir::Node& node : graph.nodes)
    for (const ir::ValueRef& input : node.inputs) ++readers[input];
  std::map<ir::ValueRef, std::string> names;  // of what is read more than once
  const auto textOf = [&](const auto& self, ir::ValueRef at) -> TorchText {
    if (const auto known = names.find(at); known != names.end()) return {known->second};
    if (readers[at] > 1 && !isInlineConstant(graph.nodes[size_t(at.node)])) {
      readers[at] = 1;
      const std::string inner = self(self, at).text, name = "v" + std::to_string(names.size());
      names[at] = name;
      return {"(" + name + " := " + inner + ")"};
    }
    const ir::Node& node = graph.nodes[size_t(at.node)];
    const auto shape = [&] { return "(" + joined(listOf(node.attrs.list("shape"))) + ",)"; };
    const auto real = [&](const char* name) { return pythonNumber(node.attrs.real(name)); };
    if (isInlineConstant(node)) return {pythonNumber(node.attrs.real("value"), isFloat(node.types[0].dtype))};
    if (node.op->name == "random_uniform")
      return {"torch.empty(" + shape() + ").uniform_(" + real("low") + ", " + real("high") + ")"};
    if (node.op->name == "random_normal")
      return {"torch.empty(" + shape() + ").normal_(" + real("mean") + ", " + real("deviation") + ")"};
    TorchCall call{.graph = graph, .node = node, .self = at.node};
    for (const ir::ValueRef& input : node.inputs) call.operands.push_back(self(self, input));
    call.sizes = [&](const std::string& name) {
      const ir::Attr* attr = node.attrs.find(name);
      const auto* one = attr ? std::get_if<int64_t>(attr) : nullptr;
      return listOf(one ? std::vector<int64_t>{*one} : node.attrs.list(name));
    };
    call.dims = [&](ir::ValueRef of) { return listOf(graph.type(of).shape.dims()); };
    call.use = [&](const std::string& name) { functions.insert(name); };
    const TorchForm form = hasTorchForm(graph, node) && !node.body ? findTorchForm(node.op->name) : nullptr;
    if (!form) throw Error(Code::Graph, text("[pytorch] there is no form for the op '", node.op->name, "'."));
    return form(call);
  };
  try {
    const std::string out = textOf(textOf, value.ref).text;
    return functions.empty() ? out : "";
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

std::string torchStart(const ir::Graph& model, const ir::ParameterInfo& info) {
  const Shape& sizes = model.type({info.node, 0}).shape;
  const std::string shape = sizes.rank() == 0 ? "()" : shapeText(sizes), tail = sizes.rank() == 1 ? "," : "";
  const ir::Init& init = info.init;
  if (!init.make || init.name == "zeros") return "torch.zeros(" + shape + ")";
  if (init.name == "ones") return "torch.ones(" + shape + ")";
  if (init.name == "constant") return "torch.full((" + shape + tail + "), " + pythonNumber(init.a) + ")";
  if (init.name == "uniform")
    return "torch.empty(" + shape + ").uniform_(" + pythonNumber(init.a) + ", " + pythonNumber(init.b) + ")";
  if (init.name == "normal") return "torch.randn(" + shape + ") * " + pythonNumber(init.a);
  if (const std::string own = startExpression(model, info); !own.empty()) return own;
  return "torch.full((" + shape + tail + "), float(\"nan\"))  # starts as " + init.name + "; load the weights";
}

std::string torchStartLine(const ir::Graph& model, const std::string& target, const ir::ParameterInfo& info) {
  const ir::Init& init = info.init;
  if (!init.make || init.name == "zeros") return "nn.init.zeros_(" + target + ")";
  if (init.name == "ones") return "nn.init.ones_(" + target + ")";
  if (init.name == "constant") return "nn.init.constant_(" + target + ", " + pythonNumber(init.a) + ")";
  if (init.name == "normal") return "nn.init.normal_(" + target + ", std=" + pythonNumber(init.a) + ")";
  if (init.name == "uniform")
    return "nn.init.uniform_(" + target + ", " + pythonNumber(init.a) + ", " + pythonNumber(init.b) + ")";
  if (const std::string own = startExpression(model, info); !own.empty())
    return target + " = nn.Parameter(" + own + ")";
  return "nn.init.constant_(" + target + ", float(\"nan\"))  # starts as " + init.name + "; load the weights";
}

}  // namespace fw
