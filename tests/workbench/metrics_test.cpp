// What a run writes: metrics in SQLite and in CSV agree with each other and with what the observer was told.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>
#include <sstream>
#include <tuple>

#include "engine/base/file.h"
#include "engine/presets/preset.h"
#include "engine/workbench/workbench.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace fw {
namespace {

using Key = std::tuple<int64_t, std::string, std::string>;  // step, split, name
using Metrics = std::map<Key, double>;

Metrics fromDatabase(const std::string& path) {
  Metrics metrics;
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  sqlite3_stmt* select = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(database, "SELECT step, split, name, value FROM metrics", -1, &select, nullptr),
            SQLITE_OK);
  while (sqlite3_step(select) == SQLITE_ROW) {
    const auto word = [&](int column) {
      return std::string(reinterpret_cast<const char*>(sqlite3_column_text(select, column)));
    };
    metrics[{sqlite3_column_int64(select, 0), word(1), word(2)}] =
        sqlite3_column_type(select, 3) == SQLITE_NULL ? NAN : sqlite3_column_double(select, 3);
  }
  sqlite3_finalize(select);
  sqlite3_close(database);
  return metrics;
}

Metrics fromCsv(const std::string& path) {
  Metrics metrics;
  std::istringstream in(readFile(path));
  std::string line, step, split, name, value;
  std::getline(in, line);
  EXPECT_EQ(line, "step,split,name,value");
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    std::getline(fields, step, ',');
    std::getline(fields, split, ',');
    std::getline(fields, name, ',');
    std::getline(fields, value);
    metrics[{std::stoll(step), split, name}] = std::stod(value);
  }
  return metrics;
}

TrainCall smallCall(const std::filesystem::path& out) {
  return {.architecture = std::make_shared<const Architecture>(findPreset("attention-recall")->make(catalog())),
          .options = {.taskOptions = {{"length", int64_t(16)}}, .steps = 5, .batch = 4},
          .out = out,
          .evaluateEvery = 2,
          .checkpointEvery = 2,
          .evaluationBatches = 2};
}

TEST(Metrics, DatabaseCsvAndObserverAgree) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  Metrics told;
  TrainObserver observer;
  observer.onStep = [&](const StepReport& report, int64_t steps, double left) {
    EXPECT_EQ(steps, 5);
    EXPECT_GE(left, 0);
    told[{report.step, "train", "loss"}] = report.loss;
    told[{report.step, "train", "gradient_norm"}] = report.gradientNorm;
    told[{report.step, "train", "learning_rate"}] = report.learningRate;
    for (const auto& [name, value] : report.measures) told[{report.step, "train", name}] = value;
  };
  observer.onEvaluation = [&](int64_t step, const Evaluation& evaluation) {
    told[{step, "test", "loss"}] = evaluation.loss;
    for (const auto& [name, value] : evaluation.measures) told[{step, "test", name}] = value;
  };
  const TrainResult result = train(smallCall(run), observer);
  const Metrics database = fromDatabase(run + "/metrics.sqlite"), csv = fromCsv(run + "/metrics.csv");
  EXPECT_EQ(database, told);
  ASSERT_EQ(csv.size(), told.size());
  for (const auto& [key, value] : told) EXPECT_NEAR(csv.at(key), value, 1e-8 * std::abs(value)) << std::get<2>(key);
  // Five steps of four numbers; tests after steps 2, 4 and 5 of two.
  EXPECT_EQ(told.size(), 5u * 4 + 3 * 2);
  EXPECT_EQ((told[{5, "test", "loss"}]), result.final.loss);
  EXPECT_EQ(result.reports.size(), 5u);
}

/// Steps after the checkpoint that a run goes on from are written again, not twice.
TEST(Metrics, ResumingReplacesWhatCameAfterTheCheckpoint) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  TrainCall call = smallCall(run);
  call.options.steps = 3;
  train(call);
  // As if killed in step 5: the checkpoint is that of step 3.
  const std::string checkpoint = readFile(run + "/checkpoint.safetensors");
  call.isResumed = true;
  call.options.steps = 5;
  train(call);
  const Metrics whole = fromDatabase(run + "/metrics.sqlite");
  writeFileAtomically(run + "/checkpoint.safetensors", checkpoint);
  train(call);
  EXPECT_EQ(fromDatabase(run + "/metrics.sqlite"), whole);
  EXPECT_EQ(readRun(run).step, 5);
  EXPECT_EQ(readRun(run).options.steps, 5);
}

/// A run that starts anew in a folder of an old one has nothing of it.
TEST(Metrics, StartingAnewIsAskedForAndForgetsTheOldRun) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  train(smallCall(run));
  TrainCall call = smallCall(run);
  call.options.steps = 1;
  expectError([&] { train(call); }, Code::Usage,
              "[" + run + "] holds a run already; expected another folder (--out), or --resume to go on with it.");
  call.replacesRun = true;
  train(call);
  for (const auto& [key, value] : fromDatabase(run + "/metrics.sqlite")) EXPECT_LE(std::get<0>(key), 1);
}

TEST(Training, PausedRunWaitsAndCancelEndsIt) {
  const TemporaryFolder folder;
  std::stop_source stop;
  int asked = 0;
  TrainObserver observer;
  observer.isPaused = [&] {
    if (++asked == 3) stop.request_stop();
    return true;
  };
  const TrainResult result = train(smallCall(folder / "run"), observer, stop.get_token());
  EXPECT_TRUE(result.wasCancelled);
  EXPECT_EQ(result.steps, 0);
  EXPECT_EQ(asked, 3);
}

TEST(Training, WeightsOfAnotherShapeAreRefused) {
  const TemporaryFolder folder;
  TrainCall call = smallCall(folder / "run");
  call.weights["layers.0.attention.q.weight"] = Tensor::fromFloats({1, 2}, {1, 2});
  expectError([&] { train(call); }, Code::Data,
              "[layers.0.attention.q.weight] the weights have [1,2]; expected [64,64].");
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

}  // namespace
}  // namespace fw
