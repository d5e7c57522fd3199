// What a measurement says of each block and each layer of a model.
#include "engine/workbench/block_measures.h"

#include <cmath>

#include "engine/base/error.h"
#include "engine/exec/optimize.h"
#include "engine/ir/autodiff.h"
#include "engine/train/trainer.h"
#include "engine/workbench/layer_paths.h"

namespace fw {
namespace {

/// Means by key.
template <class Key>
class Means {
 public:
  void add(Key key, double value) {
    if (!std::isfinite(value)) return;
    auto& [sum, count] = sums_[key];
    sum += value, ++count;
  }
  std::map<Key, double> result() const {
    std::map<Key, double> means;
    for (const auto& [key, entry] : sums_) means[key] = entry.first / double(entry.second);
    return means;
  }

 private:
  std::map<Key, std::pair<double, int64_t>> sums_;
};

const Series* findSeries(const AnalysisResult& result, const std::string& name) {
  for (const Series& series : result.series)
    if (series.name == name) return &series;
  return nullptr;
}

/// The same measurement for blocks of which a more telling one is known replaces the other.
template <class Key>
void prefer(std::map<Key, double>& values, const std::map<Key, double>& better) {
  for (const auto& [key, value] : better) values[key] = value;
}

}  // namespace

BlockMeasure measureTime(const Architecture& architecture, const BenchOptions& options, const CancelToken& cancel) {
  const BenchReport report = bench(architecture, options, cancel);
  const int64_t batch = options.batch > 0 ? options.batch : smallestBatch(architecture);
  BlockMeasure measure{.nodes = report.nodeSeconds, .layers = {}, .whole = report.median, .recipe = {}};
  measure.nodes.erase(0);
  const std::vector<LayerInfo> layers =
      lower(architecture, catalog(), {.mode = Mode::Prefill, .dims = {{"B", batch}, {"T", options.time}}}).layers;
  for (size_t i = 0; i < layers.size(); ++i) measure.layers[int64_t(i)] = 0;
  const LayerPaths paths(layers);
  const ir::Graph& graph = *report.plan->graph;
  for (size_t i = 0; i < report.stepSeconds.size(); ++i)
    paths.forEach(graph.scopes[size_t(graph.nodes[size_t(report.plan->steps[i].node)].scope)],
                  [&](size_t layer) { measure.layers[int64_t(layer)] += report.stepSeconds[i]; });
  measure.recipe =
      text(batch, " x ", options.time, " tokens on ", options.device, ", median of ", report.seconds.size(), " passes");
  return measure;
}

BlockMeasure measureSimilarity(const AnalyzeCall& wanted, const CancelToken& cancel, const Progress& progress) {
  AnalyzeCall call = wanted;
  call.analysis = "similarity";
  const AnalysisResult result = analyze(call, cancel, progress);
  Means<NodeId> nodes;
  Means<int64_t> layers;
  if (const Series* parts = findSeries(result, "sublayer_influence"))
    for (size_t i = 0; i < parts->values.size(); ++i) nodes.add(parts->origins[i], 1 - parts->values[i]);
  if (const Series* blocks = findSeries(result, "block_influence"))
    for (size_t i = 0; i < blocks->values.size(); ++i)
      if (blocks->layers[i] >= 0) layers.add(blocks->layers[i], 1 - blocks->values[i]);
  BlockMeasure measure{.nodes = nodes.result(), .layers = layers.result(), .whole = 0, .recipe = result.recipe};
  measure.nodes.erase(0);
  return measure;
}

BlockMeasure measureSparsity(const AnalyzeCall& wanted, const CancelToken& cancel, const Progress& progress) {
  AnalyzeCall call = wanted;
  call.analysis = "sparsity";
  const AnalysisResult result = analyze(call, cancel, progress);
  Means<NodeId> nodes, hiddenNodes;
  Means<int64_t> layers, hiddenLayers;
  if (const Series* series = findSeries(result, "small_share"))
    for (size_t i = 0; i < series->values.size(); ++i) {
      const std::string& label = series->labels[i];
      if (label.ends_with(" in")) continue;
      const bool isHidden = label.ends_with(" hidden");
      (isHidden ? hiddenNodes : nodes).add(series->origins[i], series->values[i]);
      if (series->layers[i] >= 0) (isHidden ? hiddenLayers : layers).add(series->layers[i], series->values[i]);
    }
  BlockMeasure measure{.nodes = nodes.result(), .layers = layers.result(), .whole = 0, .recipe = result.recipe};
  prefer(measure.nodes, hiddenNodes.result());
  prefer(measure.layers, hiddenLayers.result());
  measure.nodes.erase(0);
  return measure;
}

BlockMeasure measureGradients(const AnalyzeCall& call, const CancelToken& cancel, const Progress& progress) {
  const std::unique_ptr<Task> task = makeTask(call.task, call.taskOptions, call.seed);
  const LowerOptions options{.mode = Mode::Train, .dims = task->dims(call.batch)};
  const LowerResult lowered = lower(*call.architecture, catalog(), options);
  if (!lowered.graph) lowerOrThrow(*call.architecture, catalog(), options);
  ir::Graph graph = *lowered.graph;
  const std::vector<ir::OutputInfo> outputs = std::exchange(graph.outputs, {});
  ir::Builder builder(std::move(graph));
  std::map<std::string, ir::Value> named;
  for (const ir::OutputInfo& output : outputs) named[output.name] = builder.value(output.value);
  const ir::Value loss = task->loss(builder, named, call.batch).loss;

  struct Part {
    std::string output, parameter;
    NodeId origin;
  };
  std::vector<Part> parts;
  const std::vector<ir::ParameterInfo> parameters = builder.graph().parameters;
  std::vector<ir::Value> wanted;
  std::vector<const ir::ParameterInfo*> trainable;
  for (const ir::ParameterInfo& info : parameters) {
    if (!info.isTrainable) continue;
    wanted.push_back(builder.value({info.node, 0}));
    trainable.push_back(&info);
  }
  const std::vector<ir::Value> gradients = ir::gradients(builder, {loss}, wanted);
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (!gradients[i].isValid()) continue;
    parts.push_back({text("squares/", trainable[i]->name), trainable[i]->name, trainable[i]->origin});
    builder.output(parts.back().output, builder.op("sum_squares", {gradients[i]}));
  }
  const ir::Graph whole = builder.graph();  // with parameters that the loss does not use

  const std::unique_ptr<Backend> backend = makeBackend(call.device);
  Store store(*backend);
  PlanOptions planning = planOptions(*backend);
  const auto plan =
      std::make_shared<const Plan>(makePlan(std::make_shared<const ir::Graph>(optimized(builder.finish())), planning));
  loadWeights(whole, call.weights, call.seed, store);
  Executor executor(plan, store);
  std::map<NodeId, double> nodes;
  std::map<int64_t, double> layers;
  const LayerPaths paths(lowered.layers);
  for (int64_t index = 0; index < call.batches; ++index) {
    progress.report(double(index) / double(call.batches), "Gradients");
    for (const auto& [name, value] : task->batch(Split::Train, index, call.batch))
      if (plan->graph->findInput(name)) executor.setInput(name, value);
    if (plan->graph->findInput("seed")) executor.setInput("seed", Tensor::scalarInt(index));
    executor.run(cancel);
    for (const Part& part : parts) {
      const double squares = executor.outputScalar(part.output) / double(call.batches);
      nodes[part.origin] += squares;
      paths.forEach(part.parameter, [&](size_t layer) { layers[int64_t(layer)] += squares; });
    }
  }
  BlockMeasure measure;
  for (const auto& [node, squares] : nodes)
    if (node != 0) measure.nodes[node] = std::sqrt(squares);
  for (const auto& [layer, squares] : layers) measure.layers[layer] = std::sqrt(squares);
  measure.recipe = text("gradient of the loss; training split of ", call.task, ", ", call.batches * call.batch,
                        " rows, seed ", call.seed, call.weights.empty() ? "; untrained weights" : "; trained weights");
  return measure;
}

}  // namespace fw
