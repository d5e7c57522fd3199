// Running models: weights, one pass, token by token, and on the clock.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <sstream>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/ir/op.h"
#include "engine/ir/passes.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

std::shared_ptr<const Plan> planOn(const Backend& backend, ir::Graph graph) {
  return std::make_shared<const Plan>(
      makePlan(std::make_shared<const ir::Graph>(std::move(graph)), planOptions(backend)));
}

/// Globs: '*' is any text, '?' any character.
bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*')
    return matches(pattern.substr(1), name) || (!name.empty() && matches(pattern, name.substr(1)));
  return !name.empty() && (pattern.front() == '?' || pattern.front() == name.front()) &&
         matches(pattern.substr(1), name.substr(1));
}

Error noProbe(const std::string& pattern, const std::vector<ir::ProbeInfo>& probes) {
  std::string known;
  for (size_t i = 0; i < probes.size() && i < 12; ++i) known += (i ? ", " : "") + probes[i].name;
  return Error(Code::Usage,
               text("no probe is called '", pattern, "'; there ",
                    probes.empty() ? "are none" : "are: " + known + (probes.size() > 12 ? ", ..." : ""), "."));
}

/// B and T of the inputs that a model declares, from tensors: the letters of each root input's dims meet its sizes.
/// Sizes that disagree are found when the inputs are set.
std::map<std::string, int64_t> dimsOf(const Architecture& architecture, const std::map<std::string, Tensor>& inputs) {
  std::map<std::string, int64_t> dims;
  for (const auto& [id, node] : architecture.root->nodes) {
    if (node->block != kInBlock) continue;
    const auto given = inputs.find(node->name);
    if (given == inputs.end())
      throw Error(Code::Data, text("[", node->name, "] the input file has no array of this name."));
    const std::string declared =
        std::get<std::string>(paramValue(*node, *catalog().find(kInBlock), "dims", architecture.variables));
    std::istringstream in(declared);
    const std::vector<std::string> words{std::istream_iterator<std::string>(in), {}};
    const Shape& shape = given->second.shape;
    if (shape.rank() != int(words.size()))
      throw Error(Code::Data, text("[", node->name, "] the array is ", shape, "; expected ", words.size(),
                                   " dimensions, ", declared, "."));
    for (size_t axis = 0; axis < words.size(); ++axis) dims.emplace(words[axis], shape[int(axis)]);
  }
  return dims;
}

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
    } else {
      throw Error(Code::Type, text("[", place, "] ", name(from.dtype), " cannot become ", name(dtype), "."));
    }
  }
  return to;
}

Tensor fitted(const Tensor& tensor, const ir::TensorType& type, const std::string& name) {
  if (!(type.shape == tensor.shape))
    throw Error(Code::Data, text("[", name, "] the weights have ", tensor.shape, "; expected ", type.shape, "."));
  return converted(tensor, type.dtype, name);
}

void fillRandomInputs(const ir::Graph& graph, Executor& executor, int64_t vocabulary) {
  Rng rng(5);
  for (const ir::InputInfo& input : graph.inputs) {
    const ir::TensorType& type = graph.type({input.node, 0});
    Tensor value = Tensor::make(type.dtype, type.shape);
    std::fill_n(value.memory.get(), value.bytes(), std::byte(0));
    const bool isState = input.name.starts_with("state/") || input.name == "position" || input.name == "seed";
    if (!isState)
      for (int64_t i = 0; i < value.count(); ++i) {
        if (type.dtype == DType::I64) value.data<int64_t>()[i] = rng.below(vocabulary);
        if (type.dtype == DType::F32) value.data<float>()[i] = float(rng.normal());
      }
    executor.setInput(input.name, value);
  }
}

/// The least row count of the tables that tokens index: every id below it is valid.
int64_t vocabularyOf(const ir::Graph& graph) {
  int64_t least = int64_t(1) << 40;
  for (const ir::ParameterInfo& parameter : graph.parameters)
    if (parameter.role == "embedding") least = std::min(least, graph.type({parameter.node, 0}).shape[0]);
  return least == int64_t(1) << 40 ? 2 : least;
}

}  // namespace

void replaceWeights(const std::map<std::string, Tensor>& given, Store& store) {
  for (const auto& [name, tensor] : given) {
    if (!store.has(name)) continue;
    const ir::TensorType type = store.type(name);
    store.set(name, fitted(tensor, type, name));
  }
}

namespace {

/// Throws Code::Data where a parameter has no tensor.
void requireAll(const ir::Graph& graph, const std::map<std::string, Tensor>& given) {
  std::string missing;
  for (const ir::ParameterInfo& parameter : graph.parameters)
    if (!given.contains(parameter.name)) missing += (missing.empty() ? "" : ", ") + parameter.name;
  if (!missing.empty())
    throw Error(Code::Data,
                text("[weights] no tensor for ", missing.size() > 200 ? missing.substr(0, 200) + "..." : missing, "."));
}

}  // namespace

void loadWeights(const ir::Graph& graph, const std::map<std::string, Tensor>& given, uint64_t seed, Store& store) {
  for (const auto& [name, tensor] : given) {
    const ir::ParameterInfo* parameter = graph.findParameter(name);
    if (!parameter) continue;  // a part of the model that this graph does not use
    const ir::TensorType type = graph.type({parameter->node, 0});
    store.share(name, fitted(tensor, type, name));
  }
  if (!given.empty()) requireAll(graph, given);
  if (given.empty()) initializeParameters(graph, seed, store);
}

std::map<std::string, Tensor> weightsFor(const Architecture& architecture, const std::map<std::string, Tensor>& given) {
  const auto graph = lowerOrThrow(architecture, catalog(),
                                  {.mode = Mode::Prefill, .dims = {{"B", smallestBatch(architecture)}, {"T", 1}}});
  requireAll(*graph, given);
  std::map<std::string, Tensor> weights;
  for (const ir::ParameterInfo& parameter : graph->parameters) {
    const Tensor& tensor = given.at(parameter.name);
    if (const Shape& shape = graph->type({parameter.node, 0}).shape; !(shape == tensor.shape))
      throw Error(Code::Data,
                  text("[", parameter.name, "] the weights have ", tensor.shape, "; expected ", shape, "."));
    weights[parameter.name] = tensor;
  }
  return weights;
}

std::map<std::string, Tensor> startingWeights(const Architecture& architecture, uint64_t seed) {
  const auto graph = lowerOrThrow(architecture, catalog(),
                                  {.mode = Mode::Prefill, .dims = {{"B", smallestBatch(architecture)}, {"T", 1}}});
  const std::unique_ptr<Backend> backend = makeBackend("cpu");
  Store store(*backend);
  initializeParameters(*graph, seed, store);
  std::map<std::string, Tensor> weights;
  for (const ir::ParameterInfo& parameter : graph->parameters) weights[parameter.name] = store.get(parameter.name);
  return weights;
}

namespace {

/// -1 where all elements are finite.
int64_t firstNonFinite(const Tensor& tensor) {
  if (!isFloat(tensor.dtype)) return -1;
  for (int64_t i = 0; i < tensor.count(); ++i) {
    const float value = tensor.dtype == DType::F32    ? tensor.data<float>()[i]
                        : tensor.dtype == DType::BF16 ? bfloatToFloat(tensor.data<uint16_t>()[i])
                                                      : halfToFloat(tensor.data<uint16_t>()[i]);
    if (!std::isfinite(value)) return i;
  }
  return -1;
}

/// Where outputs are no numbers because weights are none, says which; other outputs that are none are results.
void explainNonFinite(const std::map<std::string, Tensor>& outputs, const std::map<std::string, Tensor>& weights) {
  if (std::all_of(outputs.begin(), outputs.end(), [](const auto& of) { return firstNonFinite(of.second) < 0; })) return;
  for (const auto& [name, tensor] : weights)
    if (const int64_t at = firstNonFinite(tensor); at >= 0)
      throw Error(Code::Numeric, text("[", name, "] element ", at, " of the weights is ", tensor.toFloats()[size_t(at)],
                                      ", so the outputs are no numbers; expected finite weights."));
}

}  // namespace

std::map<std::string, Tensor> run(const Architecture& architecture, const RunOptions& options,
                                  const CancelToken& cancel, const Progress& progress) {
  LowerOptions lowering{.mode = Mode::Prefill, .dims = dimsOf(architecture, options.inputs)};
  ir::Graph graph = *lowerOrThrow(architecture, catalog(), lowering);
  if (!options.record.empty()) {
    const auto isWanted = [&](const ir::ProbeInfo& probe) { return matches(options.record, probe.name); };
    if (std::none_of(graph.probes.begin(), graph.probes.end(), isWanted)) throw noProbe(options.record, graph.probes);
    graph = ir::withProbes(graph, isWanted);
  }
  const std::unique_ptr<Backend> backend = makeBackend(options.device);
  const std::shared_ptr<const Plan> plan = planOn(*backend, optimized(graph));
  Store store(*backend);
  loadWeights(graph, options.weights, options.seed, store);
  Executor executor(plan, store);
  for (const ir::InputInfo& input : executor.plan().graph->inputs) {
    const auto given = options.inputs.find(input.name);
    if (given == options.inputs.end())
      throw Error(Code::Data, text("[", input.name, "] the input file has no array of this name."));
    const DType dtype = graph.type({graph.findInput(input.name)->node, 0}).dtype;
    executor.setInput(input.name, converted(given->second, dtype, input.name));
  }
  executor.run(cancel, progress);
  std::map<std::string, Tensor> outputs;
  for (const ir::OutputInfo& output : executor.plan().graph->outputs)
    outputs[output.name] = executor.output(output.name);
  explainNonFinite(outputs, options.weights);
  return outputs;
}

std::vector<int64_t> generate(const Architecture& architecture, const std::map<std::string, Tensor>& weights,
                              const GenerateOptions& options, const std::function<bool(int64_t)>& onToken,
                              const CancelToken& cancel) {
  if (options.prompt.empty()) throw Error(Code::Usage, "[generate] the prompt is empty.");
  if (!(options.temperature >= 0))
    throw Error(Code::Usage, text("[generate] the temperature is ", options.temperature, "; expected at least 0."));
  const int64_t length = int64_t(options.prompt.size()) + options.tokens;
  const std::shared_ptr<const ir::Graph> graph = lowerOrThrow(
      architecture, catalog(), {.mode = Mode::Decode, .dims = {{"B", 1}, {"T", 1}}, .cacheLength = length});
  const std::unique_ptr<Backend> backend = makeBackend(options.device);
  const std::shared_ptr<const Plan> plan = planOn(*backend, optimized(*graph));
  Store store(*backend);
  loadWeights(*graph, weights, options.seed, store);
  for (const ir::InputInfo& input : graph->inputs)
    if (input.name.starts_with("state/")) {
      const ir::TensorType& type = graph->type({input.node, 0});
      Tensor zero = Tensor::make(type.dtype, type.shape);
      std::fill_n(zero.memory.get(), zero.bytes(), std::byte(0));
      store.set(input.name, zero);
    }
  Executor executor(plan, store);
  const int64_t vocabulary = vocabularyOf(*graph);
  Rng rng(options.seed, 0x67656e);
  std::vector<int64_t> tokens = options.prompt;
  for (int64_t at = 0; at + 1 < length; ++at) {
    const int64_t token = tokens[size_t(at)];
    if (token < 0 || token >= vocabulary)
      throw Error(Code::Data, text("[generate] token ", token, " is outside the vocabulary of ", vocabulary, "."));
    executor.setInput("tokens", Tensor::fromInts({1, 1}, {token}));
    if (executor.plan().graph->findInput("position")) executor.setInput("position", Tensor::scalarInt(at));
    executor.run(cancel);
    if (at + 1 < int64_t(options.prompt.size())) continue;
    const std::vector<float> logits = executor.output("logits").toFloats();
    const size_t best = size_t(std::max_element(logits.begin(), logits.end()) - logits.begin());
    size_t next = best;
    if (options.temperature > 0) {
      std::vector<double> weightsOf(logits.size());
      double total = 0;
      for (size_t i = 0; i < logits.size(); ++i)
        total += weightsOf[i] = std::exp((double(logits[i]) - logits[best]) / options.temperature);
      double draw = rng.uniform() * total;
      for (next = 0; next + 1 < logits.size() && draw >= weightsOf[next]; ++next) draw -= weightsOf[next];
    }
    tokens.push_back(int64_t(next));
    if (onToken && !onToken(int64_t(next))) break;
  }
  return tokens;
}

BenchReport bench(const Architecture& architecture, const BenchOptions& given, const CancelToken& cancel) {
  BenchOptions options = given;
  if (options.batch <= 0) options.batch = smallestBatch(architecture);
  const std::unique_ptr<Backend> backend = makeBackend(options.device);
  BenchReport report;
  const CostReport counted =
      cost(architecture, {.batch = options.batch, .time = options.time, .mode = options.mode, .withPeak = false});
  if (options.mode == "train") {
    TrainOptions training{.task = "random_tokens", .steps = options.repeat + 1, .batch = options.batch};
    training.taskOptions = {{"length", options.time},
                            {"vocabulary", vocabularyOf(*lowerOrThrow(architecture, catalog(), {}))}};
    Trainer trainer(std::make_shared<const Architecture>(architecture), training, *backend);
    trainer.step(cancel);
    for (int64_t i = 0; i < options.repeat; ++i) report.seconds.push_back(trainer.step(cancel).seconds);
    report.peakBytes = trainer.plan().peakBytes();
  } else {
    const bool isDecode = options.mode == "decode";
    const auto graph = lowerOrThrow(architecture, catalog(),
                                    {.mode = isDecode ? Mode::Decode : Mode::Prefill,
                                     .dims = {{"B", options.batch}, {"T", isDecode ? 1 : options.time}},
                                     .cacheLength = options.time});
    const std::shared_ptr<const Plan> plan = planOn(*backend, optimized(*graph));
    Store store(*backend);
    initializeParameters(*graph, 1, store);
    Executor executor(plan, store);
    fillRandomInputs(*executor.plan().graph, executor, vocabularyOf(*graph));
    if (isDecode && executor.plan().graph->findInput("position"))
      executor.setInput("position", Tensor::scalarInt(options.time - 1));
    executor.run(cancel);
    for (int64_t i = 0; i < options.repeat; ++i) {
      const double start = backend->seconds();
      executor.run(cancel);
      report.seconds.push_back(backend->seconds() - start);
    }
    executor.setTiming(true);
    executor.run(cancel);
    size_t s = 0;
    for (const Step& step : executor.plan().steps) {
      const ir::Node& node = executor.plan().graph->nodes[size_t(step.node)];
      if (node.op->isView) continue;
      if (s < executor.stepSeconds().size()) report.nodeSeconds[node.origin] += executor.stepSeconds()[s];
      ++s;
    }
    report.peakBytes = executor.plan().peakBytes();
  }
  std::vector<double> ordered = report.seconds;
  std::sort(ordered.begin(), ordered.end());
  if (!ordered.empty())
    report.median = ordered.size() % 2 ? ordered[ordered.size() / 2]
                                       : (ordered[ordered.size() / 2 - 1] + ordered[ordered.size() / 2]) / 2;
  report.flopsPerSecond = report.median > 0 ? counted.flops / report.median : 0;
  return report;
}

}  // namespace fw
