// How each op is written in PyTorch.
#include "engine/workbench/export/torch_forms.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/ir/op.h"
#include "engine/workbench/export/modules.h"

namespace fw {

std::string pythonNumber(double value, bool isFloat) {
  if (std::isnan(value)) return "float(\"nan\")";
  if (std::isinf(value)) return value > 0 ? "float(\"inf\")" : "-float(\"inf\")";
  char digits[64];
  if (!isFloat) return std::to_string(int64_t(value));
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  std::string out(digits, end);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

std::string torchType(DType dtype) {
  switch (dtype) {
    case DType::F32:
      return "torch.float32";
    case DType::F16:
      return "torch.float16";
    case DType::BF16:
      return "torch.bfloat16";
    case DType::I8:
      return "torch.int8";
    case DType::I32:
      return "torch.int32";
    case DType::I64:
      return "torch.int64";
    case DType::Bool:
      return "torch.bool";
  }
  return "";
}

std::string joined(const std::vector<std::string>& parts, const std::string& separator) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : separator) + part;
  return out;
}

bool TorchCall::isNumber(size_t i) const { return isInlineConstant(graph.nodes[size_t(node.inputs[i].node)]); }

std::string TorchCall::tensor(size_t i) const {
  return isNumber(i) ? "torch.tensor(" + arg(i) + ", dtype=" + torchType(type(i).dtype) + ")" : atom(i);
}

namespace {

using T = TorchText;

template <char Op>
T arithmetic(const TorchCall& c) {
  constexpr bool isSum = Op == '+' || Op == '-';
  const T::Strength own = isSum ? T::Sum : T::Product;
  const T::Strength right = T::Strength(own + 1);
  const std::string left = c.operands[0].at(own);
  return {left + " " + Op + " " + c.operands[1].at(Op == '+' || Op == '*' ? own : right), own};
}

T compare(const TorchCall& c, const char* op) {
  return {c.operands[0].at(T::Sum) + " " + op + " " + c.operands[1].at(T::Sum), T::Loose};
}

/// torch.NAME(operands)
T function(const TorchCall& c, const std::string& name) {
  std::vector<std::string> arguments;
  for (const T& operand : c.operands) arguments.push_back(operand.text);
  return {name + "(" + joined(arguments) + ")"};
}

T method(const TorchCall& c, const std::string& name, const std::string& arguments = "") {
  return {c.tensor(0) + "." + name + "(" + arguments + ")"};
}

std::string tuple(const std::vector<std::string>& parts) {
  return "(" + joined(parts) + (parts.size() == 1 ? ",)" : ")");
}

std::string activated(const TorchCall& c, const std::string& text) {
  const std::string name = c.node.attrs.has("activation") ? c.node.attrs.text("activation") : "none";
  if (name == "none") return text;
  if (name == "relu") return "F.relu(" + text + ")";
  if (name == "gelu") return "F.gelu(" + text + ")";
  if (name == "gelu_tanh") return "F.gelu(" + text + ", approximate=\"tanh\")";
  if (name == "silu") return "F.silu(" + text + ")";
  return "F.relu(" + text + ").square()";
}

T matmul(const TorchCall& c) {
  const ir::Attrs& attrs = c.node.attrs;
  const bool hasAddend = attrs.flag("accumulate", false);
  const bool hasBias = c.operands.size() > 2 + size_t(hasAddend);
  std::string text;
  if (!attrs.flag("transpose_a", false) && attrs.flag("transpose_b", false) && c.type(1).shape.rank() == 2) {
    text = "F.linear(" + c.arg(0) + ", " + c.arg(1) + (hasBias ? ", " + c.arg(2) : "") + ")";
    if (!hasAddend) {
      const std::string all = activated(c, text);
      return {all};
    }
  } else {
    const auto side = [&](size_t i, bool transposes) {
      return c.operands[i].at(T::Atom) + (transposes ? ".transpose(-1, -2)" : "");
    };
    text = side(0, attrs.flag("transpose_a", false)) + " @ " + side(1, attrs.flag("transpose_b", false));
    if (hasBias) text += " + " + c.operands[2].at(T::Product);
  }
  if (hasAddend) text += " + " + c.operands[hasBias ? 3 : 2].at(T::Product);
  const std::string all = activated(c, text);
  if (all != text) return {all};
  return {text, hasBias || hasAddend ? T::Sum : T::Product};
}

T reduction(const TorchCall& c, const char* name) {
  std::vector<std::string> axes;
  for (const int64_t axis : c.node.attrs.list("axes")) axes.push_back(std::to_string(axis));
  if (axes.empty()) return c.operands[0];
  return method(c, name,
                (axes.size() == 1 ? axes[0] : tuple(axes)) + (c.node.attrs.flag("keep") ? ", keepdim=True" : ""));
}

std::string axisOf(const TorchCall& c) { return std::to_string(c.node.attrs.integer("axis")); }

T slice(const TorchCall& c) {
  const auto starts = c.sizes("starts"), stops = c.sizes("stops"), steps = c.sizes("steps"),
             dims = c.dims(c.node.inputs[0]);
  std::vector<std::string> parts;
  size_t last = 0;
  for (size_t i = 0; i < starts.size(); ++i) {
    const std::string begin = starts[i] == "0" ? "" : starts[i], end = stops[i] == dims[i] ? "" : stops[i];
    parts.push_back(begin + ":" + end + (steps[i] == "1" ? "" : ":" + steps[i]));
    if (parts.back() != ":") last = i + 1;
  }
  if (last == 0) return c.operands[0];
  const bool isLast = last == parts.size() && last > 1;
  size_t leading = 0;
  while (leading + 1 < last && parts[leading] == ":") ++leading;
  if (isLast && leading == last - 1) return {c.atom(0) + "[..., " + parts[last - 1] + "]"};
  parts.resize(last);
  return {c.atom(0) + "[" + joined(parts) + "]"};
}

T pad(const TorchCall& c) {
  const auto low = c.sizes("low"), high = c.sizes("high");
  std::vector<std::string> parts;
  for (size_t i = low.size(); i-- > 0;) {
    parts.push_back(low[i]);
    parts.push_back(high[i]);
  }
  while (parts.size() > 2 && parts.back() == "0" && parts[parts.size() - 2] == "0") parts.resize(parts.size() - 2);
  const double value = c.node.attrs.real("value", 0);
  return {"F.pad(" + c.arg(0) + ", " + tuple(parts) + (value == 0 ? "" : ", value=" + pythonNumber(value)) + ")"};
}

std::string listText(const std::vector<double>& values) {
  std::vector<std::string> parts;
  for (const double value : values) parts.push_back(pythonNumber(value));
  return "[" + joined(parts) + "]";
}

/// As base^(-2i/n) where they are that.
std::string frequenciesText(const TorchCall& c) {
  const std::vector<double>& frequencies = c.node.attrs.reals("frequencies");
  const double count = double(frequencies.size());
  if (frequencies.size() > 1 && frequencies[0] == 1) {
    const double base = std::round(std::pow(frequencies[1], -count) * 1e6) / 1e6;
    bool isPower = true;
    for (size_t i = 0; i < frequencies.size(); ++i)
      isPower &= std::abs(frequencies[i] - std::pow(base, -double(i) / count)) < 1e-9 * frequencies[i];
    if (isPower)
      return "[" + pythonNumber(base) + " ** (-i / " + std::to_string(frequencies.size()) + ") for i in range(" +
             std::to_string(frequencies.size()) + ")]";
  }
  return listText(frequencies);
}

T rotary(const TorchCall& c) {
  c.use("rotary");
  std::string text = "rotary(" + c.arg(0) + ", " + frequenciesText(c);
  if (c.operands.size() > 1) text += ", position=" + c.tensor(1);
  if (c.node.attrs.flag("interleaved", false)) text += ", is_interleaved=True";
  if (c.node.attrs.flag("inverse", false)) text += ", is_inverse=True";
  return {text + ")"};
}

T attention(const TorchCall& c) {
  c.use("attention");
  const ir::Attrs& attrs = c.node.attrs;
  const double scale = attrs.real("scale");
  std::string text = "attention(" + c.arg(0) + ", " + c.arg(1) + ", " + c.arg(2);
  const double usual = 1 / std::sqrt(double(c.type(0).shape[3]));
  if (std::abs(scale - usual) > 1e-12 * usual) text += ", scale=" + pythonNumber(scale);
  if (attrs.integer("window_left", -1) >= 0) text += ", left=" + c.sizes("window_left")[0];
  if (attrs.integer("window_right", -1) >= 0) text += ", right=" + c.sizes("window_right")[0];
  if (attrs.has("slopes")) text += ", slopes=" + listText(attrs.reals("slopes"));
  size_t next = 3;
  if (attrs.flag("bias", false)) text += ", bias=" + c.arg(next++);
  if (attrs.flag("key_mask", false)) text += ", key_mask=" + c.arg(next++);
  return {text + ")"};
}

T causalConv(const TorchCall& c) {
  c.use("causal_conv1d");
  const bool hasHistory = c.node.attrs.flag("history", false);
  std::string text = "causal_conv1d(" + c.arg(0) + ", " + c.arg(1);
  if (c.operands.size() > 2 + size_t(hasHistory)) text += ", " + c.arg(2);
  if (hasHistory) text += ", history=" + c.arg(c.operands.size() - 1);
  return {activated(c, text + ")")};
}

T selectiveScan(const TorchCall& c) {
  c.use("selective_scan");
  std::vector<std::string> parts;
  for (size_t i = 0; i < 5; ++i) parts.push_back(c.arg(i));
  size_t next = 5;
  if (c.node.attrs.flag("skip", false)) parts.push_back("skip=" + c.arg(next++));
  if (c.node.attrs.flag("state", false)) parts.push_back("state=" + c.arg(next++));
  return {"selective_scan(" + joined(parts) + ")"};
}

T recurrence(const TorchCall& c) {
  c.use("linear_recurrence");
  std::string text = "linear_recurrence(" + c.tensor(0) + ", " + c.tensor(1) + ", " + axisOf(c);
  if (c.operands.size() > 2) text += ", state=" + c.arg(2);
  if (c.node.attrs.flag("reverse", false)) text += ", is_reversed=True";
  return {text + ")"};
}

T norm(const TorchCall& c, bool isLayer) {
  const ir::Attrs& attrs = c.node.attrs;
  const std::string width = c.dims(c.node.inputs[0]).back();
  size_t next = 1;
  std::string text = std::string(isLayer ? "F.layer_norm(" : "F.rms_norm(") + c.arg(0) + ", (" + width + ",)";
  const bool hasWeight = attrs.flag("weight"), hasBias = isLayer && attrs.flag("bias");
  if (hasWeight) text += ", " + c.arg(next++);
  if (hasBias) text += std::string(hasWeight ? ", " : ", bias=") + c.arg(next++);
  return {text + ", eps=" + pythonNumber(attrs.real("epsilon")) + ")"};
}

T conv2d(const TorchCall& c) {
  const ir::Attrs& attrs = c.node.attrs;
  const auto list = [&](const char* name) {
    std::vector<std::string> parts;
    for (const int64_t value : attrs.list(name)) parts.push_back(std::to_string(value));
    return parts;
  };
  const auto p = list("padding");
  std::string x = c.arg(0);
  if (joined(p, "") != "0000") x = "F.pad(" + x + ", (" + p[1] + ", " + p[3] + ", " + p[0] + ", " + p[2] + "))";
  std::string text = "F.conv2d(" + x + ", " + c.arg(1) + (c.operands.size() > 2 ? ", " + c.arg(2) : "");
  if (joined(list("strides")) != "1, 1") text += ", stride=" + tuple(list("strides"));
  if (joined(list("dilations")) != "1, 1") text += ", dilation=" + tuple(list("dilations"));
  if (attrs.integer("groups") != 1) text += ", groups=" + std::to_string(attrs.integer("groups"));
  return {text + ")"};
}

T conv1d(const TorchCall& c) {
  const ir::Attrs& attrs = c.node.attrs;
  const std::vector<int64_t>& p = attrs.list("padding");
  std::string x = c.arg(0);
  if (p[0] != 0 || p[1] != 0) x = "F.pad(" + x + ", (" + std::to_string(p[0]) + ", " + std::to_string(p[1]) + "))";
  std::string text = "F.conv1d(" + x + ", " + c.arg(1) + (c.operands.size() > 2 ? ", " + c.arg(2) : "");
  for (const char* name : {"stride", "dilation", "groups"})
    if (attrs.integer(name) != 1) text += std::string(", ") + name + "=" + std::to_string(attrs.integer(name));
  return {text + ")"};
}

T filled(const TorchCall& c) {
  const DType dtype = c.node.types[0].dtype;
  if (c.node.attrs.has("values")) {
    std::vector<std::string> parts;
    for (const double value : c.node.attrs.reals("values")) parts.push_back(pythonNumber(value, isFloat(dtype)));
    std::string text = "torch.tensor([" + joined(parts) + "], dtype=" + torchType(dtype) + ")";
    if (c.node.types[0].shape.rank() != 1) text += ".reshape(" + joined(c.sizes("shape")) + ")";
    return {text};
  }
  const double value = c.node.attrs.real("value");
  const std::string shape = tuple(c.sizes("shape"));
  return {"torch.full(" + shape + ", " + pythonNumber(value, isFloat(dtype)) + ", dtype=" + torchType(dtype) + ")"};
}

T iota(const TorchCall& c) {
  const auto shape = c.sizes("shape");
  const int64_t axis = c.node.attrs.integer("axis");
  const DType dtype = c.node.types[0].dtype;
  const double start = c.node.attrs.real("start"), step = c.node.attrs.real("step");
  T out{"torch.arange(" + shape[size_t(axis)] + ", dtype=" + torchType(dtype) + ")"};
  if (step != 1) out = {out.at(T::Product) + " * " + pythonNumber(step, isFloat(dtype)), T::Product};
  if (start != 0) out = {out.text + " + " + pythonNumber(start, isFloat(dtype)), T::Sum};
  if (shape.size() == 1) return out;
  std::vector<std::string> view(shape.size(), "1");
  view[size_t(axis)] = "-1";
  return {out.at(T::Atom) + ".view(" + joined(view) + ").expand(" + joined(shape) + ")"};
}

T cumulative(const TorchCall& c) {
  c.use("cumulative_sum");
  std::string text = "cumulative_sum(" + c.tensor(0) + ", " + axisOf(c);
  if (c.node.attrs.flag("reverse", false)) text += ", is_reversed=True";
  if (c.node.attrs.flag("exclusive", false)) text += ", is_exclusive=True";
  return {text + ")"};
}

T take(const TorchCall& c) {
  if (c.node.attrs.integer("axis") == 0) return {c.tensor(0) + "[" + c.arg(1) + "]"};
  const auto dims = c.dims({c.self, 0});
  return {c.tensor(0) + ".index_select(" + axisOf(c) + ", " + c.tensor(1) + ".reshape(-1)).reshape(" + joined(dims) +
          ")"};
}

const std::map<std::string, TorchForm>& forms() {
  static const std::map<std::string, TorchForm> table = {
      {"add", arithmetic<'+'>},
      {"sub", arithmetic<'-'>},
      {"mul", arithmetic<'*'>},
      {"div", arithmetic<'/'>},
      {"neg",
       [](const TorchCall& c) -> T {
         return {"-" + c.atom(0), T::Sign};
       }},
      {"pow", [](const TorchCall& c) { return function(c, "torch.pow"); }},
      {"maximum",
       [](const TorchCall& c) -> T {
         if (c.isNumber(1)) return method(c, "clamp", "min=" + c.arg(1));
         return {"torch.maximum(" + c.tensor(0) + ", " + c.tensor(1) + ")"};
       }},
      {"minimum",
       [](const TorchCall& c) -> T {
         if (c.isNumber(1)) return method(c, "clamp", "max=" + c.arg(1));
         return {"torch.minimum(" + c.tensor(0) + ", " + c.tensor(1) + ")"};
       }},
      {"equal", [](const TorchCall& c) { return compare(c, "=="); }},
      {"not_equal", [](const TorchCall& c) { return compare(c, "!="); }},
      {"less", [](const TorchCall& c) { return compare(c, "<"); }},
      {"less_equal", [](const TorchCall& c) { return compare(c, "<="); }},
      {"greater", [](const TorchCall& c) { return compare(c, ">"); }},
      {"greater_equal", [](const TorchCall& c) { return compare(c, ">="); }},
      {"logical_and",
       [](const TorchCall& c) -> T {
         return {c.atom(0) + " & " + c.atom(1), T::Loose};
       }},
      {"logical_or",
       [](const TorchCall& c) -> T {
         return {c.atom(0) + " | " + c.atom(1), T::Loose};
       }},
      {"logical_not",
       [](const TorchCall& c) -> T {
         return {"~" + c.atom(0), T::Sign};
       }},
      {"where", [](const TorchCall& c) { return function(c, "torch.where"); }},
      {"abs", [](const TorchCall& c) { return method(c, "abs"); }},
      {"sign", [](const TorchCall& c) { return method(c, "sign"); }},
      {"floor", [](const TorchCall& c) { return method(c, "floor"); }},
      {"round", [](const TorchCall& c) { return method(c, "round"); }},
      {"square", [](const TorchCall& c) { return method(c, "square"); }},
      {"reciprocal", [](const TorchCall& c) { return method(c, "reciprocal"); }},
      {"sqrt", [](const TorchCall& c) { return method(c, "sqrt"); }},
      {"rsqrt", [](const TorchCall& c) { return method(c, "rsqrt"); }},
      {"exp", [](const TorchCall& c) { return method(c, "exp"); }},
      {"log", [](const TorchCall& c) { return method(c, "log"); }},
      {"log1p", [](const TorchCall& c) { return method(c, "log1p"); }},
      {"sin", [](const TorchCall& c) { return method(c, "sin"); }},
      {"cos", [](const TorchCall& c) { return method(c, "cos"); }},
      {"erf", [](const TorchCall& c) { return method(c, "erf"); }},
      {"tanh", [](const TorchCall& c) { return method(c, "tanh"); }},
      {"sigmoid", [](const TorchCall& c) { return method(c, "sigmoid"); }},
      {"relu", [](const TorchCall& c) { return function(c, "F.relu"); }},
      {"silu", [](const TorchCall& c) { return function(c, "F.silu"); }},
      {"gelu", [](const TorchCall& c) { return function(c, "F.gelu"); }},
      {"gelu_tanh", [](const TorchCall& c) -> T { return {"F.gelu(" + c.arg(0) + ", approximate=\"tanh\")"}; }},
      {"squared_relu", [](const TorchCall& c) -> T { return {"F.relu(" + c.arg(0) + ").square()"}; }},
      {"softplus", [](const TorchCall& c) { return function(c, "F.softplus"); }},
      {"clamp",
       [](const TorchCall& c) {
         return method(c, "clamp",
                       pythonNumber(c.node.attrs.real("low")) + ", " + pythonNumber(c.node.attrs.real("high")));
       }},
      {"cast", [](const TorchCall& c) { return method(c, "to", torchType(c.node.types[0].dtype)); }},
      {"stop_gradient", [](const TorchCall& c) { return method(c, "detach"); }},
      {"straight_through",
       [](const TorchCall& c) -> T {
         return {c.arg(1) + " + (" + c.operands[0].at(T::Sum) + " - " + c.operands[1].at(T::Product) + ").detach()",
                 T::Sum};
       }},
      {"reshape",
       [](const TorchCall& c) {
         const auto shape = c.sizes("shape");
         return method(c, "reshape", shape.empty() ? "()" : joined(shape));
       }},
      {"transpose",
       [](const TorchCall& c) {
         const std::vector<int64_t>& order = c.node.attrs.list("permutation");
         std::vector<std::string> parts, moved;
         for (size_t i = 0; i < order.size(); ++i) {
           parts.push_back(std::to_string(order[i]));
           if (order[i] != int64_t(i)) moved.push_back(std::to_string(i));
         }
         return moved.size() == 2 ? method(c, "transpose", joined(moved)) : method(c, "permute", joined(parts));
       }},
      {"broadcast_to", [](const TorchCall& c) { return method(c, "expand", joined(c.sizes("shape"))); }},
      {"slice", slice},
      {"pad", pad},
      {"concat",
       [](const TorchCall& c) -> T {
         std::vector<std::string> parts;
         for (const T& operand : c.operands) parts.push_back(operand.text);
         return {"torch.cat([" + joined(parts) + "], dim=" + axisOf(c) + ")"};
       }},
      {"flip",
       [](const TorchCall& c) {
         std::vector<std::string> axes;
         for (const int64_t axis : c.node.attrs.list("axes")) axes.push_back(std::to_string(axis));
         return method(c, "flip", joined(axes));
       }},
      {"take", take},
      {"gather", [](const TorchCall& c) { return method(c, "gather", axisOf(c) + ", " + c.arg(1)); }},
      {"scatter_add",
       [](const TorchCall& c) { return method(c, "scatter_add", axisOf(c) + ", " + c.arg(1) + ", " + c.arg(2)); }},
      {"embedding", [](const TorchCall& c) -> T { return {"F.embedding(" + c.arg(1) + ", " + c.arg(0) + ")"}; }},
      {"one_hot",
       [](const TorchCall& c) -> T {
         return {"F.one_hot(" + c.arg(0) + ", " + std::to_string(c.node.attrs.integer("depth")) +
                 ").to(torch.float32)"};
       }},
      {"constant", filled},
      {"iota", iota},
      {"sum", [](const TorchCall& c) { return reduction(c, "sum"); }},
      {"mean", [](const TorchCall& c) { return reduction(c, "mean"); }},
      {"max", [](const TorchCall& c) { return reduction(c, "amax"); }},
      {"min", [](const TorchCall& c) { return reduction(c, "amin"); }},
      {"sum_squares", [](const TorchCall& c) { return method(c, "square().sum"); }},
      {"argmax", [](const TorchCall& c) { return method(c, "argmax", axisOf(c)); }},
      {"top_k", [](const TorchCall& c) { return method(c, "topk", std::to_string(c.node.attrs.integer("k"))); }},
      {"softmax", [](const TorchCall& c) { return method(c, "softmax", "-1"); }},
      {"log_softmax", [](const TorchCall& c) { return method(c, "log_softmax", "-1"); }},
      {"cumulative_sum", cumulative},
      {"layer_norm", [](const TorchCall& c) { return norm(c, true); }},
      {"rms_norm", [](const TorchCall& c) { return norm(c, false); }},
      {"matmul", matmul},
      {"attention", attention},
      {"rotary", rotary},
      {"causal_conv1d", causalConv},
      {"conv1d", conv1d},
      {"conv2d", conv2d},
      {"selective_scan", selectiveScan},
      {"linear_recurrence", recurrence},
  };
  return table;
}

/// Outputs of a node that something reads.
std::set<int> readOutputs(const ir::Graph& graph, const ir::Node& node) {
  const int index = int(&node - graph.nodes.data());
  std::set<int> read;
  for (const ir::Node& user : graph.nodes)
    for (const ir::ValueRef& value : user.inputs)
      if (value.node == index) read.insert(value.output);
  for (const ir::OutputInfo& output : graph.outputs)
    if (output.value.node == index) read.insert(output.value.output);
  return read;
}

}  // namespace

TorchForm findTorchForm(const std::string& op) {
  const auto at = forms().find(op);
  return at == forms().end() ? nullptr : at->second;
}

bool hasTorchForm(const ir::Graph& graph, const ir::Node& node) {
  const std::string& op = node.op->name;
  if (op == "scan") return true;
  if (!findTorchForm(op)) return false;
  const ir::Attrs& attrs = node.attrs;
  if (op == "attention")
    for (const char* name : {"key_lengths", "position", "offsets", "key_offsets"})
      if (attrs.flag(name, false)) return false;
  if (op == "causal_conv1d" && attrs.flag("reverse", false)) return false;
  if (op == "pad" && attrs.has("interior"))
    for (const int64_t between : attrs.list("interior"))
      if (between != 0) return false;
  if (node.types.size() == 1 || op == "top_k") return true;
  const std::set<int> read = readOutputs(graph, node);
  if (op == "selective_scan") return !read.contains(2);
  return read.empty() || *read.rbegin() == 0;
}

}  // namespace fw
