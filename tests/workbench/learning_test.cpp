// The templates learn what they are made for, on two cores, each within three minutes.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/file.h"
#include "engine/presets/preset.h"
#include "engine/train/toy_language.h"
#include "engine/workbench/workbench.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

constexpr double kThreeMinutes = 180;

TrainResult trainPreset(const std::string& id, const Params& taskOptions, const std::filesystem::path& out) {
  const PresetDef& preset = *findPreset(id);
  TrainCall call{.architecture = std::make_shared<const Architecture>(preset.make(catalog())),
                 .options = {.task = preset.task,
                             .taskOptions = taskOptions,
                             .steps = preset.steps,
                             .batch = preset.batch,
                             .learningRate = preset.learningRate},
                 .out = out,
                 .evaluateEvery = 0};
  return train(call);
}

TEST(LearningSlow, AttentionSolvesMultiQueryRecall) {
  const TemporaryFolder folder;
  const TrainResult result =
      trainPreset("attention-recall", {{"vocabulary", int64_t(64)}, {"pairs", int64_t(4)}, {"length", int64_t(32)}},
                  std::filesystem::path(folder.path()) / "run");
  EXPECT_GE(result.final.measures.at("accuracy"), 0.99);
  EXPECT_LE(result.seconds, kThreeMinutes);
}

TEST(LearningSlow, MambaSolvesSelectiveCopying) {
  const TemporaryFolder folder;
  const TrainResult result = trainPreset("mamba-copy", {}, std::filesystem::path(folder.path()) / "run");
  EXPECT_GE(result.final.measures.at("accuracy"), 0.99);
  EXPECT_LE(result.seconds, kThreeMinutes);
}

/// Cross-entropy of the last tenth under bigram counts of the rest, one added to every count; nats a byte.
double bigramLoss(const std::string& text) {
  const size_t split = text.size() - text.size() / 10;
  std::vector<double> pairs(256 * 256, 1), firsts(256, 256);
  for (size_t i = 0; i + 1 < split; ++i) {
    ++pairs[uint8_t(text[i]) * 256 + uint8_t(text[i + 1])];
    ++firsts[uint8_t(text[i])];
  }
  double loss = 0;
  for (size_t i = split; i + 1 < text.size(); ++i)
    loss -= std::log(pairs[uint8_t(text[i]) * 256 + uint8_t(text[i + 1])] / firsts[uint8_t(text[i])]);
  return loss / double(text.size() - split - 1);
}

TEST(LearningSlow, CharacterModelBeatsBigramsOnAMegabyte) {
  const TemporaryFolder folder;
  const std::filesystem::path base = folder.path();
  const std::string text = toyText(1'000'000, 11).text;
  writeFileAtomically((base / "text.txt").string(), text);
  const TrainResult result = trainPreset("char-lm", {{"file", (base / "text.txt").string()}}, base / "run");
  EXPECT_LT(result.final.loss, bigramLoss(text));
  EXPECT_LE(result.seconds, kThreeMinutes);
}

/// Half the steps, a checkpoint, the other half: the same bits as in one go.
TEST(Learning, ResumesBitForBit) {
  const TemporaryFolder folder;
  const std::filesystem::path base = folder.path();
  TrainCall call{.architecture = std::make_shared<const Architecture>(findPreset("attention-recall")->make(catalog())),
                 .options = {.steps = 6, .batch = 4},
                 .out = base / "whole",
                 .evaluateEvery = 0};
  train(call);
  call.out = base / "halves";
  TrainObserver observer;
  std::stop_source stop;
  observer.onStep = [&](const StepReport& report, int64_t, double) {
    if (report.step == 3) stop.request_stop();
  };
  EXPECT_TRUE(train(call, observer, stop.get_token()).wasCancelled);
  EXPECT_EQ(readRun(base / "halves").step, 3);
  call.isResumed = true;
  train(call);
  EXPECT_EQ(readFile((base / "halves" / "checkpoint.safetensors").string()),
            readFile((base / "whole" / "checkpoint.safetensors").string()));
  EXPECT_EQ(readFile((base / "halves" / "metrics.csv").string()), readFile((base / "whole" / "metrics.csv").string()));
}

}  // namespace
}  // namespace fw
