// Attention as transformers runs it.
#include "engine/workbench/export/torch_served.h"

#include <map>
#include <set>

#include "engine/base/error.h"
#include "engine/ir/op.h"

namespace fw {
namespace {

using T = TorchText;

/// The usual form with one more argument.
T withArgument(const TorchCall& c, const std::string& argument) {
  std::string text = findTorchForm(c.node.op->name)(c).text;
  text.insert(text.size() - 1, ", " + argument);
  return {text};
}

T rotary(const TorchCall& c) {
  c.use("kwargs");
  return withArgument(c, "position=kwargs[\"position_ids\"]");
}

/// The call of the function stands in the module itself, its scale as a number: servers look there for it. What they
/// give back may have its heads side by side.
T attention(const TorchCall& c) {
  c.use("arranged");
  c.use("interface");
  const ir::Attrs& attrs = c.node.attrs;
  const int64_t left = attrs.integer("window_left", -1);
  const std::string window = left >= 0 ? std::to_string(left + 1) : "None";
  const std::vector<std::string> sizes = c.dims({c.self, 0});
  return {text("interface(self, *arranged(self, ", c.arg(0), ", ", c.arg(1), ", ", c.arg(2), ", cache, masks, ", window,
               "), scaling=", pythonNumber(attrs.real("scale")), ", dropout=0.0, sliding_window=", window,
               ", **kwargs)[0].reshape(", sizes[0], ", ", sizes[1], ", -1, ", sizes[3], ")")};
}

/// A factor that is computed stays outside: servers put a norm of their own in place of rms_norm(x, shape, weight),
/// with the weight as it lies in the file.
T rmsNorm(const TorchCall& c) {
  const std::string width = c.dims(c.node.inputs[0]).back();
  return {"F.rms_norm(" + c.arg(0) + ", (" + width + ",), eps=" + pythonNumber(c.node.attrs.real("epsilon")) + ") * " +
              c.operands[1].at(T::Product),
          T::Product};
}

/// Heads are as many as there are columns: a server may have shared them out among devices.
T reshape(const TorchCall& c) {
  std::vector<std::string> sizes = c.sizes("shape");
  const int from = c.type(0).shape.rank(), to = c.node.types[0].shape.rank();
  sizes[2] = "-1";
  if (to == 4 && from == 3) return {c.tensor(0) + ".reshape(" + joined(sizes) + ")"};
  return {c.tensor(0) + ".reshape(" + sizes[0] + ", " + sizes[1] + ", -1)"};
}

/// Rows of a table of positions.
T positions(const TorchCall& c) {
  c.use("kwargs");
  const std::string skip = c.sizes("starts")[0];
  return {c.tensor(0) + "[kwargs[\"position_ids\"]" + (skip == "0" ? "" : " + " + skip) + "]"};
}

bool isParameter(const ir::Graph& graph, ir::ValueRef value) {
  return graph.nodes[size_t(value.node)].op->name == "parameter";
}

bool isHeadReshape(const ir::Graph& graph, const ir::Node& node) {
  if (node.op->name != "reshape") return false;
  const Shape &from = graph.type(node.inputs[0]).shape, &to = node.types[0].shape;
  if (!(from.rank() == 3 && to.rank() == 4) && !(from.rank() == 4 && to.rank() == 3)) return false;
  return from[0] == to[0] && from[1] == to[1];
}

/// The rows of a learned table, one for each token of the sequence.
bool isPositions(const PortableGraph& portable, int index) {
  const ir::Node& node = portable.graph().nodes[size_t(index)];
  if (node.op->name != "slice" || !isParameter(portable.graph(), node.inputs[0])) return false;
  if (node.types[0].shape.rank() != 2) return false;
  const SymbolicSizes starts = portable.sizes(index, "starts"), stops = portable.sizes(index, "stops");
  return starts[0].isConstant() && stops[0].time == 1 && stops[0].constant == starts[0].constant && stops[0].batch == 0;
}

/// Whether each token of the result depends on the same token of the operands alone.
bool keepsTokensApart(const PortableGraph& portable, int index) {
  static const std::set<std::string> elementwise = {
      "add",        "sub",          "mul",         "div",        "neg",         "pow",          "maximum",
      "minimum",    "abs",          "exp",         "log",        "sqrt",        "rsqrt",        "square",
      "tanh",       "sigmoid",      "silu",        "gelu",       "relu",        "erf",          "gelu_tanh",
      "softplus",   "cast",         "where",       "equal",      "less",        "greater",      "sign",
      "floor",      "squared_relu", "rms_norm",    "layer_norm", "rotary",      "less_equal",   "greater_equal",
      "one_hot",    "top_k",        "clamp",       "round",      "not_equal",   "sin",          "cos",
      "reciprocal", "log1p",        "logical_and", "logical_or", "logical_not", "stop_gradient"};
  const ir::Graph& graph = portable.graph();
  const ir::Node& node = graph.nodes[size_t(index)];
  const std::string& op = node.op->name;
  const int rank = node.types[0].shape.rank();
  if (elementwise.contains(op) || op == "constant") return true;
  if (op == "embedding") return isParameter(graph, node.inputs[0]);
  if (op == "matmul")
    return isParameter(graph, node.inputs[1]) && graph.type(node.inputs[1]).shape.rank() == 2 &&
           !node.attrs.flag("transpose_a", false);
  if (op == "softmax" || op == "log_softmax") return !node.attrs.has("axis") || node.attrs.integer("axis") == rank - 1;
  const auto keepsFront = [&](const Shape& from, const Shape& to) {
    return from.rank() >= 2 && to.rank() >= 2 && from[0] == to[0] && from[1] == to[1];
  };
  if (op == "reshape") return keepsFront(graph.type(node.inputs[0]).shape, node.types[0].shape);
  if (op == "slice")
    return isPositions(portable, index) || keepsFront(graph.type(node.inputs[0]).shape, node.types[0].shape);
  if (op == "concat") return node.attrs.integer("axis") >= 2;
  if (op == "sum" || op == "mean" || op == "max" || op == "min") {
    for (const int64_t axis : node.attrs.list("axes"))
      if (axis < 2) return false;
    return true;
  }
  return false;
}

}  // namespace

TorchForm findServedForm(const TorchCall& call) {
  const std::string& op = call.node.op->name;
  if (op == "attention") return attention;
  if (op == "rotary" && call.operands.size() == 1) return rotary;
  if (op == "rms_norm" && call.operands.size() > 1 && !isParameter(call.graph, call.node.inputs[1])) return rmsNorm;
  if (isHeadReshape(call.graph, call.node)) return reshape;
  if (op == "slice" && call.type(0).shape.rank() == 2 && isParameter(call.graph, call.node.inputs[0])) return positions;
  return nullptr;
}

ServedModel servedModel(const PortableGraph& portable, const ModuleTree& tree) {
  const ir::Graph& graph = portable.graph();
  ServedModel model;
  std::set<int> modules;
  const auto refused = [&](const std::string& reason) {
    model.reason = reason;
    return model;
  };
  if (portable.isLimited()) return refused("its rotations follow the length of the text");
  if (!portable.hasTime()) return refused("it runs at one length of text only");
  for (int i = 0; i < int(graph.nodes.size()); ++i) {
    const ir::Node& node = graph.nodes[size_t(i)];
    if (node.op->name == "input" || node.op->name == "parameter" || isInlineConstant(node)) continue;
    if (node.op->name != "attention") {
      if (!keepsTokensApart(portable, i))
        return refused(text("the op '", node.op->name, "' in '", graph.scopes[size_t(node.scope)],
                            "' may mix tokens outside attention"));
      if (node.op->name == "rotary" && node.inputs.size() > 1)
        return refused("its rotations take positions of their own");
      continue;
    }
    const ir::Attrs& attrs = node.attrs;
    const Shape &q = graph.type(node.inputs[0]).shape, &k = graph.type(node.inputs[1]).shape,
                &v = graph.type(node.inputs[2]).shape;
    if (attrs.has("slopes") || attrs.flag("bias", false) || attrs.flag("key_mask", false))
      return refused("its attention has biases or masks of its own");
    const int64_t left = attrs.integer("window_left", -1), right = attrs.integer("window_right", -1);
    const bool isFixed = left < 0 || portable.sizes(i, "window_left")[0].isConstant();
    if (right > 0 || (right < 0 && left >= 0) || !isFixed)
      return refused("its attention sees keys in a way that servers do not know");
    if (q[3] != v[3]) return refused("its heads have values of another width than keys");
    if (!modules.insert(tree.moduleOf[size_t(i)]).second) return refused("one block has two attentions");
    const bool isCausal = right == 0;
    if (model.attentions > 0 &&
        (isCausal != model.isCausal || q[2] != model.heads || k[2] != model.keyHeads || q[3] != model.headWidth))
      return refused("its attentions are not alike");
    if (left >= 0 && model.window != 0 && model.window != left + 1)
      return refused(text("it has windows of ", model.window, " and of ", left + 1,
                          " tokens, and servers know one for all layers that slide"));
    model.isCausal = isCausal;
    model.heads = q[2];
    model.keyHeads = k[2];
    model.headWidth = q[3];
    if (left >= 0) model.window = left + 1;
    model.slides.push_back(left >= 0);
    ++model.attentions;
  }
  for (const ir::ParameterInfo& info : graph.parameters)
    model.hasExperts |= info.name.find(".experts.") != std::string::npos;
  if (model.attentions == 0) return refused("it has no attention");
  return model;
}

}  // namespace fw
