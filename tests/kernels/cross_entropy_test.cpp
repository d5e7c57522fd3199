// Cross-entropy and its gradient against plain loops in double.
#include "kernels/cross_entropy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/base/rng.h"
#include "tests/support/each_target.h"
#include "tests/support/guarded.h"

namespace fw::kernels {
namespace {

using testing::forEachTarget;
using testing::Guarded;

constexpr int64_t ignored = -100;

struct Problem {
  int64_t rows, classes;
  double smoothing;
  std::vector<float> logits, dLoss, dLogSumExp;
  std::vector<int64_t> labels;

  Problem(int64_t rows, int64_t classes, double smoothing) : rows(rows), classes(classes), smoothing(smoothing) {
    Rng rng(uint64_t(rows * 31 + classes));
    for (int64_t i = 0; i < rows * classes; ++i) logits.push_back(float(rng.normal() * (i % 41 == 7 ? 40 : 2)));
    for (int64_t r = 0; r < rows; ++r) {
      labels.push_back(r % 5 == 3 ? ignored : rng.below(classes));
      dLoss.push_back(float(rng.normal()));
      dLogSumExp.push_back(float(rng.normal()));
    }
  }

  double logSumExp(int64_t row) const {
    double max = -1e300, sum = 0;
    for (int64_t i = 0; i < classes; ++i) max = std::max(max, double(logits[size_t(row * classes + i)]));
    for (int64_t i = 0; i < classes; ++i) sum += std::exp(logits[size_t(row * classes + i)] - max);
    return max + std::log(sum);
  }
  /// What the target distribution gives class i.
  double target(int64_t row, int64_t i) const {
    return (i == labels[size_t(row)] ? 1 - smoothing : 0) + smoothing / double(classes);
  }
  double loss(int64_t row) const {
    if (labels[size_t(row)] == ignored) return 0;
    double loss = 0;
    const double lse = logSumExp(row);
    for (int64_t i = 0; i < classes; ++i) loss += target(row, i) * (lse - logits[size_t(row * classes + i)]);
    return loss;
  }
};

void expectCrossEntropy(int64_t rows, int64_t classes, double smoothing) {
  const Problem p(rows, classes, smoothing);
  forEachTarget([&] {
    Guarded<float> loss(rows), logSumExp(rows), dLogits(rows * classes), plain(rows * classes), inPlace(p.logits);
    const float s = float(smoothing);
    cpu::crossEntropy({2},
                      {p.logits.data(), p.labels.data(), loss.data(), logSumExp.data(), rows, classes, ignored, s});
    cpu::crossEntropyGradient({2}, {p.logits.data(), p.labels.data(), logSumExp.data(), p.dLoss.data(),
                                    p.dLogSumExp.data(), dLogits.data(), rows, classes, ignored, s});
    cpu::crossEntropyGradient({1}, {p.logits.data(), p.labels.data(), logSumExp.data(), p.dLoss.data(), nullptr,
                                    plain.data(), rows, classes, ignored, s});
    cpu::crossEntropyGradient({3}, {inPlace.data(), p.labels.data(), logSumExp.data(), p.dLoss.data(), nullptr,
                                    inPlace.data(), rows, classes, ignored, s});
    EXPECT_EQ(inPlace.values(), plain.values());
    for (int64_t r = 0; r < rows; ++r) {
      const double lse = p.logSumExp(r), dLoss = p.labels[size_t(r)] == ignored ? 0 : p.dLoss[size_t(r)];
      ASSERT_NEAR(logSumExp[r], lse, 1e-6 * (1 + std::abs(lse)));
      ASSERT_NEAR(loss[r], p.loss(r), 1e-6 * (1 + std::abs(lse) + std::abs(p.loss(r)))) << classes;
      for (int64_t i = 0; i < classes; ++i) {
        const double probability = std::exp(p.logits[size_t(r * classes + i)] - lse);
        const double ofLoss = dLoss * (probability - p.target(r, i));
        const double allowed = 1e-5 * probability + 1e-6 * p.target(r, i) + 1e-12;
        ASSERT_NEAR(plain[r * classes + i], ofLoss, allowed * std::abs(dLoss)) << classes;
        ASSERT_NEAR(dLogits[r * classes + i], ofLoss + p.dLogSumExp[size_t(r)] * probability,
                    allowed * (std::abs(dLoss) + std::abs(p.dLogSumExp[size_t(r)])))
            << classes;
      }
    }
  });
}

TEST(CrossEntropy, ForwardAndGradient) {
  for (int64_t classes : {1, 2, 3, 7, 16, 33, 64, 1000, 5003})
    for (double smoothing : {0.0, 0.1}) expectCrossEntropy(classes > 500 ? 7 : 133, classes, smoothing);
}

TEST(CrossEntropy, LabelsBeyondTheClassesAreNotRead) {
  const float logits[] = {1, 2, 3, 4};
  const int64_t labels[] = {2, -1};
  float loss[2], logSumExp[2], dLogits[4];
  const float dLoss[] = {1, 1};
  cpu::crossEntropy({1}, {logits, labels, loss, logSumExp, 2, 2, ignored, 0});
  EXPECT_EQ(loss[0], 0);
  EXPECT_EQ(loss[1], 0);
  cpu::crossEntropyGradient({1}, {logits, labels, logSumExp, dLoss, nullptr, dLogits, 2, 2, ignored, 0});
  for (float v : dLogits) EXPECT_EQ(v, 0);
}

}  // namespace
}  // namespace fw::kernels
