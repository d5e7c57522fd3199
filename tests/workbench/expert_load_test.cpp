// The load of experts, against loops over what routers gave.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/presets/transformer.h"
#include "engine/workbench/workbench.h"
#include "tests/support/expect_error.h"

namespace fw {
namespace {

AnalyzeCall callFor(const std::string& mlp, const Params& params) {
  AnalyzeCall call;
  call.architecture = std::make_shared<const Architecture>(transformer({.name = "Stack",
                                                                        .vocabulary = 64,
                                                                        .width = 12,
                                                                        .layers = 2,
                                                                        .attention = {{"heads", int64_t(2)}},
                                                                        .mlp = mlp,
                                                                        .mlpParams = params},
                                                                       catalog()));
  call.analysis = "expert_load";
  call.task = "random_tokens";
  call.taskOptions = {{"vocabulary", int64_t(64)}, {"length", int64_t(11)}};
  call.batch = 3;
  call.batches = 2;
  return call;
}

TEST(ExpertLoad, EqualsLoopsOverTheGates) {
  const AnalyzeCall call =
      callFor("experts.mixture", {{"experts", int64_t(5)}, {"top_k", int64_t(2)}, {"hidden", int64_t(6)}});
  const AnalysisResult result = analyze(call);
  const auto task = makeTask(call.task, call.taskOptions, call.seed);
  std::vector<double> served(10, 0), gates(10, 0);
  double tokens = 0;
  for (int64_t batch = 0; batch < 2; ++batch) {
    const auto seen = run(*call.architecture, {.inputs = {{"tokens", task->batch(Split::Test, batch, 3).at("tokens")}},
                                               .seed = call.seed,
                                               .record = "*experts.share"});
    for (size_t layer = 0; layer < 2; ++layer) {
      const Tensor& share = seen.at("probe/layers." + std::to_string(layer) + ".mlp:experts.share");
      for (int64_t i = 0; i < share.count(); ++i) {
        served[layer * 5 + size_t(i % 5)] += share.data()[i] != 0;
        gates[layer * 5 + size_t(i % 5)] += double(share.data()[i]);
      }
      if (layer == 0) tokens += double(share.count()) / 5;
    }
  }
  const Matrix &load = result.matrices.at(0), &gate = result.matrices.at(1);
  ASSERT_EQ(load.values.size(), 10u);
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_NEAR(load.values[i], served[i] / tokens, 1e-12) << i;
    EXPECT_NEAR(gate.values[i], gates[i] / tokens, 1e-6) << i;
  }
  for (size_t layer = 0; layer < 2; ++layer) {
    double entropy = 0, most = 0;
    for (size_t e = 0; e < 5; ++e) {
      const double p = served[layer * 5 + e] / (2 * tokens);  // two of five serve a token
      if (p > 0) entropy -= p * std::log(p);
      most = std::max(most, p);
    }
    EXPECT_NEAR(result.series.at(0).values[layer], entropy / std::log(5.0), 1e-9);
    EXPECT_NEAR(result.series.at(1).values[layer], 5 * most, 1e-9);
  }
}

TEST(ExpertLoad, NeedsARouter) {
  expectError(
      [] {
        analyze(callFor("mlp.gated", {{"hidden", int64_t(6)}}));
      },
      Code::Data,
      "[expert_load] the model has nothing to look at; expected a mixture of experts or of hidden dimensions.");
}

}  // namespace
}  // namespace fw
