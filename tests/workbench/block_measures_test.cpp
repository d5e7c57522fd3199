// What measurements say of blocks and layers, against the trainer, the definition and sums.
#include "engine/workbench/block_measures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "engine/arch/editor.h"
#include "engine/exec/backend.h"
#include "engine/presets/preset.h"

namespace fw {
namespace {

ArchitecturePtr recall() {
  return std::make_shared<const Architecture>(findPreset("attention-recall")->make(catalog()));
}

const PresetDef& preset() { return *findPreset("attention-recall"); }

AnalyzeCall callFor(const ArchitecturePtr& model) {
  return {.architecture = model, .task = preset().task, .taskOptions = preset().taskOptions, .batch = 4, .batches = 1};
}

NodeId nodeOf(const Architecture& model, const std::string& block) {
  for (const NodeCost& node : cost(model, {.withPeak = false}).perNode)
    if (node.block == block) return node.node;
  return 0;
}

TEST(BlockMeasures, LayersCostWhatTheirBlocksDo) {
  const ArchitecturePtr model = recall();
  const CostReport report = cost(*model, {.withPeak = false});
  ASSERT_GE(report.perLayer.size(), 2u);
  double parameters = 0, flops = 0;
  for (const LayerCost& layer : report.perLayer) {
    EXPECT_DOUBLE_EQ(layer.parameters, report.perLayer.front().parameters) << layer.path;
    // An addition at a border may be one step with the norm of the layer behind it.
    EXPECT_NEAR(layer.flops, report.perLayer.front().flops, 2e-3 * layer.flops) << layer.path;
    EXPECT_GT(layer.bytes, 0) << layer.path;
    parameters += layer.parameters, flops += layer.flops;
  }
  // The rest is what stands outside of the stack.
  NodeId repeat = 0;
  for (const auto& [id, node] : model->root->nodes)
    if (node->block == "structure.repeat") repeat = id;
  ASSERT_NE(repeat, 0);
  double outside = 0, outsideFlops = 0;
  for (const NodeCost& node : report.perNode) {
    GraphPath path;
    findNode(*model, node.node, &path);
    if (path.empty() && node.node != repeat) outside += node.parameters, outsideFlops += node.flops;
  }
  EXPECT_DOUBLE_EQ(parameters + outside, report.parametersUnique);
  EXPECT_NEAR(flops + outsideFlops, report.flops, 2e-3 * report.flops);
}

TEST(BlockMeasures, GradientsAreThoseOfTheTrainer) {
  const ArchitecturePtr model = recall();
  const AnalyzeCall call = callFor(model);
  const BlockMeasure measure = measureGradients(call);
  double squares = 0;
  for (const auto& [node, norm] : measure.nodes) squares += norm * norm;
  const std::unique_ptr<Backend> backend = makeBackend("cpu");
  Trainer trainer(model, {.task = call.task, .taskOptions = call.taskOptions, .steps = 1, .batch = call.batch},
                  *backend);
  EXPECT_NEAR(std::sqrt(squares), trainer.step().gradientNorm, 1e-4 * std::sqrt(squares));
  EXPECT_GT(measure.nodes.at(nodeOf(*model, "attention.multi_head")), 0);
  ASSERT_EQ(measure.layers.size(), cost(*model, {.withPeak = false}).perLayer.size());
  double inLayers = 0;
  for (const auto& [layer, norm] : measure.layers) inLayers += norm * norm;
  EXPECT_LT(inLayers, squares);
  EXPECT_NE(measure.recipe.find("untrained weights"), std::string::npos) << measure.recipe;
}

// A part whose weights are zero adds nothing to the stream: what goes in comes out.
TEST(BlockMeasures, ABlockThatAddsNothingIsAlikeInAndOut) {
  const ArchitecturePtr model = recall();
  AnalyzeCall call = callFor(model);
  call.weights = startingWeights(*model, 1);
  for (auto& [name, tensor] : call.weights)
    if (name.find(".attention.") != std::string::npos)
      tensor = Tensor::fromFloats(tensor.shape, std::vector<float>(size_t(tensor.count()), 0.0f));
  const BlockMeasure still = measureSimilarity(call), plain = measureSimilarity(callFor(model));
  const NodeId attention = nodeOf(*model, "attention.multi_head");
  ASSERT_TRUE(still.nodes.count(attention));
  EXPECT_NEAR(still.nodes.at(attention), 1, 1e-6);
  EXPECT_LT(plain.nodes.at(attention), 1 - 1e-4);
  for (const auto& [layer, value] : plain.layers) EXPECT_LE(std::abs(value), 1 + 1e-6) << layer;
}

TEST(BlockMeasures, HiddenUnitsTellOfAnMlpsSparsity) {
  const ArchitecturePtr model = recall();
  const AnalyzeCall call = callFor(model);
  const BlockMeasure measure = measureSparsity(call);
  AnalyzeCall plain = call;
  plain.analysis = "sparsity";
  double sum = 0;
  int64_t count = 0;
  NodeId mlp = 0;
  for (const Series& series : analyze(plain).series)
    for (size_t i = 0; series.name == "small_share" && i < series.values.size(); ++i)
      if (series.labels[i].ends_with(" hidden")) sum += series.values[i], ++count, mlp = series.origins[i];
  ASSERT_GT(count, 0);
  EXPECT_NEAR(measure.nodes.at(mlp), sum / double(count), 1e-12);
  for (const auto& [node, share] : measure.nodes) {
    EXPECT_GE(share, 0) << node;
    EXPECT_LE(share, 1) << node;
  }
}

TEST(BlockMeasures, TheTimeOfAPassIsThatOfItsBlocks) {
  const ArchitecturePtr model = recall();
  const BlockMeasure measure = measureTime(*model, {.time = 32, .repeat = 3});
  EXPECT_GT(measure.nodes.at(nodeOf(*model, "attention.multi_head")), 0);
  double blocks = 0, layers = 0;
  for (const auto& [node, seconds] : measure.nodes) blocks += seconds;
  for (const auto& [layer, seconds] : measure.layers) {
    EXPECT_GT(seconds, 0) << layer;
    layers += seconds;
  }
  EXPECT_GT(measure.whole, 0);
  EXPECT_LT(layers, blocks * 1.5);
  EXPECT_EQ(measure.layers.size(), cost(*model, {.withPeak = false}).perLayer.size());
}

}  // namespace
}  // namespace fw
