// A layer as models have it, forward and backward (row C3 of the performance goals): y = norm(x + gelu(x W^T + b)).
// Names are those of peers/layer.py.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "engine/base/rng.h"
#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/io/safetensors.h"
#include "engine/ir/autodiff.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/layer_norm.h"
#include "engine/ops/matmul.h"
#include "tests/bench/threads.h"
#include "tests/support/example_input.h"

namespace fw {
namespace {

/// Where FORMWRIGHT_BENCH_SHARE names a folder, inputs and results go there for a rival to be compared with.
void layer(benchmark::State& state, int64_t rows, int64_t width) {
  ir::Builder builder;
  const auto input = [&](const char* name, const Shape& shape) { return builder.input(name, {DType::F32, shape}); };
  const ir::Value x = input("x", {rows, width}), w = input("w", {width, width}), b = input("b", {width}),
                  scale = input("scale", {width}), shift = input("shift", {width}), dy = input("dy", {rows, width});
  const ir::Value y = ir::layerNorm(x + ir::linear(x, w, b, "gelu"), scale, shift, 1e-5);
  const std::vector<ir::Value> wanted = {x, w, b, scale, shift}, found = ir::gradients(builder, {y}, wanted, {dy});
  const std::vector<const char*> names = {"dx", "dw", "db", "dscale", "dshift"};
  builder.output("y", y);
  for (size_t i = 0; i < found.size(); ++i) builder.output(names[i], found[i]);

  const std::unique_ptr<Backend> backend = makeCpuBackend(benchThreads());
  Store store(*backend);
  const auto graph = std::make_shared<const ir::Graph>(optimized(builder.finish()));
  Executor executor(std::make_shared<const Plan>(makePlan(graph, {.threads = benchThreads()})), store);
  Rng rng(1);
  std::map<std::string, Tensor> tensors;
  for (const ir::InputInfo& info : graph->inputs) {
    const double bound = info.name == "w" ? 1 / std::sqrt(double(width)) : 1;
    tensors[info.name] =
        testing::makeInput({.shape = graph->type({info.node, 0}).shape, .low = -bound, .high = bound}, rng);
    executor.setInput(info.name, tensors[info.name]);
  }
  if (const char* folder = std::getenv("FORMWRIGHT_BENCH_SHARE")) {
    const std::string file = std::string(folder) + "/layer_" + std::to_string(rows) + "x" + std::to_string(width);
    executor.run();
    for (const ir::OutputInfo& output : graph->outputs) tensors[output.name] = executor.output(output.name);
    saveSafetensors(file + ".safetensors", tensors);
  }
  for (auto _ : state) executor.run();
  state.SetItemsProcessed(state.iterations() * 6 * rows * width * width);
}

BENCHMARK_CAPTURE(layer, 2048x64, 2048, 64)->UseRealTime();
BENCHMARK_CAPTURE(layer, 2048x128, 2048, 128)->UseRealTime();
BENCHMARK_CAPTURE(layer, 2048x256, 2048, 256)->UseRealTime();
BENCHMARK_CAPTURE(layer, 1024x768, 1024, 768)->UseRealTime();

}  // namespace
}  // namespace fw
