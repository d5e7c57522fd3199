// Cost on devices: counts by hand, roofs by hand, memory by another walk, runs and their front.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/analysis/cost/memory_timeline.h"
#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/exec/backend.h"
#include "engine/presets/preset.h"
#include "engine/workbench/calibration.h"
#include "engine/workbench/trade_off.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

ArchitecturePtr preset(const std::string& id) {
  return std::make_shared<const Architecture>(findPreset(id)->make(catalog()));
}

bool isProduct(const StepCost& step) { return step.op == "matmul" || step.op == "matmul_group"; }

// 6.607 B weights in linear maps: 13.21 GFLOP and 13.21 GB in 16 bits for each token, 17.2 ms on an A6000.
TEST(TradeOff, Llama2DecodesAtTheMemoryRoof) {
  const auto plan = planOf(*preset("llama-2-7b"), {.batch = 1, .time = 128, .mode = "decode"});
  const LatencyModel a6000 = sheetModel(*findDeviceSheet("a6000"), true);
  double flops = 0, bytes = 0, seconds = 0;
  for (const StepCost& step : stepCosts(*plan)) {
    if (!isProduct(step)) continue;
    flops += step.cost.flops;
    bytes += step.weightBytes / 2;
    seconds += a6000.seconds(step);
    EXPECT_EQ(a6000.bound(step), Bound::Memory) << step.scope;
  }
  EXPECT_NEAR(flops / 13.21e9, 1, 0.002);
  EXPECT_NEAR(bytes / 13.21e9, 1, 0.002);
  EXPECT_NEAR(seconds / 17.2e-3, 1, 0.005);
}

TEST(TradeOff, Llama2PrefillIsBoundByArithmetic) {
  const auto plan = planOf(*preset("llama-2-7b"), {.batch = 1, .time = 2048});
  double linear = 0;
  for (const StepCost& step : stepCosts(*plan))
    if (isProduct(step) && partOf(step.scope).starts_with("layers.")) linear += step.cost.flops;
  EXPECT_NEAR(linear / 26.53e12, 1, 0.002);
}

TEST(TradeOff, RoofByHand) {
  const LatencyModel model("d", "s", {.peak = 100, .bandwidth = 10, .launch = 0.5});
  StepCost step{.cost = {.flops = 400, .macs = 150, .bytesRead = 15, .bytesWritten = 5}};
  EXPECT_DOUBLE_EQ(model.seconds(step), 4.5);
  EXPECT_EQ(model.bound(step), Bound::Compute);
  step.cost.bytesRead = 95;
  EXPECT_DOUBLE_EQ(model.seconds(step), 10.5);
  EXPECT_EQ(model.bound(step), Bound::Memory);
  EXPECT_DOUBLE_EQ(model.roofs().ridge(), 10);
  step.cost.flops = 1, step.cost.bytesRead = 0, step.cost.bytesWritten = 1;
  EXPECT_EQ(model.bound(step), Bound::Launch);
  EXPECT_DOUBLE_EQ(energyPicojoules({.flops = 400, .macs = 150}), 150 * 3.7 + 150 * 0.9 + 100 * 0.9);
}

// Kernels that run at a rate of size^0.25: between measured sizes the model must find the curve.
TEST(TradeOff, LearnsASlowdownThatDependsOnSize) {
  LatencyModel model("d", "s", {.peak = 1e9, .bandwidth = 1e9, .launch = 1e-7});
  const auto seconds = [](double n) { return 4e-9 * std::pow(n, 0.75) + 1e-7; };
  std::vector<StepSample> samples;
  for (double n = 10; n < 1e7; n *= 3)
    samples.push_back(
        {.op = "add", .kind = "add", .flops = n, .bytes = 12 * n, .columns = n, .rows = 1, .seconds = seconds(n)});
  samples[5].seconds *= 40;  // a run that was interrupted
  model.learn(samples);
  for (const double n : {50.0, 777.0, 2e4, 1.5e6}) {
    const StepCost step{.op = "add",
                        .kind = "add",
                        .cost = {.flops = n, .bytesRead = 8 * n, .bytesWritten = 4 * n},
                        .columns = int64_t(n)};
    EXPECT_NEAR(model.seconds(step) / seconds(n), 1, 0.2) << n;
  }
}

TEST(TradeOff, MemoryTimelineFitsTheArena) {
  for (const char* id : {"hybrid-recall", "char-lm", "mamba-copy"})
    for (const char* mode : {"prefill", "decode", "train"}) {
      const auto plan = planOf(*preset(id), {.batch = 2, .time = 33, .mode = mode});
      const MemoryTimeline timeline = memoryTimeline(*plan);
      EXPECT_EQ(*std::max_element(timeline.live.begin(), timeline.live.end()), timeline.peakLive());
      EXPECT_LE(timeline.peakLive(), plan->arenaBytes);
      EXPECT_GE(double(timeline.peakLive()), 0.7 * double(plan->arenaBytes)) << id << mode;
      // Whatever is live at the same time lies apart.
      for (const LiveRange& a : timeline.ranges)
        for (const LiveRange& b : timeline.ranges) {
          if (&a == &b || a.last < b.first || b.last < a.first || a.bytes == 0 || b.bytes == 0) continue;
          EXPECT_TRUE(a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset)
              << id << ' ' << mode << ": " << a.label << ", " << b.label;
        }
      // Every step finds what it reads.
      const ir::Graph& graph = *plan->graph;
      for (size_t s = 0; s < plan->steps.size(); ++s)
        for (const ir::ValueRef& input : graph.nodes[size_t(plan->steps[s].node)].inputs) {
          const Placement& place = plan->places[size_t(input.node)][size_t(input.output)];
          if (place.where != Placement::Where::Arena || graph.type(input).bytes() == 0) continue;
          const bool isHeld = std::any_of(timeline.ranges.begin(), timeline.ranges.end(), [&](const LiveRange& range) {
            return range.offset == place.offset && range.first <= int(s) && int(s) <= range.last;
          });
          EXPECT_TRUE(isHeld) << id << ' ' << mode << " step " << s;
        }
    }
}

TEST(TradeOff, AnalysesOfADataSheet) {
  AnalyzeCall call{.architecture = preset("hybrid-recall")};
  for (const char* analysis : {"roofline", "latency", "memory"}) {
    call.analysis = analysis;
    call.options = {{"on", std::string("h100")}, {"mode", std::string("train")}, {"bits", std::string("16")}};
    const AnalysisResult result = analyze(call);
    EXPECT_NE(result.recipe.find("H100 SXM 80 GB, 16 bits (NVIDIA H100 data sheet"), std::string::npos)
        << result.recipe;
    EXPECT_FALSE(result.series.empty());
    EXPECT_FALSE(parseJson(analysisJson(result), "json").empty());
  }
  call.options = {{"on", std::string("abacus")}};
  EXPECT_THROW(analyze(call), Error);
  EXPECT_THROW(latencyModelOf("abacus", false), Error);
}

TEST(TradeOff, CalibrationFileRoundTripAndStrangers) {
  const TemporaryFolder folder;
  const DeviceInfo info = makeBackend("cpu")->info();
  const Calibration written{.device = "cpu",
                            .name = info.name,
                            .threads = info.threads,
                            .roofs = {3e11, 2e10, 1e-7},
                            .runSeconds = 1e-6,
                            .trainSeconds = 2e-5,
                            .tokenSeconds = 3e-9,
                            .samples = {{"add", "add x=y", 1, 2, 3, 4, 5, 6}}};
  const std::filesystem::path file = std::filesystem::path(folder.path()) / "deep" / "c.json";
  EXPECT_FALSE(loadCalibration(file, "cpu"));
  saveCalibration(written, file);
  const std::optional<Calibration> read = loadCalibration(file, "cpu");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->roofs.peak, 3e11);
  EXPECT_EQ(read->tokenSeconds, 3e-9);
  ASSERT_EQ(read->samples.size(), 1u);
  EXPECT_EQ(read->samples[0].kind, "add x=y");
  EXPECT_EQ(read->samples[0].footprint, 5);
  EXPECT_EQ(read->samples[0].seconds, 6);
  Calibration other = written;
  other.name = "another processor";
  saveCalibration(other, file);
  EXPECT_FALSE(loadCalibration(file, "cpu"));
}

TEST(TradeOff, FrontOfTrainedRuns) {
  const TemporaryFolder folder;
  for (const int64_t steps : {1, 2, 3}) {
    TrainCall call{.architecture = preset(steps == 2 ? "mamba-copy" : "attention-recall"),
                   .options = {.task = steps == 2 ? "selective_copy" : "mqar", .steps = steps, .batch = 4},
                   .out = std::filesystem::path(folder.path()) / "deep" / ("run" + std::to_string(steps))};
    if (steps != 2) call.options.taskOptions = {{"length", int64_t(16)}};
    train(call);
  }
  std::filesystem::create_directories(std::filesystem::path(folder.path()) / "broken");
  std::ofstream(std::filesystem::path(folder.path()) / "broken" / "run.json") << "{}";
  std::ofstream(std::filesystem::path(folder.path()) / "broken" / "model.fw.json") << "{}";
  EXPECT_EQ(runsIn(folder.path()).size(), 4u);
  const LatencyModel device = latencyModelOf("t4", false);
  const AnalysisResult result = analyzeRuns("pareto", {}, {folder.path()}, device);
  ASSERT_EQ(result.matrices.size(), 1u);
  EXPECT_EQ(result.matrices[0].rows, (std::vector<std::string>{"run1", "run2", "run3"}));
  EXPECT_EQ(result.warnings.size(), 2u);  // two tasks, one broken run
  const Architecture recall = *preset("attention-recall");
  EXPECT_EQ(result.matrices[0].at(0, 2), cost(recall, {}).parametersUnique);
  EXPECT_EQ(result.matrices[0].at(0, 3), cost(recall, {}).flops);
  ASSERT_EQ(result.scatters.size(), 4u);
  for (const Scatter& scatter : result.scatters) {
    EXPECT_EQ(scatter.points.size(), 3u);
    EXPECT_EQ(scatter.points[0].opens, (std::filesystem::path(folder.path()) / "deep" / "run1").string());
  }
  EXPECT_EQ(analyzeRuns("pareto", {{"task", std::string("mqar")}}, {folder.path()}, device).matrices[0].rows.size(),
            2u);
  expectError(
      [&] {
        analyzeRuns("pareto", {{"task", std::string("none")}}, {folder.path()}, device);
      },
      Code::Data, "[pareto] there is no run of task 'none'; train a model, or name a folder of runs.");
}

}  // namespace
}  // namespace fw
