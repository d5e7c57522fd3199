// How each op is written in ONNX, opset 17: primitives alone, so that every runtime has them.
#include "engine/workbench/export/onnx_forms.h"

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "engine/base/error.h"
#include "engine/ir/op.h"

namespace fw {
namespace {

using Names = std::vector<std::string>;
using Attributes = std::vector<std::pair<std::string, OnnxAttr>>;

Names simple(const OnnxCall& c, const char* op) { return {c.out.add(op, c.inputs)}; }

template <const char* Op>
Names same(const OnnxCall& c) {
  return simple(c, Op);
}

std::string activated(const OnnxCall& c, const std::string& x, const std::string& activation) {
  OnnxBuilder& o = c.out;
  if (activation == "none") return x;
  if (activation == "relu") return o.add("Relu", {x});
  if (activation == "silu") return o.add("Mul", {x, o.add("Sigmoid", {x})});
  if (activation == "squared_relu") {
    const std::string y = o.add("Relu", {x});
    return o.add("Mul", {y, y});
  }
  const auto number = [&](double value) { return o.scalar(value, DType::F32); };
  if (activation == "gelu") {
    const std::string e = o.add("Erf", {o.add("Mul", {x, number(std::sqrt(0.5))})});
    return o.add("Mul", {o.add("Mul", {x, number(0.5)}), o.add("Add", {e, number(1)})});
  }
  const std::string cube = o.add("Mul", {x, o.add("Mul", {x, x})});
  const std::string inner = o.add("Add", {x, o.add("Mul", {cube, number(0.044715)})});
  const std::string t = o.add("Tanh", {o.add("Mul", {inner, number(std::sqrt(2 / std::acos(-1.0)))})});
  return o.add("Mul", {o.add("Mul", {x, number(0.5)}), o.add("Add", {t, number(1)})});
}

std::string activationOf(const OnnxCall& c) {
  return c.node().attrs.has("activation") ? c.node().attrs.text("activation") : "none";
}

std::string transposed(const OnnxCall& c, const std::string& x, int rank) {
  std::vector<int64_t> order;
  for (int i = 0; i < rank; ++i) order.push_back(i);
  std::swap(order[size_t(rank) - 1], order[size_t(rank) - 2]);
  return c.out.add("Transpose", {x}, {{"perm", order}});
}

Names matmul(const OnnxCall& c) {
  const ir::Attrs& attrs = c.node().attrs;
  std::string a = c.inputs[0], b = c.inputs[1];
  if (attrs.flag("transpose_a", false)) a = transposed(c, a, c.type(0).shape.rank());
  if (attrs.flag("transpose_b", false)) b = transposed(c, b, c.type(1).shape.rank());
  std::string y = c.out.add("MatMul", {a, b});
  for (size_t i = 2; i < c.inputs.size(); ++i) y = c.out.add("Add", {y, c.inputs[i]});
  return {activated(c, y, activationOf(c))};
}

Names reduce(const OnnxCall& c, const std::string& op) {
  const std::vector<int64_t>& axes = c.node().attrs.list("axes");
  const int64_t keeps = c.node().attrs.flag("keep") ? 1 : 0;
  if (axes.empty()) return {c.out.add("Identity", c.inputs)};
  if (op == "ReduceSum") return {c.out.add(op, {c.inputs[0], c.out.integers(axes)}, {{"keepdims", keeps}})};
  return {c.out.add(op, c.inputs, {{"axes", axes}, {"keepdims", keeps}})};
}

Names slice(const OnnxCall& c) {
  const PortableGraph& p = c.portable;
  const SymbolicSizes starts = p.sizes(c.self, "starts"), stops = p.sizes(c.self, "stops"),
                      steps = p.sizes(c.self, "steps"), dims = p.dims(c.node().inputs[0]);
  SymbolicSizes from, to, by;
  std::vector<int64_t> axes;
  for (size_t i = 0; i < starts.size(); ++i) {
    if (starts[i] == SymbolicSize{} && stops[i] == dims[i] && steps[i] == SymbolicSize{.constant = 1}) continue;
    axes.push_back(int64_t(i));
    from.push_back(starts[i]);
    to.push_back(stops[i]);
    by.push_back(steps[i]);
  }
  if (axes.empty()) return {c.out.add("Identity", c.inputs)};
  OnnxBuilder& o = c.out;
  return {o.add("Slice", {c.inputs[0], o.sizes(from), o.sizes(to), o.integers(axes), o.sizes(by)})};
}

/// Sizes that stay where they are or follow from the others need no computing.
Names reshape(const OnnxCall& c) {
  const SymbolicSizes shape = c.portable.sizes(c.self, "shape"), from = c.portable.dims(c.node().inputs[0]);
  std::vector<int64_t> known;
  int open = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i].isConstant()) {
      // 0 would mean "as it was".
      known.push_back(shape[i].constant == 0 ? -2 : shape[i].constant);
    } else if (i < from.size() && shape[i] == from[i]) {
      known.push_back(0);
    } else {
      known.push_back(-1);
      ++open;
    }
  }
  bool isPlain = open <= 1;
  for (const int64_t size : known) isPlain &= size != -2;
  return {c.out.add("Reshape", {c.inputs[0], isPlain ? c.out.integers(known) : c.out.sizes(shape)},
                    isPlain ? Attributes{} : Attributes{{"allowzero", int64_t(1)}})};
}

Names pad(const OnnxCall& c) {
  SymbolicSizes pads = c.portable.sizes(c.self, "low");
  const SymbolicSizes high = c.portable.sizes(c.self, "high");
  pads.insert(pads.end(), high.begin(), high.end());
  return {c.out.add("Pad",
                    {c.inputs[0], c.out.sizes(pads), c.out.scalar(c.node().attrs.real("value", 0), c.type(0).dtype)})};
}

Names constant(const OnnxCall& c) {
  const ir::Node& node = c.node();
  const DType dtype = node.types[0].dtype;
  if (node.attrs.has("values")) {
    if (dtype == DType::F32) return {c.out.floats(node.attrs.reals("values"), node.attrs.list("shape"))};
    OnnxTensor tensor{.dtype = dtype, .dims = node.attrs.list("shape")};
    for (const double value : node.attrs.reals("values"))
      dtype == DType::I64 ? putNumber(tensor.bytes, int64_t(value)) : putNumber(tensor.bytes, uint8_t(value != 0));
    return {c.out.constant(std::move(tensor))};
  }
  const std::string value = c.out.scalar(node.attrs.real("value"), dtype);
  if (node.types[0].shape.rank() == 0) return {value};
  return {c.out.add("Expand", {value, c.out.sizes(c.portable.sizes(c.self, "shape"))})};
}

/// 0, 1, ... of i64 along `axis` of a shape of `rank` sizes, the others 1.
std::string counted(OnnxBuilder& o, const SymbolicSize& size, size_t rank, size_t axis) {
  const std::string zero = o.scalar(0, DType::I64), one = o.scalar(1, DType::I64);
  const std::string end = o.add("Squeeze", {o.sizes({size}), o.integers({0})});
  std::vector<int64_t> view(rank, 1);
  view[axis] = -1;
  return o.add("Reshape", {o.add("Range", {zero, end, one}), o.integers(view)});
}

Names iota(const OnnxCall& c) {
  const SymbolicSizes shape = c.portable.sizes(c.self, "shape");
  const size_t axis = size_t(c.node().attrs.integer("axis"));
  const DType dtype = c.node().types[0].dtype;
  OnnxBuilder& o = c.out;
  std::string x = counted(o, shape[axis], shape.size(), axis);
  if (dtype != DType::I64) x = o.add("Cast", {x}, {{"to", int64_t(onnxType(dtype))}});
  const double start = c.node().attrs.real("start"), step = c.node().attrs.real("step");
  if (step != 1) x = o.add("Mul", {x, o.scalar(step, dtype)});
  if (start != 0) x = o.add("Add", {x, o.scalar(start, dtype)});
  return {shape.size() == 1 ? x : o.add("Expand", {x, o.sizes(shape)})};
}

Names rotary(const OnnxCall& c) {
  OnnxBuilder& o = c.out;
  const std::vector<double>& frequencies = c.node().attrs.reals("frequencies");
  const int64_t half = int64_t(frequencies.size()), width = c.type(0).shape[3];
  const SymbolicSizes dims = c.portable.dims(c.node().inputs[0]);
  std::string position = counted(o, dims[1], 4, 1);
  if (c.inputs.size() > 1) {
    const int rank = c.type(1).shape.rank();
    const std::string given =
        o.add("Reshape", {c.inputs[1], o.integers(rank == 2   ? std::vector<int64_t>{0, 0, 1, 1}
                                                  : rank == 1 ? std::vector<int64_t>{0, 1, 1, 1}
                                                              : std::vector<int64_t>{1, 1, 1, 1})});
    position = rank == 2 ? given : o.add("Add", {position, given});
  }
  std::vector<double> turns = frequencies;
  if (c.node().attrs.flag("inverse", false))
    for (double& turn : turns) turn = -turn;
  const std::string angle =
      o.add("Mul", {o.add("Cast", {position}, {{"to", int64_t(1)}}), o.floats(turns, {1, 1, 1, half})});
  const std::string cosine = o.add("Cos", {angle}), sine = o.add("Sin", {angle});
  const auto part = [&](const std::string& x, int64_t begin, int64_t end, int64_t step) {
    return o.add("Slice", {x, o.integers({begin}), o.integers({end}), o.integers({3}), o.integers({step})});
  };
  const bool isInterleaved = c.node().attrs.flag("interleaved", false);
  const std::string x = c.inputs[0];
  const std::string first = isInterleaved ? part(x, 0, 2 * half, 2) : part(x, 0, half, 1);
  const std::string second = isInterleaved ? part(x, 1, 2 * half, 2) : part(x, half, 2 * half, 1);
  const std::string a = o.add("Sub", {o.add("Mul", {first, cosine}), o.add("Mul", {second, sine})});
  const std::string b = o.add("Add", {o.add("Mul", {second, cosine}), o.add("Mul", {first, sine})});
  std::string y;
  if (isInterleaved) {
    const std::string apart = o.integers({4});
    const std::string pairs =
        o.add("Concat", {o.add("Unsqueeze", {a, apart}), o.add("Unsqueeze", {b, apart})}, {{"axis", int64_t(4)}});
    y = o.add("Reshape", {pairs, o.integers({0, 0, 0, 2 * half})});
  } else {
    y = o.add("Concat", {a, b}, {{"axis", int64_t(3)}});
  }
  if (2 * half < width) y = o.add("Concat", {y, part(x, 2 * half, width, 1)}, {{"axis", int64_t(3)}});
  return {y};
}

Names layerNorm(const OnnxCall& c) {
  const ir::Attrs& attrs = c.node().attrs;
  Names inputs = {c.inputs[0]};
  size_t next = 1;
  const int64_t width = c.type(0).shape[-1];
  inputs.push_back(attrs.flag("weight") ? c.inputs[next++]
                                        : c.out.floats(std::vector<double>(size_t(width), 1.0), {width}));
  if (attrs.flag("bias")) inputs.push_back(c.inputs[next]);
  return {c.out.add("LayerNormalization", inputs, {{"axis", int64_t(-1)}, {"epsilon", float(attrs.real("epsilon"))}})};
}

Names conv2d(const OnnxCall& c) {
  const ir::Attrs& attrs = c.node().attrs;
  return {c.out.add("Conv", c.inputs,
                    {{"strides", attrs.list("strides")},
                     {"pads", attrs.list("padding")},
                     {"dilations", attrs.list("dilations")},
                     {"group", attrs.integer("groups")}})};
}

Names conv1d(const OnnxCall& c) {
  const ir::Attrs& attrs = c.node().attrs;
  return {c.out.add("Conv", c.inputs,
                    {{"strides", std::vector<int64_t>{attrs.integer("stride")}},
                     {"pads", attrs.list("padding")},
                     {"dilations", std::vector<int64_t>{attrs.integer("dilation")}},
                     {"group", attrs.integer("groups")}})};
}

Names causalConv(const OnnxCall& c) {
  OnnxBuilder& o = c.out;
  const int64_t width = c.type(1).shape[0], kernel = c.type(1).shape[1];
  const std::vector<int64_t> order = {0, 2, 1};
  Names inputs = {o.add("Transpose", {c.inputs[0]}, {{"perm", order}}),
                  o.add("Unsqueeze", {c.inputs[1], o.integers({1})})};
  if (c.inputs.size() > 2) inputs.push_back(c.inputs[2]);
  const std::string y = o.add("Conv", inputs, {{"pads", std::vector<int64_t>{kernel - 1, 0}}, {"group", width}});
  return {activated(c, o.add("Transpose", {y}, {{"perm", order}}), activationOf(c))};
}

/// The steps of a scan's body; `names` holds its inputs and receives what they give.
void writeBody(OnnxBuilder& out, const PortableGraph& body, std::map<ir::ValueRef, std::string>& names) {
  const ir::Graph& inner = body.graph();
  for (int i = 0; i < int(inner.nodes.size()); ++i) {
    if (inner.nodes[size_t(i)].op->name == "input") continue;
    OnnxCall call{out, body, i, {}};
    for (const ir::ValueRef& input : inner.nodes[size_t(i)].inputs) call.inputs.push_back(names.at(input));
    const Names results = (*findOnnxForm(inner.nodes[size_t(i)].op->name))(call);
    for (size_t k = 0; k < results.size(); ++k) {
      const ir::ValueRef value{i, int(k)};
      names[value] = results[k];
      out.body().results.push_back({results[k], inner.type(value).dtype, body.dims(value)});
    }
  }
}

/// Step after step, each with its row of the sequences.
Names unrolledScan(const OnnxCall& c, int64_t length) {
  OnnxBuilder& o = c.out;
  const ir::Node& node = c.node();
  const PortableGraph body = c.portable.body(c.self);
  const ir::Graph& inner = body.graph();
  const size_t carries = size_t(node.attrs.integer("carries")), xs = size_t(node.attrs.integer("xs"));
  const bool isReversed = node.attrs.flag("reverse", false);
  Names carried(c.inputs.begin(), c.inputs.begin() + ptrdiff_t(carries));
  std::vector<Names> rows(node.types.size() - carries, Names(size_t(length)));
  for (int64_t i = 0; i < length; ++i) {
    const int64_t t = isReversed ? length - 1 - i : i;
    const std::string at = o.scalar(double(t), DType::I64);
    std::map<ir::ValueRef, std::string> names;
    for (size_t k = 0; k < inner.inputs.size(); ++k)
      names[{inner.inputs[k].node, 0}] = k < carries        ? carried[k]
                                         : k < carries + xs ? o.add("Gather", {c.inputs[k], at})
                                                            : c.inputs[k];
    writeBody(o, body, names);
    for (size_t k = 0; k < inner.outputs.size(); ++k) {
      const std::string& value = names.at(inner.outputs[k].value);
      if (k < carries)
        carried[k] = value;
      else
        rows[k - carries][size_t(t)] = o.add("Unsqueeze", {value, o.integers({0})});
    }
  }
  for (const Names& row : rows) carried.push_back(o.add("Concat", row, {{"axis", int64_t(0)}}));
  return carried;
}

Names scan(const OnnxCall& c) {
  const ir::Node& node = c.node();
  const PortableGraph body = c.portable.body(c.self);
  const ir::Graph& inner = body.graph();
  const int64_t carries = node.attrs.integer("carries"), xs = node.attrs.integer("xs");
  if (const SymbolicSize length = c.portable.sizes(c.self, "length")[0]; c.out.unrollsScans && length.isConstant())
    return unrolledScan(c, length.constant);
  if (xs == 0) throw Error(Code::Graph, "[onnx] a scan without sequences has no form.");
  auto graph = std::make_shared<OnnxBody>();
  graph->name = "step";
  OnnxBuilder out(*graph);
  out.prefix = c.out.freshName("scan") + "_";
  out.unrollsScans = c.out.unrollsScans;
  out.batch = c.out.batch;
  out.time = c.out.time;
  std::map<ir::ValueRef, std::string> names;
  for (size_t i = 0; i < inner.inputs.size(); ++i) {
    const ir::ValueRef value{inner.inputs[i].node, 0};
    if (int64_t(i) >= carries + xs) {
      names[value] = c.inputs[i];
      continue;
    }
    names[value] = out.freshName(int64_t(i) < carries ? "carry" : "x");
    graph->inputs.push_back({names[value], inner.type(value).dtype, body.dims(value)});
  }
  writeBody(out, body, names);
  for (const ir::OutputInfo& output : inner.outputs)
    // Each output has a name of its own, also where it is an input.
    graph->outputs.push_back(
        {out.add("Identity", {names.at(output.value)}), inner.type(output.value).dtype, body.dims(output.value)});
  c.out.usesBatch |= out.usesBatch;
  c.out.usesTime |= out.usesTime;
  Attributes attrs = {{"body", graph}, {"num_scan_inputs", xs}};
  if (node.attrs.flag("reverse", false)) {
    attrs.push_back({"scan_input_directions", std::vector<int64_t>(size_t(xs), 1)});
    const size_t ys = node.types.size() - size_t(carries);
    if (ys > 0) attrs.push_back({"scan_output_directions", std::vector<int64_t>(ys, 1)});
  }
  Names inputs(c.inputs.begin(), c.inputs.begin() + ptrdiff_t(carries + xs));
  c.out.add("Scan", inputs, attrs, int(node.types.size()));
  return c.out.body().nodes.back().outputs;
}

Names oneHot(const OnnxCall& c) {
  OnnxBuilder& o = c.out;
  const int64_t depth = c.node().attrs.integer("depth");
  OnnxTensor values{.dtype = DType::F32, .dims = {2}};
  putNumber(values.bytes, 0.0f);
  putNumber(values.bytes, 1.0f);
  return {
      o.add("OneHot", {c.inputs[0], o.scalar(double(depth), DType::I64), o.constant(values)}, {{"axis", int64_t(-1)}})};
}

Names flip(const OnnxCall& c) {
  const std::vector<int64_t>& axes = c.node().attrs.list("axes");
  const size_t n = axes.size();
  OnnxBuilder& o = c.out;
  return {o.add("Slice", {c.inputs[0], o.integers(std::vector<int64_t>(n, -1)),
                          o.integers(std::vector<int64_t>(n, std::numeric_limits<int64_t>::min())), o.integers(axes),
                          o.integers(std::vector<int64_t>(n, -1))})};
}

int64_t axisOf(const OnnxCall& c) { return c.node().attrs.integer("axis"); }

const std::map<std::string, OnnxForm>& forms() {
  static const std::map<std::string, OnnxForm> table = [] {
    std::map<std::string, OnnxForm> all;
    const std::pair<const char*, const char*> same[] = {{"add", "Add"},
                                                        {"sub", "Sub"},
                                                        {"mul", "Mul"},
                                                        {"div", "Div"},
                                                        {"neg", "Neg"},
                                                        {"pow", "Pow"},
                                                        {"maximum", "Max"},
                                                        {"minimum", "Min"},
                                                        {"equal", "Equal"},
                                                        {"less", "Less"},
                                                        {"less_equal", "LessOrEqual"},
                                                        {"greater", "Greater"},
                                                        {"greater_equal", "GreaterOrEqual"},
                                                        {"logical_and", "And"},
                                                        {"logical_or", "Or"},
                                                        {"logical_not", "Not"},
                                                        {"where", "Where"},
                                                        {"abs", "Abs"},
                                                        {"sign", "Sign"},
                                                        {"floor", "Floor"},
                                                        {"round", "Round"},
                                                        {"sqrt", "Sqrt"},
                                                        {"reciprocal", "Reciprocal"},
                                                        {"exp", "Exp"},
                                                        {"log", "Log"},
                                                        {"sin", "Sin"},
                                                        {"cos", "Cos"},
                                                        {"erf", "Erf"},
                                                        {"tanh", "Tanh"},
                                                        {"sigmoid", "Sigmoid"},
                                                        {"relu", "Relu"},
                                                        {"softplus", "Softplus"},
                                                        {"stop_gradient", "Identity"}};
    for (const auto& [op, name] : same) {
      const std::string onnx = name;
      all[op] = [onnx](const OnnxCall& c) -> Names { return {c.out.add(onnx, c.inputs)}; };
    }
    for (const char* op : {"gelu", "gelu_tanh", "silu", "squared_relu"}) {
      const std::string activation = op;
      all[op] = [activation](const OnnxCall& c) -> Names { return {activated(c, c.inputs[0], activation)}; };
    }
    const std::pair<const char*, const char*> reductions[] = {{"sum", "ReduceSum"},
                                                              {"mean", "ReduceMean"},
                                                              {"max", "ReduceMax"},
                                                              {"min", "ReduceMin"},
                                                              {"prod", "ReduceProd"}};
    for (const auto& [op, name] : reductions) {
      const std::string onnx = name;
      all[op] = [onnx](const OnnxCall& c) { return reduce(c, onnx); };
    }
    all["square"] = [](const OnnxCall& c) -> Names { return {c.out.add("Mul", {c.inputs[0], c.inputs[0]})}; };
    all["rsqrt"] = [](const OnnxCall& c) -> Names { return {c.out.add("Reciprocal", {c.out.add("Sqrt", c.inputs)})}; };
    all["log1p"] = [](const OnnxCall& c) -> Names {
      return {c.out.add("Log", {c.out.add("Add", {c.inputs[0], c.out.scalar(1, DType::F32)})})};
    };
    all["not_equal"] = [](const OnnxCall& c) -> Names { return {c.out.add("Not", {c.out.add("Equal", c.inputs)})}; };
    all["clamp"] = [](const OnnxCall& c) -> Names {
      return {c.out.add("Clip", {c.inputs[0], c.out.scalar(c.node().attrs.real("low"), c.type(0).dtype),
                                 c.out.scalar(c.node().attrs.real("high"), c.type(0).dtype)})};
    };
    all["cast"] = [](const OnnxCall& c) -> Names {
      return {c.out.add("Cast", c.inputs, {{"to", int64_t(onnxType(c.node().types[0].dtype))}})};
    };
    all["straight_through"] = [](const OnnxCall& c) -> Names { return {c.out.add("Identity", {c.inputs[0]})}; };
    all["reshape"] = reshape;
    all["transpose"] = [](const OnnxCall& c) -> Names {
      return {c.out.add("Transpose", c.inputs, {{"perm", c.node().attrs.list("permutation")}})};
    };
    all["broadcast_to"] = [](const OnnxCall& c) -> Names {
      return {c.out.add("Expand", {c.inputs[0], c.out.sizes(c.portable.sizes(c.self, "shape"))})};
    };
    all["slice"] = slice;
    all["pad"] = pad;
    all["flip"] = flip;
    all["concat"] = [](const OnnxCall& c) -> Names { return {c.out.add("Concat", c.inputs, {{"axis", axisOf(c)}})}; };
    all["take"] = [](const OnnxCall& c) -> Names { return {c.out.add("Gather", c.inputs, {{"axis", axisOf(c)}})}; };
    all["gather"] = [](const OnnxCall& c) -> Names {
      return {c.out.add("GatherElements", c.inputs, {{"axis", axisOf(c)}})};
    };
    all["scatter_add"] = [](const OnnxCall& c) -> Names {
      return {c.out.add("ScatterElements", c.inputs, {{"axis", axisOf(c)}, {"reduction", std::string("add")}})};
    };
    all["embedding"] = [](const OnnxCall& c) -> Names {
      return {c.out.add("Gather", c.inputs, {{"axis", int64_t(0)}})};
    };
    all["one_hot"] = oneHot;
    all["constant"] = constant;
    all["iota"] = iota;
    all["argmax"] = [](const OnnxCall& c) -> Names {
      return {c.out.add("ArgMax", c.inputs, {{"axis", axisOf(c)}, {"keepdims", int64_t(0)}})};
    };
    all["top_k"] = [](const OnnxCall& c) -> Names {
      c.out.add("TopK", {c.inputs[0], c.out.integers({c.node().attrs.integer("k")})}, {{"axis", int64_t(-1)}}, 2);
      return c.out.body().nodes.back().outputs;
    };
    all["softmax"] = [](const OnnxCall& c) -> Names {
      return {c.out.add("Softmax", c.inputs, {{"axis", int64_t(-1)}})};
    };
    all["log_softmax"] = [](const OnnxCall& c) -> Names {
      return {c.out.add("LogSoftmax", c.inputs, {{"axis", int64_t(-1)}})};
    };
    all["cumulative_sum"] = [](const OnnxCall& c) -> Names {
      const ir::Attrs& attrs = c.node().attrs;
      return {c.out.add("CumSum", {c.inputs[0], c.out.scalar(double(axisOf(c)), DType::I64)},
                        {{"exclusive", int64_t(attrs.flag("exclusive", false))},
                         {"reverse", int64_t(attrs.flag("reverse", false))}})};
    };
    all["layer_norm"] = layerNorm;
    all["matmul"] = matmul;
    all["rotary"] = rotary;
    all["causal_conv1d"] = causalConv;
    all["conv1d"] = conv1d;
    all["conv2d"] = conv2d;
    all["scan"] = scan;
    return all;
  }();
  return table;
}

}  // namespace

const OnnxForm* findOnnxForm(const std::string& op) {
  const auto at = forms().find(op);
  return at == forms().end() ? nullptr : &at->second;
}

bool hasOnnxForm(const ir::Graph& graph, const ir::Node& node) {
  const std::string& op = node.op->name;
  if (!findOnnxForm(op)) return false;
  const ir::Attrs& attrs = node.attrs;
  if (op == "causal_conv1d" && (attrs.flag("reverse", false) || attrs.flag("history", false))) return false;
  if (op == "pad" && attrs.has("interior"))
    for (const int64_t between : attrs.list("interior"))
      if (between != 0) return false;
  if (op == "rotary" && attrs.reals("frequencies").empty()) return false;
  if (op == "matmul" && attrs.flag("keep", false)) return false;
  if (op == "layer_norm" && graph.type(node.inputs[0]).shape[-1] > 65536) return false;
  return true;
}

}  // namespace fw
