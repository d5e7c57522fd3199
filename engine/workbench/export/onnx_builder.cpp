// Appends ONNX nodes to a body: constants, and sizes that follow batch and time.
#include "engine/workbench/export/onnx_forms.h"

#include "engine/base/error.h"

namespace fw {
namespace {

using Names = std::vector<std::string>;
using Attributes = std::vector<std::pair<std::string, OnnxAttr>>;

}  // namespace

int onnxType(DType dtype) {
  switch (dtype) {
    case DType::F32:
      return 1;
    case DType::I8:
      return 3;
    case DType::I32:
      return 6;
    case DType::I64:
      return 7;
    case DType::Bool:
      return 9;
    case DType::F16:
      return 10;
    case DType::BF16:
      return 16;
  }
  return 0;
}

std::string OnnxBuilder::freshName(const std::string& wish) { return prefix + wish + "_" + std::to_string(next_++); }

std::string OnnxBuilder::add(const std::string& op, Names inputs, Attributes attrs, int outputs,
                             const std::string& domain) {
  OnnxNode node{.op = op, .domain = domain, .inputs = std::move(inputs), .attrs = std::move(attrs)};
  for (int i = 0; i < outputs; ++i) node.outputs.push_back(freshName(op));
  body_.nodes.push_back(node);
  return node.outputs[0];
}

std::string OnnxBuilder::constant(OnnxTensor tensor) { return add("Constant", {}, {{"value", std::move(tensor)}}); }

std::string OnnxBuilder::floats(const std::vector<double>& values, const std::vector<int64_t>& dims) {
  OnnxTensor tensor{.dtype = DType::F32, .dims = dims};
  for (const double value : values) putNumber(tensor.bytes, float(value));
  return constant(std::move(tensor));
}

std::string OnnxBuilder::scalar(double value, DType dtype) {
  OnnxTensor tensor{.dtype = dtype};
  if (dtype == DType::F32) putNumber(tensor.bytes, float(value));
  if (dtype == DType::I64) putNumber(tensor.bytes, int64_t(value));
  if (dtype == DType::I32) putNumber(tensor.bytes, int32_t(value));
  if (dtype == DType::Bool) putNumber(tensor.bytes, uint8_t(value != 0));
  if (tensor.bytes.empty()) throw Error(Code::Graph, text("[onnx] there is no constant of type ", name(dtype), "."));
  return constant(std::move(tensor));
}

std::string OnnxBuilder::integers(const std::vector<int64_t>& values) {
  OnnxTensor tensor{.dtype = DType::I64, .dims = {int64_t(values.size())}};
  for (const int64_t value : values) putNumber(tensor.bytes, value);
  return constant(std::move(tensor));
}

std::string OnnxBuilder::size(const SymbolicSize& s) {
  usesBatch |= s.batch != 0 || s.both != 0;
  usesTime |= s.time != 0 || s.both != 0;
  std::string total;
  const auto term = [&](int64_t factor, const std::string& value) {
    if (factor == 0) return;
    const std::string part = factor == 1 ? value : add("Mul", {value, integers({factor})});
    total = total.empty() ? part : add("Add", {total, part});
  };
  if (s.both != 0) term(s.both, add("Mul", {batch, time}));
  term(s.batch, batch);
  term(s.time, time);
  if (s.constant != 0 || total.empty()) {
    const std::string part = integers({s.constant});
    total = total.empty() ? part : add("Add", {total, part});
  }
  return s.divisor == 1 ? total : add("Div", {total, integers({s.divisor})});
}

std::string OnnxBuilder::sizes(const SymbolicSizes& sizes) {
  Names parts;
  std::vector<int64_t> known;
  const auto flush = [&] {
    if (!known.empty()) parts.push_back(integers(known));
    known.clear();
  };
  for (const SymbolicSize& one : sizes) {
    if (one.isConstant()) {
      known.push_back(one.constant / one.divisor);
      continue;
    }
    flush();
    parts.push_back(size(one));
  }
  if (parts.empty()) return integers(known);
  flush();
  return parts.size() == 1 ? parts[0] : add("Concat", parts, {{"axis", int64_t(0)}});
}

}  // namespace fw
