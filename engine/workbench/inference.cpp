// Weights on their way into the memory of a device, and graphs made ready for them.
#include "engine/workbench/inference.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/exec/compact_weights.h"
#include "engine/exec/optimize.h"
#include "engine/io/mapped_file.h"

namespace fw {

Tensor converted(const Tensor& from, DType dtype, const std::string& place) {
  if (from.dtype == dtype) return from;
  Tensor to = Tensor::make(dtype, from.shape);
  const bool isShortFloat = from.dtype == DType::BF16 || from.dtype == DType::F16;
  if (isShortFloat && dtype == DType::F32) {
    const uint16_t* bits = from.data<uint16_t>();
    float* values = to.data<float>();
    const int64_t count = from.count();
    if (from.dtype == DType::BF16)
      for (int64_t i = 0; i < count; ++i) values[i] = bfloatToFloat(bits[i]);
    else
      for (int64_t i = 0; i < count; ++i) values[i] = halfToFloat(bits[i]);
    return to;
  }
  const std::vector<double> values = from.toDoubles();
  for (size_t i = 0; i < values.size(); ++i) {
    if (dtype == DType::F32) {
      to.data<float>()[i] = float(values[i]);
    } else if (dtype == DType::I64) {
      if (!(std::abs(values[i]) < 0x1p53) || values[i] != std::floor(values[i]))
        throw Error(Code::Data, text("[", place, "] ", values[i], " at element ", i, " is no whole number."));
      to.data<int64_t>()[i] = int64_t(values[i]);
    } else if (dtype == DType::BF16) {
      to.data<uint16_t>()[i] = floatToBfloat(float(values[i]));
    } else {
      throw Error(Code::Type, text("[", place, "] ", name(from.dtype), " cannot become ", name(dtype), "."));
    }
  }
  return to;
}

namespace {

void expectShape(const Tensor& tensor, const ir::TensorType& type, const std::string& name) {
  if (!(type.shape == tensor.shape))
    throw Error(Code::Data, text("[", name, "] the weights have ", tensor.shape, "; expected ", type.shape, "."));
}

Tensor fitted(const Tensor& tensor, const ir::TensorType& type, const std::string& name) {
  expectShape(tensor, type, name);
  return converted(tensor, type.dtype, name);
}

/// The weight, and the scale of one that becomes int8. Pages of a file that have been converted are given back.
void loadWeight(const std::string& name, const Tensor& tensor, const ir::TensorType& type, Store& store) {
  expectShape(tensor, type, name);
  if (type.dtype == DType::I8 && tensor.dtype != DType::I8) {
    const QuantisedRows rows = quantisedRows(isFloat(tensor.dtype) ? tensor : converted(tensor, DType::F32, name), name,
                                             store.backend().threads());
    store.share(name, rows.values);
    store.share(scaleName(name), rows.scale);
  } else {
    store.share(name, converted(tensor, type.dtype, name));
  }
  if (tensor.dtype != type.dtype) releasePages(tensor.memory.get(), tensor.bytes());
}

/// The dtype in which a weight lies where a graph can read it so.
DType dtypeIn(WeightFormat format, const std::string& name, const std::map<std::string, Tensor>& given,
              const Backend& backend) {
  switch (format) {
    case WeightFormat::BF16:
      return DType::BF16;
    case WeightFormat::I8:
      return DType::I8;
    case WeightFormat::Stored: {
      // A GPU widens the whole weight for each product.
      const auto at = given.find(name);
      const bool isShort = at != given.end() && isFloat(at->second.dtype) && backend.usesHostMemory();
      return isShort ? at->second.dtype : DType::F32;
    }
    default:
      return DType::F32;
  }
}

std::map<std::string, Tensor> initialWeights(const ir::Graph& graph, uint64_t seed) {
  const std::unique_ptr<Backend> backend = makeBackend("cpu");
  Store store(*backend);
  initializeParameters(graph, seed, store);
  std::map<std::string, Tensor> weights;
  for (const ir::ParameterInfo& parameter : graph.parameters) weights[parameter.name] = store.get(parameter.name);
  return weights;
}

/// Those of `given` that the graph has; others are parts of the model that it does not use.
void loadThose(const ir::Graph& graph, const std::map<std::string, Tensor>& given, Store& store) {
  for (const ir::ParameterInfo& parameter : graph.parameters)
    if (const auto at = given.find(parameter.name); at != given.end())
      loadWeight(parameter.name, at->second, graph.type({parameter.node, 0}), store);
}

void expectAll(const ir::Graph& graph, const std::map<std::string, Tensor>& given) {
  std::string missing;
  for (const ir::ParameterInfo& parameter : graph.parameters)
    if (!given.contains(parameter.name)) missing += (missing.empty() ? "" : ", ") + parameter.name;
  if (!missing.empty())
    throw Error(Code::Data,
                text("[weights] no tensor for ", missing.size() > 200 ? missing.substr(0, 200) + "..." : missing, "."));
}

}  // namespace

void replaceWeights(const std::map<std::string, Tensor>& given, Store& store) {
  for (const auto& [name, tensor] : given) {
    if (!store.has(name)) continue;
    const ir::TensorType type = store.type(name);
    store.set(name, fitted(tensor, type, name));
  }
}

void loadWeights(const ir::Graph& graph, const std::map<std::string, Tensor>& given, uint64_t seed, Store& store) {
  if (given.empty()) return initializeParameters(graph, seed, store);
  loadThose(graph, given, store);
  expectAll(graph, given);
}

std::map<std::string, Tensor> weightsFor(const Architecture& architecture, const std::map<std::string, Tensor>& given) {
  const auto graph = lowerOrThrow(architecture, catalog(),
                                  {.mode = Mode::Prefill, .dims = {{"B", smallestBatch(architecture)}, {"T", 1}}});
  expectAll(*graph, given);
  std::map<std::string, Tensor> weights;
  for (const ir::ParameterInfo& parameter : graph->parameters) {
    const Tensor& tensor = given.at(parameter.name);
    expectShape(tensor, graph->type({parameter.node, 0}), parameter.name);
    weights[parameter.name] = tensor;
  }
  return weights;
}

std::map<std::string, Tensor> startingWeights(const Architecture& architecture, uint64_t seed) {
  return initialWeights(*lowerOrThrow(architecture, catalog(),
                                      {.mode = Mode::Prefill, .dims = {{"B", smallestBatch(architecture)}, {"T", 1}}}),
                        seed);
}

std::shared_ptr<const Plan> planForInference(const ir::Graph& graph, const std::map<std::string, Tensor>& given,
                                             uint64_t seed, WeightFormat format, Store& store) {
  const Backend& backend = store.backend();
  const auto ready =
      std::make_shared<const ir::Graph>(withCompactWeights(optimized(graph), [&](const ir::ParameterInfo& parameter) {
        return dtypeIn(format, parameter.name, given, backend);
      }));
  auto plan = std::make_shared<const Plan>(makePlan(ready, planOptions(backend)));
  const bool isCompact = format == WeightFormat::BF16 || format == WeightFormat::I8;
  if (given.empty() && !isCompact) {
    loadWeights(graph, given, seed, store);
    return plan;
  }
  const std::map<std::string, Tensor> made =
      given.empty() ? initialWeights(graph, seed) : std::map<std::string, Tensor>();
  const std::map<std::string, Tensor>& weights = given.empty() ? made : given;
  loadThose(*ready, weights, store);
  expectAll(graph, weights);
  return plan;
}

}  // namespace fw
