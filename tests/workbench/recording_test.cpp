// Recordings: what stands in the file equals plain loops over the activations; comparisons across models, files and
// steps; memory that does not grow.
#include "engine/workbench/recording.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "engine/base/file.h"
#include "engine/presets/transformer.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

ArchitecturePtr stack(int64_t layers, int64_t width) {
  return std::make_shared<const Architecture>(transformer({.name = "Stack",
                                                           .vocabulary = 64,
                                                           .width = width,
                                                           .layers = layers,
                                                           .attention = {{"heads", int64_t(2)}},
                                                           .mlpParams = {{"hidden", int64_t(17)}}},
                                                          catalog()));
}

const Params kTaskOptions = {{"vocabulary", int64_t(64)}, {"length", int64_t(21)}};

AnalyzeCall callFor(const ArchitecturePtr& model, uint64_t seed = 1) {
  AnalyzeCall call;
  call.architecture = model;
  call.seed = seed;
  call.analysis = "representations";
  call.task = "random_tokens";
  call.taskOptions = kTaskOptions;
  call.batch = 3;
  call.batches = 2;
  return call;
}

TEST(Recording, EqualsPlainLoopsOverTheActivations) {
  const TemporaryFolder folder;
  AnalyzeCall call = callFor(stack(2, 12));
  call.recordFile = folder / "r.safetensors";
  call.recordSamples = 40;  // 20 of the 63 rows of each batch
  const AnalysisResult result = analyze(call);
  EXPECT_EQ(result.matrices.size(), 1u) << "the analysis is made all the same";

  const RecordingFile file(call.recordFile);
  EXPECT_EQ(file.model(), "Stack");
  EXPECT_EQ(file.data(),
            "at most 40 tokens of the test split of random_tokens (length 21, vocabulary 64), 6 rows, seed 1");
  EXPECT_EQ(file.rows(), 126);
  ASSERT_EQ(file.probes().size(), 4u);  // in and out of two layers
  const auto task = makeTask(call.task, call.taskOptions, 1);
  for (const ir::ProbeInfo& probe : file.probes()) {
    SCOPED_TRACE(probe.name);
    std::vector<float> all;
    std::vector<std::vector<float>> picked;
    for (int64_t batch = 0; batch < 2; ++batch) {
      const auto recorded =
          run(*call.architecture,
              {.inputs = {{"tokens", task->batch(Split::Test, batch, 3).at("tokens")}}, .record = probe.name});
      const std::vector<float> values = recorded.at("probe/" + probe.name).toFloats();
      all.insert(all.end(), values.begin(), values.end());
      for (int64_t s = 0; s < 20; ++s) {
        const auto row = values.begin() + (s * 63 / 20) * 12;
        picked.emplace_back(row, row + 12);
      }
    }
    const Tensor samples = file.tensor("samples", probe.name);
    ASSERT_EQ(samples.shape, (Shape{40, 12}));
    for (int64_t r = 0; r < 40; ++r)
      for (int64_t i = 0; i < 12; ++i) EXPECT_NEAR(samples.data()[r * 12 + i], picked[size_t(r)][size_t(i)], 1e-5);
    std::vector<int64_t> histogram(size_t(Recorder::kBins), 0);
    for (int64_t i = 0; i < 12; ++i) {
      double sum = 0, squares = 0, largest = 0;
      int64_t fired = 0;
      for (int64_t r = 0; r < 126; ++r) {
        const double x = all[size_t(r * 12 + i)];
        sum += x;
        squares += x * x;
        largest = std::max(largest, std::abs(x));
        fired += x > 0;
        const double bin = x == 0 ? 0 : std::floor(std::log2(std::abs(x))) + double(Recorder::kZeroBin);
        ++histogram[size_t(std::clamp(bin, 0.0, double(Recorder::kBins - 1)))];
      }
      EXPECT_NEAR(file.tensor("mean", probe.name).data()[i], sum / 126, 1e-5);
      EXPECT_NEAR(file.tensor("rms", probe.name).data()[i], std::sqrt(squares / 126), 1e-5);
      EXPECT_NEAR(file.tensor("largest", probe.name).data()[i], largest, 1e-5);
      EXPECT_EQ(file.tensor("fired", probe.name).data<int64_t>()[i], fired);
    }
    const Tensor bins = file.tensor("histogram", probe.name);
    for (int64_t b = 0; b < Recorder::kBins; ++b)
      EXPECT_NEAR(double(bins.data<int64_t>()[b]), double(histogram[size_t(b)]), 1) << b;  // rounding at a border
  }
}

TEST(Recording, AcrossModelsEqualsPairByPairAndAFileEqualsItsModel) {
  const TemporaryFolder folder;
  AnalyzeCall mine = callFor(stack(2, 12)), other = callFor(stack(3, 8));
  other.recordFile = folder / "other.safetensors";
  other.recordSamples = 60;
  other.modelName = "other";
  analyze(other);
  const DepthSamples x = depthSamples(mine, "mine", 60), y = depthSamples(other, "other", 60),
                     file = depthSamples(RecordingFile(other.recordFile));
  EXPECT_EQ(file.labels, y.labels);
  EXPECT_EQ(file.data, y.data);
  for (const char* id : {"cka_unbiased", "procrustes", "mutual_knn"}) {
    const ComparisonDef& comparison = findComparison(id);
    const Matrix across = compareDepths(x, y, comparison).matrices.at(0);
    ASSERT_EQ(across.rows.size(), 3u);
    ASSERT_EQ(across.columns.size(), 4u);
    EXPECT_EQ(compareDepths(x, file, comparison).matrices.at(0).values, across.values);
    for (size_t i = 0; i < 3; ++i)
      for (size_t j = 0; j < 4; ++j)
        EXPECT_NEAR(across.at(i, j), compare(comparison, {x.values[i].data(), 60, 12}, {y.values[j].data(), 60, 8}),
                    1e-5)
            << id << i << j;
    const Matrix self = compareDepths(x, x, comparison).matrices.at(0);
    for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(self.at(i, i), 1, 1e-6) << id;
  }
}

TEST(Recording, OtherSamplesAreRefused) {
  const ArchitecturePtr model = stack(1, 4);
  const DepthSamples x = depthSamples(callFor(model, 1), "x", 40), y = depthSamples(callFor(model, 2), "y", 40);
  expectError([&] { compareDepths(x, y, findComparison("cka")); }, Code::Data,
              "[y] 40 samples of at most 40 tokens of the test split of random_tokens (length 21, vocabulary 64), 6 "
              "rows, seed 2 cannot be compared with 40 of at most 40 tokens of the test split of random_tokens (length "
              "21, vocabulary 64), 6 rows, seed 1; expected the same samples.");
}

TEST(Recording, StepsOfATrainingAreFrames) {
  const TemporaryFolder folder;
  const ArchitecturePtr model = stack(2, 12);
  TrainCall training;
  training.architecture = model;
  training.options.task = "random_tokens";
  training.options.taskOptions = kTaskOptions;
  training.options.steps = 6;
  training.options.batch = 2;
  training.out = folder / "run";
  training.checkpointEvery = 2;
  training.evaluateEvery = 0;
  const ComparisonDef& comparison = findComparison("cka_unbiased");
  train(training);
  EXPECT_TRUE(keptSteps(training.out).empty());
  expectError([&] { compareSteps(callFor(model), training.out, comparison, 60); }, Code::Data,
              "[" + training.out.string() + "] keeps 0 checkpoints; expected at least 2 (train --keep-checkpoints).");
  training.keepsCheckpoints = training.replacesRun = true;
  train(training);
  EXPECT_EQ(keptSteps(training.out), (std::vector<int64_t>{0, 2, 4, 6}));
  EXPECT_EQ(weightsAt(training.out, 6).size(), openModel(training.out.string()).weights.size());

  const AnalysisResult result = compareSteps(callFor(model), training.out, comparison, 60);
  const Matrix &within = result.matrices.at(0), &toLast = result.matrices.at(1);
  EXPECT_EQ(within.frames, (std::vector<std::string>{"0", "2", "4", "6"}));
  ASSERT_EQ(within.values.size(), 4u * 9);
  ASSERT_EQ(toLast.values.size(), 4u * 9);
  const auto at = [](const Matrix& matrix, size_t frame, size_t r, size_t c) { return matrix.at(frame * 3 + r, c); };
  for (size_t frame = 0; frame < 4; ++frame)
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(at(within, frame, i, i), 1, 1e-6);
      EXPECT_EQ(result.curves.at(0).lines.at(i).values.at(frame), at(toLast, frame, i, i));
    }
  for (size_t i = 0; i < 9; ++i)
    EXPECT_NEAR(at(toLast, 3, i / 3, i % 3), at(within, 3, i / 3, i % 3), 1e-5) << "the last step with itself";
  EXPECT_LT(at(toLast, 0, 2, 2), 0.9999) << "training has changed something";
  // As files: frames are the first axis.
  writeAnalysis(result, folder / "out");
  EXPECT_NE(readFile(folder / "out/cka_unbiased.csv").find("step 4 / layers.1,"), std::string::npos);
  EXPECT_NE(readFile(folder / "out/cka_unbiased_over_steps.csv").find("step,in,layers.0,layers.1\n0,"),
            std::string::npos);
}

/// Resident memory of this process.
int64_t residentBytes() {
  std::ifstream in("/proc/self/statm");
  int64_t size = 0, resident = 0;
  in >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

TEST(Recording, MemoryDoesNotGrowWithTheData) {
  const TemporaryFolder folder;
  constexpr int64_t kBatches = 48, kRows = 256, kWidth = 512;
  const Recording batch{
      .probes = {{.name = "a:layer.out", .kind = "layer.out"}, {.name = "b:layer.out", .kind = "layer.out"}},
      .values = {Tensor::make(DType::F32, {1, kRows, kWidth}), Tensor::make(DType::F32, {1, kRows, kWidth})}};
  for (const Tensor& value : batch.values)
    for (int64_t i = 0; i < value.count(); ++i) value.memory.get()[i * 4] = std::byte(i % 7);
  Recorder recorder(folder / "large.safetensors", batch.probes, {batch.values[0].shape, batch.values[1].shape},
                    kBatches, 0, {{"model", "m"}, {"data", "d"}});
  recorder.consume(batch, {});
  const int64_t before = residentBytes();
  for (int64_t i = 1; i < kBatches; ++i) recorder.consume(batch, {});
  EXPECT_LT(residentBytes() - before, 4 << 20) << "48 MB have been written";
  recorder.finish();
  EXPECT_EQ(RecordingFile(folder / "large.safetensors").tensor("samples", "b:layer.out").shape,
            (Shape{kBatches * kRows, kWidth}));
}

TEST(Recording, OtherFilesAreRefused) {
  const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors";
  const auto refuse = [&](const std::map<std::string, Tensor>& tensors, const std::string& facts,
                          const std::string& sentence) {
    saveSafetensors(path, tensors, {{"recording", facts}});
    expectError([&] { RecordingFile{path}; }, Code::File, "[" + path + "] " + sentence);
  };
  saveSafetensors(path, {}, {});
  EXPECT_FALSE(isRecording(path));
  expectError([&] { RecordingFile{path}; }, Code::File,
              "[" + path + "] is no recording: its metadata lacks the key 'recording'.");
  const std::string head = R"({"format":"formwright-recording","version":1,"model":"m","data":"d","probes":[)";
  const std::string probe = R"({"name":"p","kind":"k","layer":0,"rows":4})";
  refuse({}, R"({"format":"formwright-recording","version":2})", "is no recording of version 1.");
  refuse({}, head + "]}", "holds no probe.");
  refuse({}, head + probe + "]}", "lacks 'samples/p'.");
  refuse({{"samples/p", Tensor::fromInts({2, 2}, {1, 2, 3, 4})}}, head + probe + "]}",
         "the samples of 'p' are no f32 [rows, width].");
  EXPECT_TRUE(isRecording(path));
}

}  // namespace
}  // namespace fw
