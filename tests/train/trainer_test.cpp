// The trainer: schedule, clipping, accumulation, evaluation, resuming, and what it refuses.
#include "engine/train/trainer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/expect_error.h"
#include "tests/train/small_model.h"

namespace fw {
namespace {

/// Plain gradient descent at a constant rate: a step is -rate * gradient, so that steps tell gradients.
TrainOptions plain(int64_t batch) {
  return {.task = "mqar",
          .taskOptions = {{"vocabulary", int64_t(16)}, {"pairs", int64_t(2)}, {"length", int64_t(12)}},
          .optimizer = "sgd",
          .optimizerOptions = {{"momentum", 0.0}},
          .steps = 100,
          .batch = batch,
          .learningRate = 0.5,
          .warmup = 0,
          .finalRate = 1,
          .clip = 0,
          .seed = 3};
}

using State = std::map<std::string, std::vector<float>>;

State parameters(const Trainer& trainer) {
  State state;
  for (const auto& [name, tensor] : trainer.state().tensors) state[name] = tensor.toFloats();
  return state;
}

/// after - before, in doubles.
std::map<std::string, std::vector<double>> change(const State& before, const State& after) {
  std::map<std::string, std::vector<double>> out;
  for (const auto& [name, values] : before)
    for (size_t i = 0; i < values.size(); ++i) out[name].push_back(double(after.at(name)[i]) - values[i]);
  return out;
}

double normOf(const std::map<std::string, std::vector<double>>& tensors) {
  double squares = 0;
  for (const auto& [name, values] : tensors)
    for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

class TrainerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Trainer> make(const TrainOptions& options) {
    return std::make_unique<Trainer>(smallModel(16), options, *backend_);
  }
  std::unique_ptr<Backend> backend_ = makeCpuBackend(1);
};

TEST(Schedule, WarmUpIsALineAndTheRestACosine) {
  const TrainOptions options{.steps = 100, .warmup = 0.1, .finalRate = 0.1};
  EXPECT_NEAR(scheduledRate(options, 2, 1), 0.2, 1e-12);
  EXPECT_NEAR(scheduledRate(options, 2, 5), 1.0, 1e-12);
  EXPECT_NEAR(scheduledRate(options, 2, 10), 2.0, 1e-12);
  // A third of the way down: cos(pi / 3) = 1/2, so 3/4 of the range is left; then half, then a quarter, then none.
  EXPECT_NEAR(scheduledRate(options, 2, 40), 2 * (0.1 + 0.9 * 0.75), 1e-12);
  EXPECT_NEAR(scheduledRate(options, 2, 55), 2 * (0.1 + 0.9 * 0.5), 1e-12);
  EXPECT_NEAR(scheduledRate(options, 2, 70), 2 * (0.1 + 0.9 * 0.25), 1e-12);
  EXPECT_NEAR(scheduledRate(options, 2, 100), 0.2, 1e-12);
  EXPECT_NEAR(scheduledRate(options, 2, 150), 0.2, 1e-12);
}

TEST(Schedule, WithoutWarmUpAndWithNothingElse) {
  EXPECT_NEAR(scheduledRate({.steps = 4, .warmup = 0, .finalRate = 0}, 1, 2), 0.5, 1e-12);
  EXPECT_NEAR(scheduledRate({.steps = 4, .warmup = 0, .finalRate = 0}, 1, 4), 0, 1e-12);
  EXPECT_NEAR(scheduledRate({.steps = 4, .warmup = 1, .finalRate = 0.1}, 1, 3), 0.75, 1e-12);
  EXPECT_NEAR(scheduledRate({.steps = 4, .warmup = 1, .finalRate = 0.1}, 1, 4), 1, 1e-12);
}

TEST_F(TrainerTest, StepsUseTheScheduledRate) {
  TrainOptions options = plain(4);
  options.warmup = 0.05;
  const auto slow = make(options);
  EXPECT_NEAR(slow->step().learningRate, 0.1, 1e-12);
  EXPECT_NEAR(slow->step().learningRate, 0.2, 1e-12);
}

/// The factor is min(1, limit / (norm + 1e-6)) for all parameters together.
TEST_F(TrainerTest, ClippingScalesTheWholeGradient) {
  const auto free = make(plain(4));
  const State start = parameters(*free);
  const double reported = free->step().gradientNorm;
  auto gradient = change(start, parameters(*free));
  for (auto& [name, values] : gradient)
    for (double& value : values) value /= -0.5;
  const double norm = normOf(gradient);
  EXPECT_NEAR(reported, norm, 1e-4 * norm);
  for (const double limit : {0.1 * norm, 0.9 * norm, 10 * norm}) {
    TrainOptions options = plain(4);
    options.clip = limit;
    const auto clipped = make(options);
    EXPECT_NEAR(clipped->step().gradientNorm, norm, 1e-4 * norm) << "the norm is that before clipping";
    const auto moved = change(start, parameters(*clipped));
    const double factor = std::min(1.0, limit / (norm + 1e-6));
    for (const auto& [name, values] : gradient)
      for (size_t i = 0; i < values.size(); ++i)
        EXPECT_NEAR(moved.at(name)[i], -0.5 * factor * values[i], 2e-6) << name << " " << i;
  }
}

/// Two pieces of four rows move the weights by the mean of what each piece alone would: a batch of eight.
TEST_F(TrainerTest, AccumulationIsTheMeanOfItsPieces) {
  const auto half = make(plain(4));
  TrainState start = half->state();
  const State before = parameters(*half);
  std::vector<std::map<std::string, std::vector<double>>> pieces;
  double loss = 0;
  for (int64_t piece = 0; piece < 2; ++piece) {
    start.step = piece;  // batch number `piece`, from the same weights
    half->restore(start);
    loss += half->step().loss / 2;
    pieces.push_back(change(before, parameters(*half)));
  }
  TrainOptions options = plain(8);
  options.accumulate = 2;
  const auto whole = make(options);
  ASSERT_EQ(parameters(*whole), before) << "the state starts with the parameters alone";
  EXPECT_NEAR(whole->step().loss, loss, 1e-5);
  const auto moved = change(before, parameters(*whole));
  double largest = 0;
  for (const auto& [name, values] : moved)
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_NEAR(values[i], (pieces[0].at(name)[i] + pieces[1].at(name)[i]) / 2, 1e-6) << name << " " << i;
      largest = std::max(largest, std::abs(pieces[0].at(name)[i] - pieces[1].at(name)[i]));
    }
  EXPECT_GT(largest, 1e-3) << "the pieces differ, so that their mean says something";
}

/// Nothing of a step stays in the sums that the next one starts from.
TEST_F(TrainerTest, AccumulationStartsEachStepFromZero) {
  TrainOptions options = plain(4);
  options.accumulate = 2;
  const auto twice = make(options);
  twice->step();
  const TrainState after = twice->state();
  const State before = parameters(*twice);
  twice->step();
  const auto expected = change(before, parameters(*twice));
  const auto fresh = make(options);
  fresh->restore(after);
  fresh->step();
  EXPECT_EQ(change(before, parameters(*fresh)), expected);
}

TEST_F(TrainerTest, EvaluationLooksAtOtherDataAndChangesNothing) {
  const auto trainer = make(plain(4));
  const State before = parameters(*trainer);
  const Evaluation first = trainer->evaluate(3);
  EXPECT_EQ(first.rows, 12);
  EXPECT_EQ(parameters(*trainer), before);
  EXPECT_EQ(trainer->stepsDone(), 0);
  EXPECT_EQ(trainer->evaluate(3).loss, first.loss);
  // Held out: the loss of the test split is not that of the training batches.
  EXPECT_NE(trainer->step().loss, make(plain(4))->evaluate(1).loss);
}

TEST_F(TrainerTest, TrainingLowersTheLoss) {
  TrainOptions options = plain(16);
  options.optimizer = "adamw";
  options.optimizerOptions = {};
  options.learningRate = 0.01;
  options.taskOptions["noise"] = false;
  const auto trainer = make(options);
  const double before = trainer->evaluate(4).loss;
  for (int i = 0; i < 60; ++i) trainer->step();
  EXPECT_LT(trainer->evaluate(4).loss, before - 0.3);
}

TEST_F(TrainerTest, StateGoesOnBitForBitWithEveryOptimizer) {
  for (const OptimizerDef& optimizer : allOptimizers()) {
    TrainOptions options = plain(4);
    options.optimizer = optimizer.id;
    options.optimizerOptions = {};
    options.learningRate = 1e-2;
    const auto whole = make(options), first = make(options), second = make(options);
    for (int i = 0; i < 5; ++i) whole->step();
    for (int i = 0; i < 2; ++i) first->step();
    second->restore(first->state());
    EXPECT_EQ(second->stepsDone(), 2);
    for (int i = 0; i < 3; ++i) second->step();
    EXPECT_EQ(parameters(*second), parameters(*whole)) << optimizer.id;
  }
}

TEST_F(TrainerTest, RestoringNamesWhatDoesNotFit) {
  const auto trainer = make(plain(4));
  const State before = parameters(*trainer);
  TrainState state = trainer->state();
  const auto at = state.tensors.find("parameter/mlp.up.weight");
  ASSERT_NE(at, state.tensors.end());
  at->second = Tensor::fromFloats({2}, {1, 2});
  expectError([&] { trainer->restore(state); }, Code::Data,
              "[checkpoint] 'parameter/mlp.up.weight' is f32[2]; expected f32[20,12].");
  state.tensors.erase(at);
  expectError([&] { trainer->restore(state); }, Code::Data, "[checkpoint] has no tensor 'parameter/mlp.up.weight'.");
  EXPECT_EQ(parameters(*trainer), before);
}

TEST_F(TrainerTest, OptionsAreChecked) {
  const auto refuse = [&](const std::function<void(TrainOptions&)>& change, const std::string& sentence) {
    TrainOptions options = plain(4);
    change(options);
    expectError([&] { make(options); }, Code::Usage, sentence);
  };
  refuse([](TrainOptions& o) { o.batch = 0; },
         "[train] a batch of 0 cannot be computed in 1 pieces; expected a divisor.");
  refuse([](TrainOptions& o) { o.accumulate = 3; },
         "[train] a batch of 4 cannot be computed in 3 pieces; expected a divisor.");
  refuse([](TrainOptions& o) { o.steps = -1; }, "[train] cannot do -1 steps.");
  refuse([](TrainOptions& o) { o.learningRate = NAN; }, "[train] the learning rate nan is no positive number.");
  refuse([](TrainOptions& o) { o.taskOptions["pairs"] = int64_t(4); },
         "[mqar] length 12 is too short for 4 pairs; expected at least 16.");
  refuse([](TrainOptions& o) { o.taskOptions["length"] = int64_t(13); },
         "[mqar] length is 13; expected an even number.");
  refuse([](TrainOptions& o) { o.optimizerOptions["momentum"] = 2.0; },
         "[sgd.momentum] 2 is too large; expected 0 to 0.9999.");
  refuse([](TrainOptions& o) { o.optimizerOptions["spin"] = 2.0; },
         "[sgd] has no option 'spin'; it has: momentum, nesterov, weight_decay.");
  TrainOptions larger = plain(4);
  larger.taskOptions["vocabulary"] = int64_t(64);
  expectError([&] { make(larger); }, Code::Shape,
              "[mqar] output 'logits' has 16 classes; expected at least 64 for the vocabulary of the task.");
}

/// Weights that are not finite are found in the first op that reads them; the state stays as it was.
TEST_F(TrainerTest, NotFiniteNamesOpAndBlockAndChangesNothing) {
  for (const int64_t accumulate : {1, 2}) {
    TrainOptions options = plain(4);
    options.accumulate = accumulate;
    const auto trainer = make(options);
    TrainState state = trainer->state();
    Tensor broken = Tensor::make(DType::F32, {20, 12});
    std::fill_n(broken.data(), 240, 1.0f);
    broken.data()[17] = INFINITY;
    state.tensors["parameter/mlp.up.weight"] = broken;
    trainer->restore(state);
    const State before = parameters(*trainer);
    try {
      trainer->step();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::Numeric);
      EXPECT_EQ(std::string(error.what())
                    .find("[train] the loss of step 1 is not finite; first in op 'matmul_group' of 'mlp': "),
                0u)
          << error.what();
    }
    EXPECT_EQ(parameters(*trainer), before);
    EXPECT_EQ(trainer->stepsDone(), 0);
  }
}

}  // namespace
}  // namespace fw
