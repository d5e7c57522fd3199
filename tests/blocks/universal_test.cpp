// What holds for every block and every one of its examples, under every weight policy; a new block is tested by
// existing.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/arch/document_file.h"
#include "engine/arch/editor.h"
#include "engine/blocks/lowering.h"
#include "engine/exec/executor.h"
#include "engine/exec/optimize.h"
#include "engine/ir/autodiff.h"
#include "engine/ir/op.h"
#include "tests/support/block_document.h"
#include "tests/support/block_inputs.h"

namespace fw {
namespace {

struct Case {
  const BlockDef* block;
  size_t example;
};

std::vector<Case> allCases() {
  std::vector<Case> cases;
  for (const BlockDef& block : allBlocks())
    for (size_t i = 0; i < block.examples.size(); ++i) cases.push_back({&block, i});
  return cases;
}

const Catalog& blocks() {
  static const Catalog all(allBlocks());
  return all;
}

Architecture documentOf(const BlockDef& block, const BlockExample& example, const std::string& policy = {}) {
  return testing::documentOf(block, example, blocks(), policy);
}

class UniversalBlock : public ::testing::TestWithParam<Case> {
 protected:
  const BlockDef& block() const { return *GetParam().block; }
  const BlockExample& example() const { return block().examples[GetParam().example]; }

  std::shared_ptr<const ir::Graph> lowered(const Architecture& architecture, Mode mode, int64_t time = 0,
                                           int64_t cache = 16) const {
    std::map<std::string, int64_t> dims = example().dims;
    if (time > 0) dims["T"] = time;
    return lowerOrThrow(architecture, blocks(), {.mode = mode, .dims = dims, .cacheLength = cache});
  }

  static std::map<std::string, std::vector<float>> run(const ir::Graph& graph, Store& store,
                                                       const std::map<std::string, Tensor>& inputs) {
    Executor executor(
        std::make_shared<const Plan>(makePlan(std::make_shared<const ir::Graph>(optimized(graph)), {.threads = 2})),
        store);
    for (const auto& [name, value] : inputs)
      if (executor.plan().graph->findInput(name)) executor.setInput(name, value);
    executor.run();
    std::map<std::string, std::vector<float>> outputs;
    for (const ir::OutputInfo& output : graph.outputs)
      if (output.aliasOf.empty()) outputs[output.name] = executor.output(output.name).toFloats();
    return outputs;
  }
};

TEST_P(UniversalBlock, LowersInTrainingAndPrefill) {
  const Architecture architecture = documentOf(block(), example());
  for (const Mode mode : {Mode::Train, Mode::Prefill}) {
    const LowerResult result = lower(architecture, blocks(), {.mode = mode, .dims = example().dims});
    for (const Diagnostic& diagnostic : result.diagnostics)
      EXPECT_NE(diagnostic.severity, Severity::Error) << diagnostic.text;
    ASSERT_TRUE(result.graph);
    EXPECT_NO_THROW(ir::verify(*result.graph));
  }
}

TEST_P(UniversalBlock, EveryParameterReceivesAFiniteGradient) {
  const auto graph = lowered(documentOf(block(), example()), Mode::Train);
  ir::Graph forward = *graph;
  const std::vector<ir::OutputInfo> outputs = std::exchange(forward.outputs, {});
  ir::Builder builder(std::move(forward));
  std::vector<ir::Value> results, parameters, seeds;
  for (const ir::OutputInfo& output : outputs) {
    results.push_back(builder.value(output.value));
    seeds.push_back(builder.input("weight_of_" + output.name, results.back().type()));
  }
  std::vector<std::string> names;
  for (const ir::ParameterInfo& parameter : graph->parameters) {
    if (!parameter.isTrainable) continue;
    parameters.push_back(builder.value({parameter.node, 0}));
    names.push_back(parameter.name);
  }
  const std::vector<ir::Value> gradients = ir::gradients(builder, results, parameters, seeds);
  for (size_t i = 0; i < gradients.size(); ++i) {
    ASSERT_TRUE(gradients[i].isValid()) << names[i] << " has no gradient";
    builder.output("d/" + names[i], gradients[i]);
  }
  const ir::Graph backward = builder.finish();
  if (backward.outputs.empty()) return;  // no parameters
  const std::unique_ptr<Backend> cpu = makeCpuBackend(2);
  Store store(*cpu);
  testing::setRandomWeights(backward, store);
  for (const auto& [name, values] : run(backward, store, testing::randomInputs(backward))) {
    double magnitude = 0;
    for (const float value : values) {
      ASSERT_TRUE(std::isfinite(value)) << name;
      magnitude += std::fabs(value);
    }
    EXPECT_GT(magnitude, 0) << name << " is zero everywhere";
  }
}

TEST_P(UniversalBlock, WorksUnderEveryWeightPolicy) {
  for (const WeightPolicyDef& policy : allWeightPolicies()) {
    const Architecture architecture = documentOf(block(), example(), policy.id);
    const auto graph = lowered(architecture, Mode::Train);
    const std::unique_ptr<Backend> cpu = makeCpuBackend(2);
    Store store(*cpu);
    testing::setRandomWeights(*graph, store);
    for (const auto& [name, values] : run(*graph, store, testing::randomInputs(*graph)))
      for (const float value : values) ASSERT_TRUE(std::isfinite(value)) << policy.id << " " << name;
  }
}

/// What comes later never changes what came before.
TEST_P(UniversalBlock, FutureNeverChangesThePast) {
  if (!block().isCausal || !example().dims.contains("T")) return;  // promises nothing
  const auto graph = lowered(documentOf(block(), example()), Mode::Prefill);
  const std::unique_ptr<Backend> cpu = makeCpuBackend(2);
  Store store(*cpu);
  testing::setRandomWeights(*graph, store);
  std::map<std::string, Tensor> inputs = testing::randomInputs(*graph);
  const auto before = run(*graph, store, inputs);
  const int64_t batch = example().dims.at("B"), time = example().dims.at("T"), cut = time / 2;
  for (auto& [name, tensor] : inputs) {
    if (tensor.shape.rank() < 2) continue;
    const int64_t inner = tensor.count() / (batch * time);
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t i = (b * time + cut) * inner; i < (b + 1) * time * inner; ++i) {
        if (tensor.dtype == DType::I64)
          tensor.data<int64_t>()[i] = (tensor.data<int64_t>()[i] + 1) % 5;
        else
          tensor.data()[i] += 3;
      }
  }
  const auto after = run(*graph, store, inputs);
  for (const auto& [name, values] : before) {
    const int64_t inner = int64_t(values.size()) / (batch * time);
    bool isChanged = false;
    // Tokens that share an expert share a product, whose rounding follows their number: no more than that may change.
    double largest = 0;
    for (const float value : values) largest = std::max(largest, double(std::abs(value)));
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t t = 0; t < time; ++t)
        for (int64_t i = 0; i < inner; ++i) {
          const size_t at = size_t((b * time + t) * inner + i);
          if (t < cut)
            EXPECT_NEAR(values[at], after.at(name)[at], 1e-6 * largest) << name << " at time " << t;
          else
            isChanged = isChanged || values[at] != after.at(name)[at];
        }
    EXPECT_TRUE(isChanged) << name << " ignores its input";
  }
}

/// Prompt of every length, then token by token: the same as all at once.
TEST_P(UniversalBlock, StepwiseDecodeEqualsTheFullPass) {
  if (!block().isCausal || !example().dims.contains("T")) return;  // cannot decode
  const Architecture architecture = documentOf(block(), example());
  const auto full = lowered(architecture, Mode::Prefill);
  const std::unique_ptr<Backend> cpu = makeCpuBackend(2);
  Store store(*cpu);
  testing::setRandomWeights(*full, store);
  const std::map<std::string, Tensor> inputs = testing::randomInputs(*full);
  const auto expected = run(*full, store, inputs);
  const int64_t batch = example().dims.at("B"), time = example().dims.at("T");
  const auto slice = [&](const Tensor& tensor, int64_t from, int64_t count) {
    Shape shape = tensor.shape;
    shape.set(1, count);
    Tensor part = Tensor::make(tensor.dtype, shape);
    const int64_t row = tensor.bytes() / (batch * time);
    for (int64_t b = 0; b < batch; ++b)
      std::copy_n(tensor.memory.get() + (b * time + from) * row, count * row, part.memory.get() + b * count * row);
    return part;
  };
  for (int64_t prompt = 1; prompt <= time; ++prompt) {
    std::map<std::string, std::vector<float>> got;
    for (int64_t at = 0; at < time;) {
      const int64_t count = at == 0 ? prompt : 1;
      const auto graph = lowered(architecture, Mode::Decode, count);
      std::map<std::string, Tensor> part = {{"position", Tensor::scalarInt(at)}, {"seed", Tensor::scalarInt(0)}};
      for (const auto& [name, tensor] : inputs)
        if (tensor.shape.rank() >= 2) part[name] = slice(tensor, at, count);
      if (at == 0)
        for (const ir::InputInfo& input : graph->inputs)
          if (input.name.starts_with("state/")) {
            Tensor zero = Tensor::make(DType::F32, graph->type({input.node, 0}).shape);
            std::fill_n(zero.data(), zero.count(), 0.0f);
            store.set(input.name, zero);
          }
      for (const auto& [name, values] : run(*graph, store, part)) {
        std::vector<float>& all = got[name];
        const int64_t inner = int64_t(values.size()) / (batch * count);
        all.resize(size_t(batch * time * inner));
        for (int64_t b = 0; b < batch; ++b)
          for (int64_t i = 0; i < count * inner; ++i)
            all[size_t((b * time + at) * inner + i)] = values[size_t(b * count * inner + i)];
      }
      at += count;
    }
    for (const auto& [name, values] : expected)
      for (size_t i = 0; i < values.size(); ++i)
        ASSERT_NEAR(got.at(name)[i], values[i], 2e-5 * (1 + std::fabs(values[i])))
            << name << " element " << i << " after a prompt of " << prompt;
  }
}

TEST_P(UniversalBlock, SurvivesSavingAndLoading) {
  const Architecture architecture = documentOf(block(), example());
  const Architecture again = fromDocumentText(toDocumentText(architecture), "test");
  EXPECT_EQ(structuralHash(again), structuralHash(architecture));
  EXPECT_EQ(lowered(again, Mode::Train)->hash(), lowered(architecture, Mode::Train)->hash());
}

INSTANTIATE_TEST_SUITE_P(All, UniversalBlock, ::testing::ValuesIn(allCases()),
                         [](const ::testing::TestParamInfo<Case>& info) {
                           std::string name = info.param.block->id + "_" + std::to_string(info.param.example);
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(BlockTable, EveryBlockExplainsItself) {
  for (const BlockDef& block : allBlocks()) {
    EXPECT_FALSE(block.title.empty()) << block.id;
    EXPECT_FALSE(block.help.empty()) << block.id;
    EXPECT_FALSE(block.category.empty()) << block.id;
    EXPECT_FALSE(block.name.empty()) << block.id;
    if (block.lower) {
      EXPECT_FALSE(block.examples.empty()) << block.id;
    }
    for (const ParamDef& param : block.params) EXPECT_FALSE(param.helpText.empty()) << block.id << " " << param.name;
    for (const std::string& shown : block.summary) EXPECT_TRUE(block.findParam(shown)) << block.id << " " << shown;
  }
}

}  // namespace
}  // namespace fw
