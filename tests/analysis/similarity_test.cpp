// Measures of similarity against plain loops in double, and the invariants of each.
#include "engine/analysis/measures/similarity.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

namespace fw {
namespace {

/// Rows of features.
struct Features {
  int64_t rows, width;
  std::vector<float> values;
  float& at(int64_t r, int64_t c) { return values[size_t(r * width + c)]; }
  float at(int64_t r, int64_t c) const { return values[size_t(r * width + c)]; }
};

Features gaussians(int64_t rows, int64_t width, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Features x{rows, width, std::vector<float>(size_t(rows * width))};
  for (float& value : x.values) value = normal(random);
  return x;
}

/// x m for a square m.
Features times(const Features& x, const Features& m) {
  Features y{x.rows, m.width, std::vector<float>(size_t(x.rows * m.width))};
  for (int64_t r = 0; r < x.rows; ++r)
    for (int64_t c = 0; c < m.width; ++c) {
      double sum = 0;
      for (int64_t k = 0; k < x.width; ++k) sum += double(x.at(r, k)) * m.at(k, c);
      y.at(r, c) = float(sum);
    }
  return y;
}

/// Random orthonormal rows by Gram and Schmidt.
Features rotation(int64_t width, uint32_t seed) {
  Features q = gaussians(width, width, seed);
  for (int64_t r = 0; r < width; ++r) {
    for (int pass = 0; pass < 2; ++pass)
      for (int64_t p = 0; p < r; ++p) {
        double dot = 0;
        for (int64_t c = 0; c < width; ++c) dot += double(q.at(r, c)) * q.at(p, c);
        for (int64_t c = 0; c < width; ++c) q.at(r, c) -= float(dot * q.at(p, c));
      }
    double squares = 0;
    for (int64_t c = 0; c < width; ++c) squares += double(q.at(r, c)) * q.at(r, c);
    for (int64_t c = 0; c < width; ++c) q.at(r, c) = float(q.at(r, c) / std::sqrt(squares));
  }
  return q;
}

double dot(const Features& x, int64_t a, const Features& y, int64_t b) {
  double sum = 0;
  for (int64_t c = 0; c < x.width; ++c) sum += double(x.at(a, c)) * y.at(b, c);
  return sum;
}

/// HSIC_1 of linear kernels, term by term: K and L without their diagonals,
/// [tr KL + (1'K1)(1'L1) / ((n-1)(n-2)) - 2 1'KL1 / (n-2)] / (n (n-3)).
double plainHsic(const Features& x, const Features& y) {
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

double plainCka(const Features& x, const Features& y) {
  return plainHsic(x, y) / std::sqrt(plainHsic(x, x) * plainHsic(y, y));
}

double cka(const Features& x, const Features& y) {
  MinibatchCka measure(2);
  measure.add({x.values.data(), y.values.data()}, {x.width, y.width}, x.rows);
  return measure.finish()[1];
}

TEST(Cka, EqualsTheFormula) {
  for (const auto& [rows, width, other] :
       std::vector<std::array<int64_t, 3>>{{4, 1, 1}, {7, 3, 5}, {33, 7, 63}, {63, 33, 3}}) {
    const Features x = gaussians(rows, width, 1);
    Features y = gaussians(rows, other, 2);
    for (int64_t r = 0; r < rows; ++r) y.at(r, 0) += x.at(r, 0);  // not quite independent
    EXPECT_NEAR(cka(x, y), plainCka(x, y), 1e-9 * std::abs(plainCka(x, y)) + 1e-9) << rows << " " << width;
  }
}

TEST(Cka, IsOneWithItselfAndSymmetric) {
  const Features x = gaussians(20, 6, 3), y = gaussians(20, 9, 4);
  EXPECT_NEAR(cka(x, x), 1, 1e-12);
  EXPECT_DOUBLE_EQ(cka(x, y), cka(y, x));
  EXPECT_LT(cka(x, y), 0.9);
}

TEST(Cka, IsBlindToRotationScaleAndTranslationButNotToStretching) {
  const Features x = gaussians(64, 8, 5);
  Features y = times(x, rotation(8, 6));
  EXPECT_NEAR(cka(x, y), 1, 1e-5);
  for (float& value : y.values) value *= 37;
  EXPECT_NEAR(cka(x, y), 1, 1e-5);
  for (int64_t r = 0; r < y.rows; ++r)
    for (int64_t c = 0; c < y.width; ++c) y.at(r, c) += 100 * float(c + 1);
  EXPECT_NEAR(cka(x, y), 1, 1e-4);
  Features stretched = x;
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
    const Features x = gaussians(9 + batch, 4, 30 + batch), z = gaussians(9 + batch, 2, 50 + batch);
    Features y = gaussians(9 + batch, 5, 40 + batch);
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
  const Features x = gaussians(8, 3, 1), constant{8, 2, std::vector<float>(16, 5)};
  EXPECT_TRUE(std::isnan(cka(x, constant)));
  EXPECT_TRUE(std::isnan(cka(constant, constant)));
}

// ---- block influence

TEST(BlockInfluence, EqualsTheFormula) {
  const Features x = gaussians(33, 7, 1), y = gaussians(33, 7, 2);
  double sum = 0;
  for (int64_t r = 0; r < 33; ++r) sum += 1 - dot(x, r, y, r) / std::sqrt(dot(x, r, x, r) * dot(y, r, y, r));
  EXPECT_NEAR(influenceSum(x.values.data(), y.values.data(), 33, 7), sum, 1e-9);
}

TEST(BlockInfluence, IsZeroForIdentityOneForRightAnglesTwoForOpposites) {
  const Features x = gaussians(5, 4, 1);
  Features minus = x;
  for (float& value : minus.values) value *= -3;
  EXPECT_NEAR(influenceSum(x.values.data(), x.values.data(), 5, 4), 0, 1e-12);
  EXPECT_NEAR(influenceSum(x.values.data(), minus.values.data(), 5, 4), 10, 1e-12);
  const float east[] = {1, 0}, north[] = {0, 5}, nothing[] = {0, 0};
  EXPECT_EQ(influenceSum(east, north, 1, 2), 1);
  EXPECT_EQ(influenceSum(east, nothing, 1, 2), 1) << "a row of zeros counts as a right angle";
}

TEST(BlockInfluence, IsBlindToTheSameRotationOfBothOnly) {
  const Features x = gaussians(16, 6, 1), y = gaussians(16, 6, 2), turn = rotation(6, 3);
  const Features xt = times(x, turn), yt = times(y, turn);
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
    const Features x = gaussians(2, 1 + seed % 63, seed);
    Features scaled = x;
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
