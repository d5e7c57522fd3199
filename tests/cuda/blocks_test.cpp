// Every example of every block by the emulated CUDA kernels: its results and the gradients of all its parameters and
// inputs are the CPU's. On a GPU, where there is one, the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/blocks/lowering.h"
#include "engine/exec/cuda_backend.h"
#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/ir/autodiff.h"
#include "tests/cuda/emulated_backend.h"
#include "tests/support/block_document.h"
#include "tests/support/block_inputs.h"

namespace fw::testing {
namespace {

struct BlockCase {
  const BlockDef* block;
  size_t example;
};

std::vector<BlockCase> allBlockCases() {
  std::vector<BlockCase> cases;
  for (const BlockDef& block : allBlocks())
    for (size_t i = 0; i < block.examples.size(); ++i) cases.push_back({&block, i});
  return cases;
}

std::string nameOf(const BlockCase& of) {
  std::string name = of.block->id + "_" + std::to_string(of.example);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

/// The block's results, and the gradients of sum_o weight_of_o . o with respect to its parameters and float inputs.
std::shared_ptr<const ir::Graph> bothWays(const BlockCase& of) {
  static const Catalog blocks(allBlocks());
  const BlockExample& example = of.block->examples[of.example];
  ir::Graph graph = *lowerOrThrow(documentOf(*of.block, example, blocks), blocks,
                                  {.mode = Mode::Train, .dims = example.dims, .cacheLength = 16});
  const std::vector<ir::OutputInfo> outputs = graph.outputs;
  std::erase_if(graph.outputs, [](const ir::OutputInfo& output) { return !output.aliasOf.empty(); });
  std::vector<std::pair<std::string, ir::ValueRef>> sources;
  for (const ir::ParameterInfo& parameter : graph.parameters)
    sources.emplace_back(parameter.name, ir::ValueRef{parameter.node, 0});
  for (const ir::InputInfo& input : graph.inputs)
    if (graph.type({input.node, 0}).dtype == DType::F32) sources.emplace_back(input.name, ir::ValueRef{input.node, 0});
  ir::Builder builder(std::move(graph));
  std::vector<ir::Value> results, seeds, wrt;
  for (const ir::OutputInfo& output : outputs) {
    const ir::Value value = builder.value(output.value);
    if (value.dtype() != DType::F32) continue;
    results.push_back(value);
    seeds.push_back(builder.input("weight_of_" + output.name, value.type()));
  }
  for (const auto& [name, ref] : sources) wrt.push_back(builder.value(ref));
  const std::vector<ir::Value> gradients = ir::gradients(builder, results, wrt, seeds);
  for (size_t i = 0; i < gradients.size(); ++i)
    if (gradients[i].isValid()) builder.output("d/" + sources[i].first, gradients[i]);
  return std::make_shared<const ir::Graph>(optimized(builder.finish()));
}

/// The memory of activations starts as NaN, between zones that must stay intact.
std::map<std::string, std::vector<double>> resultsOn(Backend& backend, const std::shared_ptr<const ir::Graph>& graph) {
  Store store(backend);
  setRandomWeights(*graph, store);
  PlanOptions options = planOptions(backend);
  options.guardBytes = 64;
  Executor executor(std::make_shared<const Plan>(makePlan(graph, options)), store);
  executor.setGuarded(true);
  for (const auto& [name, value] : randomInputs(*graph)) executor.setInput(name, value);
  executor.run();
  std::map<std::string, std::vector<double>> results;
  for (const ir::OutputInfo& output : graph->outputs) results[output.name] = executor.output(output.name).toDoubles();
  return results;
}

void expectTheCpusResults(Backend& cuda, const BlockCase& of) {
  const std::shared_ptr<const ir::Graph> graph = bothWays(of);
  const auto expected = resultsOn(*makeCpuBackend(1), graph);
  for (const auto& [name, values] : resultsOn(cuda, graph)) {
    const std::vector<double>& wanted = expected.at(name);
    ASSERT_EQ(values.size(), wanted.size()) << name;
    double largest = 0;
    for (const double value : wanted) {
      ASSERT_TRUE(std::isfinite(value)) << name;
      largest = std::max(largest, std::fabs(value));
    }
    for (size_t i = 0; i < values.size(); ++i)
      // What sums to zero in theory (a bias that softmax does not see) is rounding on both.
      ASSERT_NEAR(values[i], wanted[i], 3e-5 * largest + 5e-6) << nameOf(of) << ", " << name << ", element " << i;
  }
}

class CudaBlock : public ::testing::TestWithParam<BlockCase> {};

TEST_P(CudaBlock, ResultsAndGradientsAreTheCpus) { expectTheCpusResults(*makeEmulatedBackend(), GetParam()); }

INSTANTIATE_TEST_SUITE_P(All, CudaBlock, ::testing::ValuesIn(allBlockCases()),
                         [](const auto& info) { return nameOf(info.param); });

TEST(CudaGpu, EveryExampleOfEveryBlock) {
  const std::string absence = listCudaDevices().front().absence;
  if (!absence.empty()) GTEST_SKIP() << absence;
  const std::unique_ptr<Backend> gpu = makeCudaBackend(0);
  for (const BlockCase& one : allBlockCases()) expectTheCpusResults(*gpu, one);
}

}  // namespace
}  // namespace fw::testing
