// The attention analysis on calls whose weights are known.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "engine/analysis/analysis.h"
#include "engine/base/error.h"
#include "engine/exec/executor.h"
#include "engine/ops/attention.h"

namespace fw {
namespace {

constexpr int64_t kBatch = 2, kTime = 5, kHeads = 2, kWidth = 3;

/// One call of attention in a scope of its own; q and k are the inputs.
ir::Graph oneAttention(bool isCausal) {
  ir::Builder builder;
  const ir::TensorType type{DType::F32, {kBatch, kTime, kHeads, kWidth}};
  const ir::Value q = builder.input("q", type), k = builder.input("k", type);
  const ir::ScopeGuard guard(builder, "layers.0.attention", 7);
  builder.output("y", ir::attention(q, k, k, {.scale = 1, .isCausal = isCausal}));
  return builder.finish();
}

Params params(int64_t head) { return {{"layer", int64_t(0)}, {"head", head}}; }

AnalysisResult analyzed(const ir::Graph& graph, const Tensor& q, const Tensor& k, int64_t head = -1) {
  const std::unique_ptr<Backend> backend = makeCpuBackend(1);
  Store store(*backend);
  return analyze(
      planAnalysis(findAnalysis("attention"), params(head), graph, *backend), store,
      [&](int64_t index) {
        return index < 2 ? std::map<std::string, Tensor>{{"q", q}, {"k", k}} : std::map<std::string, Tensor>{};
      },
      "");
}

Tensor filled(const std::function<double(int64_t b, int64_t t, int64_t h, int64_t i)>& value) {
  Tensor x = Tensor::make(DType::F32, {kBatch, kTime, kHeads, kWidth});
  float* out = x.data();
  for (int64_t b = 0; b < kBatch; ++b)
    for (int64_t t = 0; t < kTime; ++t)
      for (int64_t h = 0; h < kHeads; ++h)
        for (int64_t i = 0; i < kWidth; ++i) *out++ = float(value(b, t, h, i));
  return x;
}

double of(const AnalysisResult& result, const std::string& name, size_t row, size_t column) {
  for (const Matrix& matrix : result.matrices)
    if (matrix.name == name) return matrix.at(row, column);
  ADD_FAILURE() << "no " << name;
  return 0;
}

TEST(AttentionAnalysis, EvenWeightsHaveEntropyOne) {
  const Tensor zero = filled([](int64_t, int64_t, int64_t, int64_t) { return 0; });
  const AnalysisResult result = analyzed(oneAttention(true), zero, zero);
  for (size_t h = 0; h < 2; ++h) {
    EXPECT_NEAR(of(result, "head_entropy", 0, h), 1, 1e-6);
    EXPECT_NEAR(of(result, "head_sink", 0, h), (1 + 1 / 2. + 1 / 3. + 1 / 4. + 1 / 5.) / 5, 1e-6);
    EXPECT_NEAR(of(result, "head_distance", 0, h), (0 + 0.5 + 1 + 1.5 + 2) / 5, 1e-6);
  }
  EXPECT_NEAR(result.series[0].values[0], 0, 1e-6) << "equal heads do not differ";
  EXPECT_NEAR(of(result, "map", 3, 1), 0.25, 1e-6);
  EXPECT_EQ(of(result, "map", 1, 3), 0) << "a later key is hidden";
  EXPECT_EQ(result.series[0].labels[0], "layers.0.attention");
  EXPECT_EQ(result.series[0].origins[0], 7);
}

/// Head 0 looks at the first token alone, head 1 at the query's own place.
TEST(AttentionAnalysis, SinksAndOwnPlaces) {
  const Tensor q = filled(
      [](int64_t, int64_t t, int64_t h, int64_t i) { return h == 0 ? (i == 0 ? 100 : 0) : (i == t % 3 ? 100 : 0); });
  const Tensor k = filled([](int64_t, int64_t t, int64_t h, int64_t i) {
    if (h == 0) return double(t == 0 && i == 0);
    return i == t % 3 ? 1.0 + double(t) : 0.0;  // of the keys alike, the latest
  });
  const AnalysisResult result = analyzed(oneAttention(true), q, k, 1);
  EXPECT_NEAR(of(result, "head_entropy", 0, 0), 0, 1e-6);
  EXPECT_NEAR(of(result, "head_sink", 0, 0), 1, 1e-6);
  EXPECT_NEAR(of(result, "head_distance", 0, 0), (0 + 1 + 2 + 3 + 4) / 5.0, 1e-6);
  EXPECT_NEAR(of(result, "head_sink", 0, 1), 1 / 5.0, 1e-6);
  EXPECT_NEAR(of(result, "head_distance", 0, 1), 0, 1e-6);
  EXPECT_NEAR(of(result, "map", 4, 4), 1, 1e-6);
  EXPECT_EQ(result.series[1].values[0], 1) << "one head is a sink";
  // Query 0 agrees; the others are certain of different keys.
  EXPECT_NEAR(result.series[0].values[0], 4 / 5.0 * std::numbers::ln2, 1e-6);
}

/// The weights of a random call against softmax in double.
TEST(AttentionAnalysis, MapEqualsSoftmax) {
  const Tensor q =
      filled([](int64_t b, int64_t t, int64_t h, int64_t i) { return std::sin(double(7 * b + 3 * t + 5 * h + i)); });
  const Tensor k =
      filled([](int64_t b, int64_t t, int64_t h, int64_t i) { return std::cos(double(2 * b + 11 * t + h + 4 * i)); });
  for (const bool isCausal : {false, true}) {
    const AnalysisResult result = analyzed(oneAttention(isCausal), q, k, 1);
    for (int64_t t = 0; t < kTime; ++t) {
      double sum = 0, weights[kTime] = {};
      for (int64_t s = 0; s < (isCausal ? t + 1 : kTime); ++s) {
        double score = 0;
        for (int64_t i = 0; i < kWidth; ++i)
          score += double(q.data()[(t * kHeads + 1) * kWidth + i]) * double(k.data()[(s * kHeads + 1) * kWidth + i]);
        sum += weights[s] = std::exp(score);
      }
      for (int64_t s = 0; s < kTime; ++s)
        EXPECT_NEAR(of(result, "map", size_t(t), size_t(s)), weights[s] / sum, 1e-6) << t << " " << s;
    }
  }
}

TEST(AttentionAnalysis, SaysWhatIsMissing) {
  ir::Builder builder;
  builder.output("y", builder.input("x", {DType::F32, {2, 3}}));
  const std::unique_ptr<Backend> backend = makeCpuBackend(1);
  try {
    planAnalysis(findAnalysis("attention"), params(0), builder.finish(), *backend);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[attention] the model has nothing to look at; expected attention.");
  }
  const Tensor zero = filled([](int64_t, int64_t, int64_t, int64_t) { return 0; });
  EXPECT_EQ(analyzed(oneAttention(true), zero, zero, 2).warnings.size(), 1u);
}

}  // namespace
}  // namespace fw
