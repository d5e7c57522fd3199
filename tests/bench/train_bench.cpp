// Forward passes and training steps of three small GPTs (row C4 of the performance goals), and GPT-2's forward pass:
// document, lowering, plan and executor as the program goes through them. Items are FLOPs. Names are those of
// peers/train.py.
//
// Where FORMWRIGHT_BENCH_SHARE names a folder, each case writes there what a rival needs to do the same work and to be
// compared first: starting weights, batches, and the losses or logits that came out.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/exec/optimize.h"
#include "engine/io/safetensors.h"
#include "engine/presets/preset.h"
#include "engine/presets/transformer.h"
#include "engine/workbench/workbench.h"
#include "tests/bench/threads.h"

namespace fw {
namespace {

struct GptSizes {
  const char* name;
  int64_t width, layers, heads, time, batch, vocabulary;
};

constexpr GptSizes kSmall = {"gpt_64x2", 64, 2, 4, 64, 32, 64};
constexpr GptSizes kMedium = {"gpt_128x4", 128, 4, 4, 128, 16, 64};
constexpr GptSizes kLarge = {"gpt_256x6", 256, 6, 8, 256, 8, 256};
constexpr int64_t kSharedSteps = 3;

/// Pre-norm, learned positions, biases, GELU MLPs of four widths, a head of its own.
ArchitecturePtr gpt(const GptSizes& n) {
  return std::make_shared<const Architecture>(transformer(
      {.name = n.name,
       .vocabulary = n.vocabulary,
       .width = n.width,
       .layers = n.layers,
       .positions = n.time,
       .norm = "norm.layer",
       .attention = {{"heads", n.heads}, {"positions", std::string("none")}, {"bias", std::string("all")}},
       .mlp = "mlp.mlp",
       .mlpParams = {{"hidden", std::string("=4*width")}, {"activation", std::string("gelu")}, {"bias", true}},
       .isTied = false},
      catalog()));
}

TrainOptions optionsOf(const GptSizes& n) {
  return {.task = "random_tokens",
          .taskOptions = {{"vocabulary", n.vocabulary}, {"length", n.time}},
          .steps = 1 << 30,
          .batch = n.batch,
          .learningRate = 1e-3,
          .warmup = 0,
          .finalRate = 1,
          .clip = 0};
}

void share(const std::string& name, const std::map<std::string, Tensor>& tensors) {
  if (const char* folder = std::getenv("FORMWRIGHT_BENCH_SHARE"))
    saveSafetensors(std::string(folder) + "/" + name + ".safetensors", tensors);
}

bool isShared() { return std::getenv("FORMWRIGHT_BENCH_SHARE") != nullptr; }

/// A model ready to be timed.
class Work {
 public:
  virtual ~Work() = default;
  virtual void run() = 0;
  double flops = 0;
};

double flopsOf(const Architecture& architecture, int64_t batch, int64_t time, const char* mode) {
  return cost(architecture, {.batch = batch, .time = time, .mode = mode, .withPeak = false}).flops;
}

class TrainingWork : public Work {
 public:
  explicit TrainingWork(const GptSizes& n)
      : backend_(makeCpuBackend(benchThreads())), trainer_(gpt(n), optionsOf(n), *backend_) {
    flops = flopsOf(*trainer_.architecture(), n.batch, n.time, "train");
    std::map<std::string, Tensor> tensors = isShared() ? trainer_.state().tensors : std::map<std::string, Tensor>{};
    std::vector<float> losses;
    for (int64_t step = 0; step < kSharedSteps; ++step) {
      for (const auto& [input, value] : trainer_.task().batch(Split::Train, step, n.batch))
        tensors[input + "/" + std::to_string(step)] = value;
      losses.push_back(float(trainer_.step().loss));
    }
    tensors["losses"] = Tensor::fromFloats({kSharedSteps}, losses);
    share(std::string("training/") + n.name, tensors);
  }
  void run() override { trainer_.step(); }

 private:
  std::unique_ptr<Backend> backend_;
  Trainer trainer_;
};

class ForwardWork : public Work {
 public:
  ForwardWork(const std::string& name, const Architecture& architecture, int64_t batch, int64_t time,
              int64_t vocabulary)
      : backend_(makeCpuBackend(benchThreads())), store_(*backend_) {
    flops = flopsOf(architecture, batch, time, "prefill");
    const std::shared_ptr<const ir::Graph> graph =
        lowerOrThrow(architecture, catalog(), {.mode = Mode::Prefill, .dims = {{"B", batch}, {"T", time}}});
    initializeParameters(*graph, 1, store_);
    executor_ = std::make_unique<Executor>(
        std::make_shared<const Plan>(
            makePlan(std::make_shared<const ir::Graph>(optimized(*graph)), {.threads = backend_->threads()})),
        store_);
    std::vector<int64_t> tokens(static_cast<size_t>(batch * time));
    for (size_t i = 0; i < tokens.size(); ++i) tokens[i] = int64_t(i) * 7919 % vocabulary;
    executor_->setInput("tokens", Tensor::fromInts({batch, time}, tokens));
    if (!isShared()) return;
    executor_->run();
    std::map<std::string, Tensor> tensors = {{"tokens", Tensor::fromInts({batch, time}, tokens)},
                                             {"logits", executor_->output("logits")}};
    for (const std::string& parameter : store_.names()) tensors["parameter/" + parameter] = store_.get(parameter);
    share("forward/" + name, tensors);
  }
  void run() override { executor_->run(); }

 private:
  std::unique_ptr<Backend> backend_;
  Store store_;
  std::unique_ptr<Executor> executor_;
};

/// A benchmark is called anew for every sample; planning again each time would cost more than the samples. The last one
/// is kept.
void timeWork(benchmark::State& state, const std::string& name, const std::function<std::unique_ptr<Work>()>& make) {
  static std::pair<std::string, std::unique_ptr<Work>> last;
  if (last.first != name) {
    last = {};
    last = {name, make()};
    last.second->run();
  }
  for (auto _ : state) last.second->run();
  state.SetItemsProcessed(int64_t(double(state.iterations()) * last.second->flops));
}

void training(benchmark::State& state, const GptSizes& n) {
  timeWork(state, std::string("training/") + n.name, [&] { return std::make_unique<TrainingWork>(n); });
}

void forward(benchmark::State& state, const GptSizes& n) {
  timeWork(state, std::string("forward/") + n.name,
           [&] { return std::make_unique<ForwardWork>(n.name, *gpt(n), n.batch, n.time, n.vocabulary); });
}

void forwardGpt2(benchmark::State& state) {
  timeWork(state, "forward/gpt2",
           [] { return std::make_unique<ForwardWork>("gpt2", findPreset("gpt2")->make(catalog()), 1, 128, 50257); });
}

BENCHMARK_CAPTURE(training, gpt_64x2, kSmall)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(training, gpt_128x4, kMedium)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(training, gpt_256x6, kLarge)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(forward, gpt_64x2, kSmall)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(forward, gpt_128x4, kMedium)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(forward, gpt_256x6, kLarge)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(forwardGpt2)->Name("forward/gpt2")->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fw
