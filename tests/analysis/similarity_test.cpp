// Measures of similarity against plain loops in double, and the invariants of each.
#include "engine/analysis/measures/similarity.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "tests/analysis/features.h"

namespace fw {
namespace {

using namespace testing;

double dot(const Samples& x, int64_t a, const Samples& y, int64_t b) {
  double sum = 0;
  for (int64_t c = 0; c < x.width; ++c) sum += double(x.at(a, c)) * y.at(b, c);
  return sum;
}

/// HSIC_1 of linear kernels, term by term: K and L without their diagonals,
/// [tr KL + (1'K1)(1'L1) / ((n-1)(n-2)) - 2 1'KL1 / (n-2)] / (n (n-3)).
double plainHsic(const Samples& x, const Samples& y) {
  const int64_t n = x.rows;
  double trace = 0, sumK = 0, sumL = 0, chain = 0;
  std::vector<double> k(size_t(n * n), 0), l(size_t(n * n), 0);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      if (i == j) continue;
      k[size_t(i * n + j)] = dot(x, i, x, j);
      l[size_t(i * n + j)] = dot(y, i, y, j);
      trace += k[size_t(i * n + j)] * l[size_t(i * n + j)];
      sumK += k[size_t(i * n + j)];
      sumL += l[size_t(i * n + j)];
    }
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      for (int64_t m = 0; m < n; ++m) chain += k[size_t(i * n + j)] * l[size_t(j * n + m)];
  const double count = double(n);
  return (trace + sumK * sumL / ((count - 1) * (count - 2)) - 2 * chain / (count - 2)) / (count * (count - 3));
}

double plainCka(const Samples& x, const Samples& y) {
  return plainHsic(x, y) / std::sqrt(plainHsic(x, x) * plainHsic(y, y));
}

double cka(const Samples& x, const Samples& y) {
  MinibatchCka measure(2);
  measure.add({x.values.data(), y.values.data()}, {x.width, y.width}, x.rows);
  return measure.finish()[1];
}

TEST(Cka, EqualsTheFormula) {
  for (const auto& [rows, width, other] :
       std::vector<std::array<int64_t, 3>>{{4, 1, 1}, {7, 3, 5}, {33, 7, 63}, {63, 33, 3}}) {
    const Samples x = gaussians(rows, width, 1);
    Samples y = gaussians(rows, other, 2);
    for (int64_t r = 0; r < rows; ++r) y.at(r, 0) += x.at(r, 0);  // not quite independent
    EXPECT_NEAR(cka(x, y), plainCka(x, y), 1e-9 * std::abs(plainCka(x, y)) + 1e-9) << rows << " " << width;
  }
}

TEST(Cka, IsOneWithItselfAndSymmetric) {
  const Samples x = gaussians(20, 6, 3), y = gaussians(20, 9, 4);
  EXPECT_NEAR(cka(x, x), 1, 1e-12);
  EXPECT_DOUBLE_EQ(cka(x, y), cka(y, x));
  EXPECT_LT(cka(x, y), 0.9);
}

TEST(Cka, IsBlindToRotationScaleAndTranslationButNotToStretching) {
  const Samples x = gaussians(64, 8, 5);
  Samples y = times(x, rotation(8, 6));
  EXPECT_NEAR(cka(x, y), 1, 1e-5);
  for (float& value : y.values) value *= 37;
  EXPECT_NEAR(cka(x, y), 1, 1e-5);
  for (int64_t r = 0; r < y.rows; ++r)
    for (int64_t c = 0; c < y.width; ++c) y.at(r, c) += 100 * float(c + 1);
  EXPECT_NEAR(cka(x, y), 1, 1e-4);
  Samples stretched = x;
  for (int64_t r = 0; r < x.rows; ++r) stretched.at(r, 0) *= 20;
  EXPECT_LT(cka(x, stretched), 0.8);
}

/// The biased estimator would give d / (n - 1 + d) = 0.33 here.
TEST(Cka, IndependentNoiseIsNearZero) {
  double sum = 0;
  for (uint32_t seed = 0; seed < 4; ++seed) {
    const double value = cka(gaussians(256, 128, 10 + seed), gaussians(256, 128, 20 + seed));
    EXPECT_NEAR(value, 0, 0.03);
    sum += value / 4;
  }
  EXPECT_NEAR(sum, 0, 0.015);
}

/// Minibatches add up numerators and denominators before dividing.
TEST(Cka, MinibatchesSumTheEstimators) {
  MinibatchCka measure(3);
  double xy = 0, xx = 0, yy = 0;
  for (uint32_t batch = 0; batch < 3; ++batch) {
    const Samples x = gaussians(9 + batch, 4, 30 + batch), z = gaussians(9 + batch, 2, 50 + batch);
    Samples y = gaussians(9 + batch, 5, 40 + batch);
    for (int64_t r = 0; r < x.rows; ++r) y.at(r, 1) += 2 * x.at(r, 2);
    measure.add({x.values.data(), y.values.data(), z.values.data()}, {4, 5, 2}, x.rows);
    xy += plainHsic(x, y);
    xx += plainHsic(x, x);
    yy += plainHsic(y, y);
  }
  const std::vector<double> matrix = measure.finish();
  ASSERT_EQ(matrix.size(), 9u);
  EXPECT_NEAR(matrix[0 * 3 + 1], xy / std::sqrt(xx * yy), 1e-9);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(matrix[i * 3 + i], 1, 1e-12);
    for (size_t j = 0; j < 3; ++j) EXPECT_EQ(matrix[i * 3 + j], matrix[j * 3 + i]);
  }
}

TEST(Cka, ConstantFeaturesHaveNone) {
  const Samples x = gaussians(8, 3, 1), constant{8, 2, std::vector<float>(16, 5)};
  EXPECT_TRUE(std::isnan(cka(x, constant)));
  EXPECT_TRUE(std::isnan(cka(constant, constant)));
}

// ---- block influence

TEST(BlockInfluence, EqualsTheFormula) {
  const Samples x = gaussians(33, 7, 1), y = gaussians(33, 7, 2);
  double sum = 0;
  for (int64_t r = 0; r < 33; ++r) sum += 1 - dot(x, r, y, r) / std::sqrt(dot(x, r, x, r) * dot(y, r, y, r));
  EXPECT_NEAR(influenceSum(x.values.data(), y.values.data(), 33, 7), sum, 1e-9);
}

TEST(BlockInfluence, IsZeroForIdentityOneForRightAnglesTwoForOpposites) {
  const Samples x = gaussians(5, 4, 1);
  Samples minus = x;
  for (float& value : minus.values) value *= -3;
  EXPECT_NEAR(influenceSum(x.values.data(), x.values.data(), 5, 4), 0, 1e-12);
  EXPECT_NEAR(influenceSum(x.values.data(), minus.values.data(), 5, 4), 10, 1e-12);
  const float east[] = {1, 0}, north[] = {0, 5}, nothing[] = {0, 0};
  EXPECT_EQ(influenceSum(east, north, 1, 2), 1);
  EXPECT_EQ(influenceSum(east, nothing, 1, 2), 1) << "a row of zeros counts as a right angle";
}

TEST(BlockInfluence, IsBlindToTheSameRotationOfBothOnly) {
  const Samples x = gaussians(16, 6, 1), y = gaussians(16, 6, 2), turn = rotation(6, 3);
  const Samples xt = times(x, turn), yt = times(y, turn);
  const double plain = influenceSum(x.values.data(), y.values.data(), 16, 6);
  EXPECT_NEAR(influenceSum(xt.values.data(), yt.values.data(), 16, 6), plain, 1e-5);
  EXPECT_GT(std::abs(influenceSum(x.values.data(), yt.values.data(), 16, 6) - plain), 0.1);
}

// ---- angular distance

TEST(AngularDistance, KnownAngles) {
  const float x[] = {1, 0, 0};
  for (const double degrees : {0.0, 1.0, 30.0, 45.0, 90.0, 120.0, 179.0, 180.0}) {
    const double angle = degrees / 180 * std::numbers::pi;
    const float y[] = {float(3 * std::cos(angle)), float(3 * std::sin(angle)), 0};
    EXPECT_NEAR(angularDistance(x, y, 3), degrees / 180, 1e-6) << degrees;
    EXPECT_NEAR(angularDistance(y, x, 3), degrees / 180, 1e-6) << degrees;
  }
}

/// Rounding may push a cosine above 1, whose arc cosine is no number.
TEST(AngularDistance, StaysBetweenZeroAndOne) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    const Samples x = gaussians(2, 1 + seed % 63, seed);
    Samples scaled = x;
    for (float& value : scaled.values) value *= 1.1f;
    const double same = angularDistance(x.values.data(), scaled.values.data(), x.width);
    EXPECT_GE(same, 0);
    EXPECT_LE(same, 1e-3);
    const double other = angularDistance(x.values.data(), x.values.data() + x.width, x.width);
    EXPECT_GE(other, 0);
    EXPECT_LE(other, 1);
  }
}

}  // namespace
}  // namespace fw
