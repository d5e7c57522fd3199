// The templates learn what they are made for, on two cores, each within three minutes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/base/file.h"
#include "engine/presets/preset.h"
#include "engine/train/toy_language.h"
#include "engine/workbench/workbench.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

constexpr double kThreeMinutes = 180;

TrainResult trainPreset(const std::string& id, const Params& taskOptions, const std::filesystem::path& out,
                        uint64_t seed = 1) {
  const PresetDef& preset = *findPreset(id);
  TrainCall call{.architecture = std::make_shared<const Architecture>(preset.make(catalog())),
                 .options = {.task = preset.task,
                             .taskOptions = taskOptions,
                             .steps = preset.steps,
                             .batch = preset.batch,
                             .learningRate = preset.learningRate,
                             .seed = seed},
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

/// What a guess without a look scores: the commonest answer of each attribute, and the commonest code.
std::pair<double, double> blindScores(const Task& task) {
  std::vector<std::map<int64_t, double>> attributes(5);
  std::map<int64_t, double> codes;
  double pictures = 0, cells = 0;
  for (int64_t index = 0; index < 50; ++index) {
    const Batch batch = task.batch(Split::Test, index, 32);
    const Tensor& labels = batch.at("labels");
    for (int64_t row = 0; row < 32; ++row) {
      size_t word = 0;
      for (int64_t t = 0; t < labels.shape[1]; ++t) {
        const int64_t label = labels.data<int64_t>()[row * labels.shape[1] + t];
        if (label < 0) continue;
        if (row >= 16) {
          ++codes[label];
          ++cells;
        } else if (word < 5) {
          ++attributes[word++][label / 2];
        }
      }
      pictures += row < 16;
    }
  }
  const auto most = [](const std::map<int64_t, double>& counts) {
    double best = 0;
    for (const auto& [value, count] : counts) best = std::max(best, count);
    return best;
  };
  double names = 0;
  for (const auto& counts : attributes) names += most(counts) / pictures / 5;
  return {names, most(codes) / cells};
}

void expectForkedModelLearns(uint64_t seed) {
  const auto [names, drawings] = blindScores(*makeTask("image_text", {}, seed));
  EXPECT_LT(names, 0.45);
  EXPECT_LT(drawings, 0.3);
  const TemporaryFolder folder;
  const TrainResult result = trainPreset("forked-shapes", {}, std::filesystem::path(folder.path()) / "run", seed);
  EXPECT_GE(result.final.measures.at("accuracy"), 0.85);
  EXPECT_GE(result.final.measures.at("generation_accuracy"), 0.8);
  EXPECT_LE(result.seconds, kThreeMinutes);
}

TEST(LearningSlow, ForkedModelNamesAndDrawsPictures) { expectForkedModelLearns(1); }
TEST(LearningSlow, ForkedModelLearnsWithAnotherSeed) { expectForkedModelLearns(2); }

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
