// Every op: its first example, which is small and shows what a call costs at least, and the sizes of real models.
#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/rng.h"
#include "engine/exec/executor.h"
#include "engine/ir/op.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/scan.h"
#include "tests/bench/threads.h"
#include "tests/support/example_input.h"

namespace fw {
namespace {

using List = std::vector<int64_t>;

/// An example with other numbers in the places of its sizes.
struct RealSize {
  std::string op;
  size_t example = 0;
  std::map<int64_t, int64_t> sizes;
  ir::Attrs attrs = {};            // instead of the example's
  std::vector<Shape> shapes = {};  // instead of all of this, where one number stands for two sizes
};

const std::map<int64_t, int64_t> kRows = {{3, 4096}, {7, 768}};

/// Those that are not in the other benchmarks.
std::vector<RealSize> realSizes() {
  std::vector<RealSize> all = {
      {"add_layer_norm", 0, kRows},
      {"add_rms_norm", 0, kRows},
      {"average_pool2d", 0, {}, {}, {{32, 64, 64, 64}}},
      {"average_pool2d_gradient", 0, {}, {{"size", List{64, 64}}}, {{32, 64, 32, 32}}},
      {"broadcast_to", 0, {{7, 768}}, {{"shape", List{4096, 768}}}},
      {"cache_update", 0, {{3, 8}, {9, 2048}, {2, 8}, {5, 64}}},
      {"cast", 0, {{3, 4096}, {33, 768}}},
      {"causal_conv1d", 0, {{2, 4}, {7, 512}, {33, 512}}},
      {"causal_conv1d_weight_gradient", 0, {{2, 4}, {7, 512}, {33, 512}}},
      {"concat", 0, {{3, 4096}, {7, 768}, {1, 64}, {33, 768}}},
      {"conv1d", 0, {{2, 8}, {3, 64}, {33, 512}, {5, 64}}},
      {"conv2d", 0, {}, {}, {{8, 64, 32, 32}, {64, 64, 3, 3}, {64}}},
      {"conv2d_input_gradient", 0, {}, {{"size", List{32, 32}}}, {{8, 64, 32, 32}, {64, 64, 3, 3}}},
      {"conv2d_weight_gradient", 0, {}, {}, {{8, 64, 32, 32}, {8, 64, 32, 32}}},
      {"cross_entropy", 0, {{3, 2048}, {7, 256}}},
      {"cross_entropy", 0, {{3, 128}, {7, 50257}}},
      {"cross_entropy_gradient", 0, {{2, 8}, {3, 256}, {33, 256}}},
      {"cumulative_max", 0, {{3, 8}, {9, 512}, {5, 512}}},
      {"cumulative_prod", 0, {{3, 8}, {33, 512}, {5, 512}}},
      {"cumulative_sum", 0, {{3, 8}, {33, 512}, {5, 512}}},
      {"dynamic_slice", 0, {{3, 8}, {9, 2048}, {5, 512}}, {{"length", int64_t(512)}}},
      {"dynamic_update_slice", 0, {{3, 8}, {9, 2048}, {5, 512}}},
      {"flip", 0, kRows},
      {"gather", 0, {{3, 4096}, {7, 768}, {5, 64}}},
      {"index_add", 0, {{7, 512}, {3, 8}, {11, 256}, {5, 512}}},
      {"layer_norm", 0, kRows},
      {"layer_norm_gradient", 0, kRows},
      {"log_softmax", 0, {{3, 2048}, {7, 256}}},
      {"log_softmax_gradient", 0, {{3, 2048}, {7, 256}}},
      {"max", 0, kRows},
      {"max_pool2d", 0, {}, {}, {{32, 64, 64, 64}}},
      {"max_pool2d_gradient", 0, {}, {}, {{32, 64, 64, 64}, {32, 64, 32, 32}}},
      {"mean", 0, kRows},
      {"min", 0, kRows},
      {"one_hot", 0, {{3, 64}, {7, 64}}, {{"depth", int64_t(256)}}},
      {"pad", 0, kRows},
      {"prod", 0, kRows},
      {"random_bernoulli", 0, {}, {{"shape", List{4096, 768}}}},
      {"random_uniform", 0, {}, {{"shape", List{4096, 768}}}},
      {"rms_norm", 0, kRows},
      {"rms_norm_gradient", 0, kRows},
      {"scatter_add", 0, {{3, 512}, {7, 768}, {33, 1024}}},
      {"sgd", 1, {{7, 4096}, {5, 768}}},
      {"slice", 0, {{7, 4096}, {9, 768}}, {{"starts", List{64, 0}}, {"stops", List{4000, 384}}}},
      {"softmax", 0, {{3, 2048}, {7, 256}}},
      {"softmax", 0, {{3, 64}, {7, 50257}}},
      {"softmax_gradient", 0, {{3, 2048}, {7, 256}}},
      {"sum", 0, kRows},
      {"sum", 1, kRows},
      {"take", 0, {{7, 4096}, {5, 768}, {3, 8}, {33, 256}}},
      {"where", 0, {{3, 4096}, {33, 768}}},
  };
  for (const OpDef& op : allOps())  // elementwise
    if (op.tile && !op.examples.empty() && !op.examples[0].inputs.empty() && op.name != "where" && op.name != "cast")
      all.push_back({op.name, 0, {{3, 4096}, {5, 4096}, {7, 768}}});
  return all;
}

OpExample resized(const RealSize& size) {
  OpExample example = findOp(size.op).examples.at(size.example);
  for (ExampleInput& input : example.inputs)
    for (int axis = 0; axis < input.shape.rank(); ++axis)
      if (const auto to = size.sizes.find(input.shape[axis]); to != size.sizes.end()) input.shape.set(axis, to->second);
  for (size_t i = 0; i < size.shapes.size(); ++i) example.inputs[i].shape = size.shapes[i];
  for (const auto& [name, value] : size.attrs.entries()) example.attrs.set(name, value);
  return example;
}

/// One op in a plan of its own.
void runOp(benchmark::State& state, const std::string& op, const OpExample& example) {
  ir::Builder builder;
  std::vector<ir::Value> inputs;
  for (size_t i = 0; i < example.inputs.size(); ++i)
    inputs.push_back(builder.input(text("x", i), {example.inputs[i].dtype, example.inputs[i].shape}));
  const std::vector<ir::Value> outputs = builder.ops(op, inputs, example.attrs);
  for (size_t i = 0; i < outputs.size(); ++i) builder.output(text("y", i), outputs[i]);
  const std::unique_ptr<Backend> backend = makeCpuBackend(benchThreads());
  Store store(*backend);
  const auto plan = std::make_shared<const Plan>(
      makePlan(std::make_shared<const ir::Graph>(builder.finish()), {.threads = benchThreads()}));
  Executor executor(plan, store);
  Rng rng(1);
  for (size_t i = 0; i < example.inputs.size(); ++i)
    executor.setInput(text("x", i), testing::makeInput(example.inputs[i], rng));
  for (auto _ : state) executor.run();
  state.SetBytesProcessed(state.iterations() * (plan->inputBytes + plan->outputBytes));
}

/// h[t] = tanh(0.9 h[t-1] + x[t]): 256 calls of a small body. (scan has no examples: they could not hold its body.)
void scan(benchmark::State& state) {
  ir::Builder builder;
  const ir::Value x = builder.input("x", {DType::F32, {256, 32, 64}});
  const ir::ScanResult result = ir::scan(builder, {builder.constant(0, {32, 64})}, {x}, {}, [](const ir::ScanStep& at) {
    const ir::Value h = ir::tanh(0.9 * at.carries[0] + at.xs[0]);
    return ir::ScanResult{{h}, {h}};
  });
  builder.output("y", result.ys[0]);
  const std::unique_ptr<Backend> backend = makeCpuBackend(benchThreads());
  Store store(*backend);
  Executor executor(std::make_shared<const Plan>(
                        makePlan(std::make_shared<const ir::Graph>(builder.finish()), {.threads = benchThreads()})),
                    store);
  Rng rng(1);
  executor.setInput("x", testing::makeInput({.shape = {256, 32, 64}}, rng));
  for (auto _ : state) executor.run();
}

std::string nameOf(const OpExample& example) {
  if (example.inputs.empty() || example.inputs[0].shape.rank() == 0) return "real";
  std::string name;
  for (const int64_t size : example.inputs[0].shape.dims()) name += (name.empty() ? "" : "x") + std::to_string(size);
  return name;
}

/// Every op that is found by no case stops the program before anything runs.
bool registerOps() {
  for (const OpDef& op : allOps()) {
    if (op.name == "scan") continue;
    if (op.examples.empty()) throw Error(Code::Internal, text("[bench] op '", op.name, "' has no example to run."));
    benchmark::RegisterBenchmark(("op/" + op.name + "/example").c_str(), runOp, op.name, op.examples[0])->UseRealTime();
  }
  for (const RealSize& size : realSizes()) {
    const OpExample example = resized(size);
    benchmark::RegisterBenchmark(
        ("op/" + size.op + "/" + nameOf(example) + (size.example > 0 ? text("_", size.example) : "")).c_str(), runOp,
        size.op, example)
        ->UseRealTime();
  }
  benchmark::RegisterBenchmark("op/scan/256x32x64", scan)->UseRealTime();
  return true;
}

const bool kAreRegistered = registerOps();

}  // namespace
}  // namespace fw
