// Running models: one pass, token by token, and on the clock.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <sstream>
#include <string_view>

#include "engine/analysis/cost/latency_model.h"
#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "engine/exec/executor.h"
#include "engine/ir/op.h"
#include "engine/ir/passes.h"
#include "engine/workbench/inference.h"
#include "engine/workbench/workbench.h"

namespace fw {
namespace {

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
  Store store(*backend);
  const std::shared_ptr<const Plan> plan =
      planForInference(graph, options.weights, options.seed, options.weightFormat, store);
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

namespace {

/// The likeliest token at temperature 0, else one drawn from softmax(logits / temperature).
int64_t chosen(const std::vector<float>& logits, double temperature, Rng& rng) {
  const size_t best = size_t(std::max_element(logits.begin(), logits.end()) - logits.begin());
  if (temperature == 0) return int64_t(best);
  std::vector<double> weights(logits.size());
  double total = 0;
  for (size_t i = 0; i < logits.size(); ++i)
    total += weights[i] = std::exp((double(logits[i]) - logits[best]) / temperature);
  double draw = rng.uniform() * total;
  size_t next = 0;
  for (; next + 1 < logits.size() && draw >= weights[next]; ++next) draw -= weights[next];
  return int64_t(next);
}

/// A model that reads a text token by token.
class TokenReader {
 public:
  /// With states of `room` tokens.
  TokenReader(const Architecture& architecture, const std::map<std::string, Tensor>& weights,
              const GenerateOptions& options, int64_t room, Backend& backend)
      : room_(room),
        graph_(lowerOrThrow(architecture, catalog(),
                            {.mode = Mode::Decode, .dims = {{"B", 1}, {"T", 1}}, .cacheLength = room})),
        vocabulary_(vocabularyOf(*graph_)),
        store_(backend) {
    const auto plan = planForInference(*graph_, weights, options.seed, options.weightFormat, store_);
    for (const ir::InputInfo& input : graph_->inputs) {
      if (!input.name.starts_with("state/")) continue;
      const ir::TensorType& type = graph_->type({input.node, 0});
      Tensor zero = Tensor::make(type.dtype, type.shape);
      std::fill_n(zero.memory.get(), zero.bytes(), std::byte(0));
      store_.set(input.name, zero);
    }
    executor_.emplace(plan, store_);  // the states must be there
  }

  int64_t room() const { return room_; }

  void read(int64_t token, int64_t position, const CancelToken& cancel) {
    if (token < 0 || token >= vocabulary_)
      throw Error(Code::Data, text("[generate] token ", token, " is outside the vocabulary of ", vocabulary_, "."));
    executor_->setInput("tokens", Tensor::fromInts({1, 1}, {token}));
    if (executor_->plan().graph->findInput("position")) executor_->setInput("position", Tensor::scalarInt(position));
    executor_->run(cancel);
  }

  /// Of the token after the last that was read.
  std::vector<float> logits() { return executor_->output("logits").toFloats(); }

 private:
  int64_t room_;
  std::shared_ptr<const ir::Graph> graph_;
  int64_t vocabulary_;
  Store store_;
  std::optional<Executor> executor_;
};

}  // namespace

std::vector<int64_t> generate(const Architecture& architecture, const std::map<std::string, Tensor>& weights,
                              const GenerateOptions& options, const std::function<bool(int64_t)>& onToken,
                              const CancelToken& cancel) {
  if (options.prompt.empty()) throw Error(Code::Usage, "[generate] the prompt is empty.");
  if (!(options.temperature >= 0))
    throw Error(Code::Usage, text("[generate] the temperature is ", options.temperature, "; expected at least 0."));
  const int64_t length = int64_t(options.prompt.size()) + options.tokens;
  const RotationLimits limits = rotationLimits(architecture);
  const std::unique_ptr<Backend> backend = makeBackend(options.device);
  std::optional<TokenReader> reader;
  Rng rng(options.seed, 0x67656e);
  std::vector<int64_t> tokens = options.prompt;
  for (int64_t at = 0; at + 1 < length; ++at) {
    if (!reader || at == reader->room()) {
      // Room for the text as long as its rotations stay the same; above, all of it is read again with the others.
      const auto next = limits.switches.lower_bound(std::max(at + 1, int64_t(tokens.size())));
      reader.emplace(architecture, weights, options, next == limits.switches.end() ? length : std::min(length, *next),
                     *backend);
      at = 0;
    }
    reader->read(tokens[size_t(at)], at, cancel);
    if (at + 1 < int64_t(tokens.size())) continue;
    std::vector<float> logits = reader->logits();
    if (int64_t(tokens.size() - options.prompt.size()) < options.least)
      for (const int64_t stop : options.stops)
        if (stop >= 0 && size_t(stop) < logits.size()) logits[size_t(stop)] = -INFINITY;
    const int64_t next = chosen(logits, options.temperature, rng);
    if (std::find(options.stops.begin(), options.stops.end(), next) != options.stops.end()) break;
    tokens.push_back(next);
    if (onToken && !onToken(next)) break;
  }
  return tokens;
}

namespace {

constexpr int64_t kTimedRuns = 5;  // in which every step is on the clock

/// Runs with every step on the clock, and puts the medians into the report.
void timeSteps(Executor& executor, int64_t runs, const std::function<void()>& run, BenchReport& report) {
  executor.setTiming(true);
  std::vector<std::vector<double>> seconds;
  for (int64_t i = 0; i < runs; ++i) {
    run();
    seconds.resize(executor.stepSeconds().size());
    for (size_t s = 0; s < seconds.size(); ++s) seconds[s].push_back(executor.stepSeconds()[s]);
  }
  executor.setTiming(false);
  const Plan& plan = executor.plan();
  report.plan = std::make_shared<const Plan>(plan);
  report.stepSeconds.assign(plan.steps.size(), 0);
  size_t s = 0;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const ir::Node& node = plan.graph->nodes[size_t(plan.steps[i].node)];
    if (node.op->isView || s >= seconds.size()) continue;
    report.stepSeconds[i] = median(seconds[s++]);
    report.nodeSeconds[node.origin] += report.stepSeconds[i];
  }
}

}  // namespace

BenchReport bench(const Architecture& architecture, const BenchOptions& given, const CancelToken& cancel) {
  BenchOptions options = given;
  if (options.batch <= 0) options.batch = smallestBatch(architecture);
  const std::unique_ptr<Backend> backend = makeBackend(options.device);
  BenchReport report;
  const CostReport counted =
      cost(architecture, {.batch = options.batch, .time = options.time, .mode = options.mode, .withPeak = false});
  const int64_t timedRuns = std::min(options.repeat, kTimedRuns);
  if (options.mode == "train") {
    TrainOptions training{.task = "random_tokens", .steps = options.repeat + timedRuns + 1, .batch = options.batch};
    training.taskOptions = {{"length", options.time},
                            {"vocabulary", vocabularyOf(*lowerOrThrow(architecture, catalog(), {}))}};
    Trainer trainer(std::make_shared<const Architecture>(architecture), training, *backend);
    trainer.step(cancel);
    for (int64_t i = 0; i < options.repeat; ++i) report.seconds.push_back(trainer.step(cancel).seconds);
    timeSteps(
        trainer.stepExecutor(), timedRuns, [&] { trainer.step(cancel); }, report);
  } else {
    const bool isDecode = options.mode == "decode";
    const auto graph = lowerOrThrow(architecture, catalog(),
                                    {.mode = isDecode ? Mode::Decode : Mode::Prefill,
                                     .dims = {{"B", options.batch}, {"T", isDecode ? 1 : options.time}},
                                     .cacheLength = options.time});
    Store store(*backend);
    const std::shared_ptr<const Plan> plan = planForInference(*graph, options.weights, 1, options.weightFormat, store);
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
    timeSteps(
        executor, timedRuns, [&] { executor.run(cancel); }, report);
  }
  report.peakBytes = report.plan->peakBytes();
  report.median = median(report.seconds);
  report.flopsPerSecond = report.median > 0 ? counted.flops / report.median : 0;
  return report;
}

}  // namespace fw
