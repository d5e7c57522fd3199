// Weights that stay in few bytes: the rewrite of a graph, and rows as int8.
#include "engine/exec/compact_weights.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "engine/base/error.h"
#include "engine/exec/rewriter.h"
#include "engine/ir/op.h"
#include "engine/ops/activation.h"
#include "engine/ops/compact_linear.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/embedding.h"
#include "engine/ops/reshape.h"
#include "engine/ops/take.h"
#include "kernels/cast.h"
#include "kernels/launch.h"

namespace fw {
namespace {

/// Whether the node can read a parameter in few bytes.
bool accepts(const ir::Node& node, int parameter) {
  const auto reads = std::count_if(node.inputs.begin(), node.inputs.end(),
                                   [&](const ir::ValueRef& input) { return input.node == parameter; });
  if (reads != 1) return false;
  if (node.op->name == "routed_experts") return node.inputs[0].node != parameter && node.inputs[1].node != parameter;
  if (node.op->name == "embedding") return node.inputs[0].node == parameter;
  return node.op->name == "matmul" && node.inputs[1].node == parameter && node.attrs.flag("transpose_b", false) &&
         !node.attrs.flag("transpose_a", false) && !node.attrs.flag("keep", false);
}

/// Products that were made one step, each alone again where one of their weights shall be compact.
ir::Graph withSingleProducts(const ir::Graph& graph, const std::function<DType(const ir::ParameterInfo&)>& dtypeOf) {
  std::set<int> compact;
  for (const ir::ParameterInfo& parameter : graph.parameters)
    if (graph.type({parameter.node, 0}).shape.rank() == 2 && dtypeOf(parameter) != DType::F32)
      compact.insert(parameter.node);
  Rewriter rewriter(graph);
  return rewriter.run([&](int i) {
    const ir::Node& node = graph.nodes[size_t(i)];
    if (node.op->name != "matmul_group") return false;
    if (std::none_of(node.inputs.begin(), node.inputs.end(),
                     [&](const ir::ValueRef& input) { return compact.contains(input.node); }))
      return false;
    const std::vector<ir::Value> inputs = rewriter.at(node.inputs);
    rewriter.set(i, node.op->decompose(DecomposeCall{rewriter.builder(), inputs, node.attrs}));
    return true;
  });
}

/// The graph with parameters of their new types, in which the nodes that read them do not fit yet.
struct Compaction {
  ir::Graph graph;
  std::set<int> parameters;  // nodes of those with a new type
};

Compaction withNewTypes(const ir::Graph& graph, const std::function<DType(const ir::ParameterInfo&)>& dtypeOf) {
  Compaction to{graph, {}};
  const std::vector<std::vector<int>> users = graph.users();
  std::set<int> seen;  // from outside, as they are
  for (const ir::OutputInfo& output : graph.outputs) seen.insert(output.value.node);
  for (const ir::ProbeInfo& probe : graph.probes) seen.insert(probe.value.node);
  for (const ir::ParameterInfo& parameter : graph.parameters) {
    const ir::TensorType& type = graph.type({parameter.node, 0});
    const std::vector<int>& readers = users[size_t(parameter.node)];
    if (type.dtype != DType::F32 || type.shape.rank() != 2 || readers.empty() || seen.contains(parameter.node))
      continue;
    if (!std::all_of(readers.begin(), readers.end(),
                     [&](int user) { return accepts(graph.nodes[size_t(user)], parameter.node); }))
      continue;
    const DType dtype = dtypeOf(parameter);
    if (dtype == DType::F32) continue;
    to.graph.nodes[size_t(parameter.node)].types[0].dtype = dtype;
    to.parameters.insert(parameter.node);
  }
  return to;
}

/// The scale of an i8 parameter, made where it is read first.
class Scales {
 public:
  Scales(const ir::Graph& graph, ir::Builder& builder) : builder_(builder) {
    for (const ir::ParameterInfo& parameter : graph.parameters) names_[parameter.node] = parameter.name;
  }

  ir::Value of(int parameter, ir::Value weight) {
    if (weight.dtype() != DType::I8) return {};
    const auto [at, isNew] = made_.emplace(parameter, ir::Value());
    if (!isNew) return at->second;
    const std::string name = scaleName(names_.at(parameter));
    at->second = builder_.parameter(name, {DType::F32, Shape{weight.size(0)}});
    builder_.parameterInfo(name).isTrainable = false;
    return at->second;
  }

 private:
  ir::Builder& builder_;
  std::map<int, std::string> names_;
  std::map<int, ir::Value> made_;
};

ir::Value rowsOf(ir::Value table, ir::Value scale, ir::Value tokens) {
  const ir::Value rows = ir::cast(ir::embedding(table, tokens), DType::F32);
  if (!scale.isValid()) return rows;
  Shape shape = tokens.shape();
  shape.append(1);
  return rows * ir::reshape(ir::take(scale, tokens), shape);
}

/// matmul's inputs: x, weight, bias, addend, the last two of which may be absent.
ir::Value productOf(const std::vector<ir::Value>& inputs, ir::Value scale, const ir::Attrs& attrs) {
  const bool hasAddend = attrs.flag("accumulate", false), hasBias = inputs.size() > 2 + size_t(hasAddend);
  return ir::compactLinear(inputs[0], inputs[1],
                           {.scale = scale,
                            .bias = hasBias ? inputs[2] : ir::Value(),
                            .addend = hasAddend ? inputs.back() : ir::Value(),
                            .activation = activationName(attrs)});
}

/// routed_experts' inputs with the scales that have come.
ir::Value expertsOf(ir::Builder& builder, const ir::Node& node, const std::vector<ir::Value>& inputs, Scales& scales) {
  std::vector<ir::Value> all;
  for (size_t i = 0; i < inputs.size(); ++i) {
    all.push_back(inputs[i]);
    const ir::Value scale = i < 2 ? ir::Value() : scales.of(node.inputs[i].node, inputs[i]);
    if (scale.isValid()) all.push_back(scale);
  }
  return builder.op("routed_experts", all, node.attrs);
}

}  // namespace

std::string scaleName(const std::string& weight) { return weight + "/scale"; }

ir::Graph withCompactWeights(const ir::Graph& graph, const std::function<DType(const ir::ParameterInfo&)>& dtypeOf) {
  const Compaction compaction = withNewTypes(withSingleProducts(graph, dtypeOf), dtypeOf);
  if (compaction.parameters.empty()) return graph;
  Rewriter rewriter(compaction.graph);
  Scales scales(compaction.graph, rewriter.builder());
  return rewriter.run([&](int i) {
    const ir::Node& node = compaction.graph.nodes[size_t(i)];
    const bool isEmbedding = node.op->name == "embedding";
    if (node.op->name == "routed_experts") {
      rewriter.set(i, {expertsOf(rewriter.builder(), node, rewriter.at(node.inputs), scales)});
      return true;
    }
    if (!isEmbedding && node.op->name != "matmul") return false;
    const int weight = node.inputs[isEmbedding ? 0 : 1].node;
    if (!compaction.parameters.contains(weight)) return false;
    const std::vector<ir::Value> inputs = rewriter.at(node.inputs);
    const ir::Value scale = scales.of(weight, inputs[isEmbedding ? 0 : 1]);
    rewriter.set(i, {isEmbedding ? rowsOf(inputs[0], scale, inputs[1]) : productOf(inputs, scale, node.attrs)});
    return true;
  });
}

QuantisedRows quantisedRows(const Tensor& x, const std::string& name, int threads) {
  const int64_t rows = x.shape[0], columns = x.shape[1];
  QuantisedRows result{Tensor::make(DType::I8, x.shape), Tensor::make(DType::F32, Shape{rows})};
  std::atomic<int64_t> stray = INT64_MAX;  // the first element that is not finite
  kernels::parallelFor({threads}, rows, 16, [&](int64_t begin, int64_t end) {
    std::vector<float> row(static_cast<size_t>(columns));
    for (int64_t r = begin; r < end; ++r) {
      kernels::cpu::toF32(kernels::Element(int(x.dtype)), x.memory.get() + r * columns * byteSize(x.dtype), row.data(),
                          columns);
      const auto strange = std::find_if(row.begin(), row.end(), [](float value) { return !std::isfinite(value); });
      if (strange != row.end()) {
        int64_t first = stray;
        const int64_t at = r * columns + (strange - row.begin());
        while (at < first && !stray.compare_exchange_weak(first, at)) {
        }
        return;
      }
      float largest = 0;
      for (const float value : row) largest = std::max(largest, std::fabs(value));
      const float scale = largest < 1e-35f ? 0 : largest / 127, inverse = scale == 0 ? 0 : 1 / scale;
      result.scale.data<float>()[r] = scale;
      int8_t* to = result.values.data<int8_t>() + r * columns;
      for (int64_t c = 0; c < columns; ++c)
        to[c] = int8_t(std::clamp(std::nearbyint(row[size_t(c)] * inverse), -127.0f, 127.0f));
    }
  });
  if (stray != INT64_MAX)
    throw Error(Code::Numeric, text("[", name, "] element ", stray.load(),
                                    " of the weights is no number that int8 can hold; expected finite weights."));
  return result;
}

}  // namespace fw
