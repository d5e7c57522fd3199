// Ten training steps of three small models against those of PyTorch in doubles (recipe beside the fixtures): every loss
// to 1e-4, the norm of each step's gradient to 1e-3, every gradient of the first step to 1e-3 of its largest element.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/io/safetensors.h"
#include "engine/presets/transformer.h"
#include "engine/train/token_loss.h"
#include "engine/train/trainer.h"
#include "tests/support/source_folder.h"

namespace fw {
namespace {

constexpr double kBeta1 = 0.9, kClip = 0.5;

using Tensors = std::map<std::string, Tensor>;

/// Batches that are stored.
class StoredTokens : public Task {
 public:
  StoredTokens(Tensors tensors, int64_t vocabulary) : tensors_(std::move(tensors)), vocabulary_(vocabulary) {}
  std::map<std::string, int64_t> dims(int64_t batch) const override { return {{"B", batch}, {"T", shape()[2]}}; }
  int64_t vocabulary() const override { return vocabulary_; }
  Batch batch(Split, int64_t index, int64_t batch) const override {
    Batch made;
    for (const char* name : {"tokens", "labels"}) {
      const int64_t count = batch * shape()[2];
      const int64_t* from = tensors_.at(name).data<int64_t>() + index * count;
      made[name] = Tensor::fromInts({batch, shape()[2]}, std::vector<int64_t>(from, from + count));
    }
    return made;
  }
  TaskLoss loss(ir::Builder& builder, const std::map<std::string, ir::Value>& outputs, int64_t batch) const override {
    return tokenLoss("stored", builder, outputs, batch, shape()[2], vocabulary_);
  }

 private:
  const Shape& shape() const { return tensors_.at("tokens").shape; }  // [steps,B,T]

  Tensors tensors_;
  int64_t vocabulary_;
};

Architecture gpt(double eps) {
  return transformer(
      {.name = "gpt",
       .vocabulary = 23,
       .width = 15,
       .layers = 2,
       .positions = 13,
       .norm = "norm.layer",
       .normParams = {{"eps", eps}},
       .attention = {{"heads", int64_t(3)}, {"positions", std::string("none")}, {"bias", std::string("all")}},
       .mlp = "mlp.mlp",
       .mlpParams = {{"hidden", int64_t(60)}, {"activation", std::string("gelu")}, {"bias", true}},
       .isTied = true},
      Catalog(allBlocks()));
}

Architecture llama(double eps) {
  return transformer({.name = "llama",
                      .vocabulary = 19,
                      .width = 24,
                      .layers = 2,
                      .norm = "norm.rms",
                      .normParams = {{"eps", eps}},
                      .attention = {{"heads", int64_t(4)}, {"kv_heads", int64_t(2)}},
                      .mlp = "mlp.gated",
                      .mlpParams = {{"hidden", int64_t(33)}},
                      .isTied = false,
                      .attentionBlock = "attention.grouped_query"},
                     Catalog(allBlocks()));
}

Architecture mamba(double eps) {
  const Catalog catalog(allBlocks());
  const Params norm = {{"eps", eps}};
  Sketch sketch("mamba", catalog);
  sketch.add("in", {{"kind", std::string("tokens")}, {"dims", std::string("B T")}}, "tokens");
  sketch.add("embedding.token", {{"vocabulary", int64_t(17)}, {"width", int64_t(14)}});
  Sketch layer = sketch.inside(sketch.add("structure.repeat", {{"count", int64_t(2)}}));
  layer.sublayer("norm.rms", "ssm.mamba", {{"state", int64_t(5)}, {"rank", int64_t(2)}}, norm);
  layer.finish();
  sketch.add("norm.rms", norm, "norm_final");
  sketch.add("head.language_model", {{"vocabulary", int64_t(17)}, {"tied", false}});
  sketch.add("out", {}, "logits");
  return sketch.result();
}

struct Model {
  const char* name;
  Architecture (*make)(double eps);
  double eps;
};

struct Stored {
  explicit Stored(const Model& model)
      : tensors(
            loadSafetensors(sourceFolder() + "/tests/fixtures/train_steps/" + model.name + ".safetensors").tensors) {}
  const Tensor& at(const std::string& name) const { return tensors.at(name); }
  Tensors tensors;
};

/// A trainer that starts from the stored weights; names and shapes must agree on both sides.
class StoredRun {
 public:
  StoredRun(const Model& model, double eps, const Stored& stored) : backend_(makeCpuBackend(2)) {
    const Architecture architecture = model.make(eps);
    const int64_t vocabulary = stored.at("weight/embedding.weight").shape[0];
    const Shape& batches = stored.at("tokens").shape;
    trainer_ = std::make_unique<Trainer>(std::make_shared<const Architecture>(architecture),
                                         TrainOptions{.optimizer = "adamw",
                                                      .optimizerOptions = {{"beta1", kBeta1}, {"weight_decay", 0.1}},
                                                      .steps = batches[0],
                                                      .batch = batches[1],
                                                      .learningRate = 0.02,
                                                      .warmup = 0.3,
                                                      .finalRate = 0.1,
                                                      .clip = kClip},
                                         *backend_, std::make_unique<StoredTokens>(stored.tensors, vocabulary));
    TrainState state = trainer_->state();
    for (auto& [name, tensor] : state.tensors)
      if (name.starts_with("parameter/")) tensor = stored.at("weight/" + name.substr(10));
    trainer_->restore(state);
  }
  Trainer& operator*() { return *trainer_; }
  Trainer* operator->() { return trainer_.get(); }

 private:
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Trainer> trainer_;
};

class TenSteps : public testing::TestWithParam<Model> {};

TEST_P(TenSteps, LossesAndNorms) {
  const Stored stored(GetParam());
  StoredRun run(GetParam(), GetParam().eps, stored);
  const std::vector<double> losses = stored.at("losses").toDoubles(), norms = stored.at("norms").toDoubles();
  ASSERT_EQ(losses.size(), 10u);
  for (size_t i = 0; i < losses.size(); ++i) {
    const StepReport report = run->step();
    EXPECT_NEAR(report.loss, losses[i], 1e-4 * losses[i]) << "step " << i + 1;
    EXPECT_NEAR(report.gradientNorm, norms[i], 1e-3 * norms[i]) << "step " << i + 1;
  }
}

// AdamW's first mean is (1 - beta1) times the clipped gradient. A gradient that is zero by the formula, as that of a
// bias of keys, is held to the rounding of the whole: 1e-6 of its norm.
TEST_P(TenSteps, GradientsOfTheFirst) {
  const Stored stored(GetParam());
  StoredRun run(GetParam(), GetParam().eps, stored);
  run->step();
  const double norm = stored.at("norms").toDoubles()[0], scale = std::min(1.0, kClip / (norm + 1e-6));
  const TrainState state = run->state();
  size_t compared = 0;
  for (const auto& [name, tensor] : stored.tensors) {
    if (!name.starts_with("gradient/")) continue;
    const Tensor& mean = state.tensors.at("optimizer/m/" + name.substr(9));
    ASSERT_EQ(mean.shape, tensor.shape) << name;
    const std::vector<double> expected = tensor.toDoubles(), found = mean.toDoubles();
    double largest = 0, worst = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
      largest = std::max(largest, std::abs(expected[i]));
      const double error = std::abs(found[i] / ((1 - kBeta1) * scale) - expected[i]);
      worst = std::isfinite(error) ? std::max(worst, error) : INFINITY;
    }
    EXPECT_LE(worst, 1e-3 * largest + 1e-6 * norm) << name << ", largest element " << largest;
    ++compared;
  }
  size_t parameters = 0;
  for (const auto& [name, tensor] : state.tensors) parameters += name.starts_with("parameter/");
  EXPECT_EQ(compared, parameters);
}

// The bounds are tight enough to see a norm's epsilon that is ten times too large.
TEST_P(TenSteps, SeesAWrongEpsilon) {
  const Stored stored(GetParam());
  StoredRun run(GetParam(), 10 * GetParam().eps, stored);
  const std::vector<double> losses = stored.at("losses").toDoubles();
  double worst = 0;
  for (const double loss : losses) worst = std::max(worst, std::abs(run->step().loss / loss - 1));
  EXPECT_GT(worst, 2e-4);
}

INSTANTIATE_TEST_SUITE_P(Models, TenSteps,
                         testing::Values(Model{"gpt", gpt, 1e-5}, Model{"llama", llama, 1e-6},
                                         Model{"mamba", mamba, 1e-5}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace fw
