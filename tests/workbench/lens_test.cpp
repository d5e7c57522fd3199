// The logit lens and the alignment of modalities through the whole program.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/analysis/comparison.h"
#include "engine/arch/editor.h"
#include "engine/presets/preset.h"
#include "engine/presets/transformer.h"
#include "engine/workbench/drop.h"
#include "tests/support/expect_error.h"

namespace fw {
namespace {

ArchitecturePtr stack(int64_t layers) {
  return std::make_shared<const Architecture>(transformer({.name = "Stack",
                                                           .vocabulary = 64,
                                                           .width = 12,
                                                           .layers = layers,
                                                           .attention = {{"heads", int64_t(3)}},
                                                           .mlpParams = {{"hidden", int64_t(9)}}},
                                                          catalog()));
}

AnalyzeCall callFor(const ArchitecturePtr& model, const std::string& analysis) {
  AnalyzeCall call;
  call.architecture = model;
  call.weights = startingWeights(*model, 3);
  for (auto& [name, value] : call.weights)
    for (int64_t i = 0; i < value.count(); ++i) value.data()[i] *= 6;
  call.analysis = analysis;
  call.task = "random_tokens";
  call.taskOptions = {{"vocabulary", int64_t(64)}, {"length", int64_t(11)}};
  call.batch = 2;
  call.batches = 3;
  return call;
}

/// softmax of the model's logits on a batch, row by row, in double.
std::vector<std::vector<double>> probabilities(const AnalyzeCall& call, const Architecture& model, int64_t batch) {
  const auto task = makeTask(call.task, call.taskOptions, call.seed);
  const Tensor logits = run(model, {.inputs = {{"tokens", task->batch(Split::Test, batch, call.batch).at("tokens")}},
                                    .weights = weightsFor(model, call.weights)})
                            .at("logits");
  std::vector<std::vector<double>> rows;
  for (int64_t r = 0; r < logits.count() / 64; ++r) {
    std::vector<double> p(64);
    double sum = 0;
    for (size_t v = 0; v < 64; ++v) sum += p[v] = std::exp(double(logits.data()[r * 64 + int64_t(v)]));
    for (double& value : p) value /= sum;
    rows.push_back(p);
  }
  return rows;
}

size_t topOf(const std::vector<double>& p) { return size_t(std::max_element(p.begin(), p.end()) - p.begin()); }

/// The lens at a layer is what the model would say if the layers after it were gone: an independent way to the same.
TEST(LogitLens, EachDepthEqualsTheModelWithoutTheLayersAfterIt) {
  const ArchitecturePtr model = stack(3);
  const AnalyzeCall call = callFor(model, "logit_lens");
  const AnalysisResult result = analyze(call);
  const Matrix& guesses = result.matrices.at(0);
  ASSERT_EQ(guesses.rows, (std::vector<std::string>{"in", "layers.0", "layers.1", "layers.2"}));
  ASSERT_EQ(guesses.columns.size(), 11u);
  const Curves &nats = result.curves.at(0), &agreement = result.curves.at(1);
  ASSERT_EQ(nats.lines.size(), 3u);
  const auto task = makeTask(call.task, call.taskOptions, call.seed);
  std::vector<std::vector<std::vector<double>>> all;  // [depth][token of all batches][vocabulary]
  for (int64_t depth = 0; depth <= 3; ++depth) {
    Editor editor(*model, catalog());
    std::vector<DropItem> gone;
    for (int64_t layer = depth; layer < 3; ++layer) gone.push_back({layer, "block"});
    drop(editor, layersOf(*model), gone);
    all.emplace_back();
    for (int64_t batch = 0; batch < 3; ++batch)
      for (auto& row : probabilities(call, editor.result(), batch)) all.back().push_back(std::move(row));
  }
  for (size_t depth = 0; depth <= 3; ++depth) {
    double loss = 0, divergence = 0, entropy = 0, agreeing = 0, asked = 0;
    for (size_t r = 0; r < 66; ++r) {
      const std::vector<double>&p = all[depth][r], &last = all[3][r];
      for (size_t v = 0; v < 64; ++v) {
        entropy -= p[v] * std::log(p[v]) / 66;
        divergence += last[v] * std::log(last[v] / p[v]) / 66;
      }
      agreeing += double(topOf(p) == topOf(last)) / 66;
      if (r % 11 == 10) continue;
      const Tensor tokens = task->batch(Split::Test, int64_t(r / 22), 2).at("tokens");
      loss -= std::log(p[size_t(tokens.data<int64_t>()[r % 22 + 1])]);
      ++asked;
    }
    EXPECT_NEAR(nats.lines[0].values[depth], loss / asked, 1e-4) << depth;
    EXPECT_NEAR(nats.lines[1].values[depth], divergence, 1e-4) << depth;
    EXPECT_NEAR(nats.lines[2].values[depth], entropy, 1e-4) << depth;
    EXPECT_NEAR(agreement.lines[0].values[depth], agreeing, 1e-9) << depth;
    for (size_t t = 0; t < 11; ++t) {
      EXPECT_NEAR(guesses.at(depth, t), *std::max_element(all[depth][t].begin(), all[depth][t].end()), 1e-5);
      EXPECT_EQ(guesses.cells[depth * 11 + t], std::to_string(topOf(all[depth][t])));
    }
  }
  EXPECT_EQ(agreement.lines[0].values[3], 1);
  EXPECT_NEAR(agreement.lines[1].values[3], 1, 1e-12) << "at the end all have settled";
  EXPECT_LT(agreement.lines[0].values[0], 1);
}

TEST(LogitLens, FollowsABranchToo) {
  AnalyzeCall call;
  call.architecture = std::make_shared<const Architecture>(findPreset("forked-shapes")->make(catalog()));
  call.analysis = "logit_lens";
  call.task = "image_text";
  call.batch = 2;
  call.batches = 1;
  EXPECT_NO_THROW(analyze(call)) << "a branch of its own goes on to the scores";
}

/// Recomputed on the host from recorded streams, with a comparison of our own table.
TEST(Alignment, EqualsPooledStreamsAndReference) {
  AnalyzeCall call;
  call.architecture = std::make_shared<const Architecture>(findPreset("forked-shapes")->make(catalog()));
  call.analysis = "alignment";
  call.options = {{"comparison", std::string("cka_unbiased")}, {"tolerance", 0.0}};
  call.task = "image_text";
  call.batch = 12;
  call.batches = 2;
  const AnalysisResult result = analyze(call);
  const Curves& curves = result.curves.at(0);
  ASSERT_EQ(curves.lines.size(), 2u);
  EXPECT_EQ(curves.labels.size(), 7u);  // in, three shared, three of a branch
  const auto task = makeTask("image_text", {}, 1);
  const char* probes[2][3] = {{"layers.0:layer.in", "layers.2:layer.out", "fork.understanding.layers.2:layer.out"},
                              {"layers.0:layer.in", "layers.2:layer.out", "fork.generation.layers.2:layer.out"}};
  const size_t depths[] = {0, 3, 6};
  std::vector<std::map<std::string, Tensor>> recorded;
  for (int64_t batch = 0; batch < 2; ++batch)
    recorded.push_back(
        run(*call.architecture,
            {.inputs = {{"tokens", task->batch(Split::Test, batch, 12).at("tokens")}}, .record = "*:layer.*"}));
  for (const size_t direction : {0u, 1u})
    for (size_t which = 0; which < 3; ++which) {
      std::vector<float> image, reference;
      int64_t width = 0;
      for (int64_t batch = 0; batch < 2; ++batch) {
        const Batch facts = task->modalities(Split::Test, batch, 12);
        const Tensor& value = recorded[size_t(batch)].at(std::string("probe/") + probes[direction][which]);
        width = value.shape[2];
        const int64_t first = value.shape[0] == 12 && direction == 1 ? 6 : 0;  // a branch holds its half alone
        for (int64_t row = 0; row < 6; ++row) {
          // BOS IMG codes..., and BOS five words IMG codes...
          const int64_t start = direction == 0 ? 2 : 7;
          for (int64_t i = 0; i < width; ++i) {
            double sum = 0;
            for (int64_t t = start; t < start + 64; ++t)
              sum += double(value.data()[((first + row) * 72 + t) * width + i]);
            image.push_back(float(sum / 64));
          }
          const float* of = facts.at("reference").data() + (int64_t(direction) * 6 + row) * 64;
          reference.insert(reference.end(), of, of + 64);
        }
      }
      EXPECT_NEAR(curves.lines[direction].values[depths[which]],
                  compare(findComparison("cka_unbiased"), {image.data(), 12, width}, {reference.data(), 12, 64}), 1e-4)
          << direction << " " << which;
    }
  EXPECT_FALSE(result.series.empty()) << "without a tolerance the curves part somewhere";
}

TEST(Alignment, OtherDataIsRefused) {
  expectError([] { analyze(callFor(stack(2), "alignment")); }, Code::Data,
              "[alignment] the data says nothing of modalities and the model has no two towers; expected the task "
              "image_text, or pictures and texts in pairs for a model of two towers.");
}

}  // namespace
}  // namespace fw
