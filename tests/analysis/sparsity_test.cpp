// Measures of sparsity against known values and plain loops.
#include "engine/analysis/measures/sparsity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/analysis/features.h"

namespace fw {
namespace {

using namespace testing;

TEST(VectorSparsity, OneHotAndConstant) {
  std::vector<float> oneHot(100, 0), constant(100, -3);
  oneHot[42] = -7;
  const VectorSparsity sharp = sparsityOf(oneHot.data(), 100), even = sparsityOf(constant.data(), 100);
  EXPECT_NEAR(sharp.zeroShare, 0.99, 1e-12);
  EXPECT_NEAR(sharp.smallShare, 0.99, 1e-12);
  EXPECT_NEAR(sharp.activeShare, 0.01, 1e-12);
  EXPECT_NEAR(sharp.hoyer, 1, 1e-12);
  EXPECT_NEAR(sharp.gini, 0.99, 1e-12);
  EXPECT_NEAR(sharp.effectiveNumber, 1, 1e-12);
  EXPECT_EQ(even.zeroShare, 0);
  EXPECT_NEAR(even.activeShare, 0.5, 1e-12);
  EXPECT_NEAR(even.hoyer, 0, 1e-6);
  EXPECT_NEAR(even.gini, 0, 1e-12);
  EXPECT_NEAR(even.effectiveNumber, 100, 1e-9);
  EXPECT_TRUE(std::isnan(even.kurtosis)) << "no spread";
  const std::vector<float> nothing(9, 0);
  EXPECT_EQ(sparsityOf(nothing.data(), 9).zeroShare, 1);
  EXPECT_TRUE(std::isnan(sparsityOf(nothing.data(), 9).hoyer));
}

TEST(VectorSparsity, OfGaussians) {
  const int64_t width = 4096;
  const Samples x = gaussians(32, width, 1);
  VectorSparsity mean{};
  for (int64_t r = 0; r < x.rows; ++r) {
    const VectorSparsity of = sparsityOf(&x.values[size_t(r * width)], width);
    mean.activeShare += of.activeShare / 32;
    mean.hoyer += of.hoyer / 32;
    mean.gini += of.gini / 32;
    mean.kurtosis += of.kurtosis / 32;
    mean.effectiveNumber += of.effectiveNumber / 32;
  }
  EXPECT_NEAR(mean.activeShare, 0.239, 0.002);
  EXPECT_NEAR(mean.hoyer, (std::sqrt(4096.0) * (1 - std::sqrt(2 / 3.14159265))) / (std::sqrt(4096.0) - 1), 0.002);
  EXPECT_NEAR(mean.gini, std::sqrt(2.0) - 1, 0.003);
  EXPECT_NEAR(mean.kurtosis, 0, 0.03);
  EXPECT_NEAR(mean.effectiveNumber / double(width), 1.0 / 3, 0.01);
}

/// The formulas as they are written, and blindness to order, sign and scale.
TEST(VectorSparsity, EqualsTheFormulas) {
  for (const int64_t width : {2, 3, 7, 33, 63}) {
    Samples x = gaussians(1, width, uint32_t(width));
    x.values[0] = 0;
    x.values[1] = 40;  // an outlier
    std::vector<double> a;
    double l1 = 0, l2 = 0, l4 = 0, mean = 0, m2 = 0, m4 = 0;
    for (const float value : x.values) {
      a.push_back(std::abs(double(value)));
      l1 += a.back();
      l2 += a.back() * a.back();
      l4 += std::pow(a.back(), 4);
      mean += double(value) / double(width);
    }
    for (const float value : x.values) {
      m2 += std::pow(value - mean, 2) / double(width);
      m4 += std::pow(value - mean, 4) / double(width);
    }
    double gini = 0;
    for (const double p : a)
      for (const double q : a) gini += std::abs(p - q);
    const double d = double(width);
    const VectorSparsity found = sparsityOf(x.values.data(), width);
    EXPECT_NEAR(found.hoyer, (std::sqrt(d) - l1 / std::sqrt(l2)) / (std::sqrt(d) - 1), 1e-9);
    EXPECT_NEAR(found.gini, gini / (2 * d * l1), 1e-9) << "mean absolute difference, the other form";
    EXPECT_NEAR(found.kurtosis, m4 / (m2 * m2) - 3, 1e-6);
    EXPECT_NEAR(found.effectiveNumber, l2 * l2 / l4, 1e-9);
    EXPECT_NEAR(found.zeroShare, 1 / d, 1e-12);
    Samples other = x;
    for (float& value : other.values) value *= -5;
    std::shuffle(other.values.begin(), other.values.end(), std::mt19937(1));
    const VectorSparsity same = sparsityOf(other.values.data(), width);
    EXPECT_NEAR(same.gini, found.gini, 1e-6);
    EXPECT_NEAR(same.activeShare, found.activeShare, 1e-12);
    EXPECT_NEAR(same.kurtosis, found.kurtosis, 1e-4 * std::abs(found.kurtosis) + 1e-5);
  }
}

TEST(ActiveSet, HoldsTheShareWithTheFewest) {
  const float a[] = {1, -4, 0, 2, 3};
  EXPECT_EQ(activeSet(a, 5, 0.5), (std::vector<int64_t>{1, 4}));
  EXPECT_EQ(activeSet(a, 5, 0.4), (std::vector<int64_t>{1}));
  EXPECT_EQ(activeSet(a, 5, 1), (std::vector<int64_t>{0, 1, 3, 4}));
  const float equal[] = {2, 2, 2, 2};
  EXPECT_EQ(activeSet(equal, 4, 0.5), (std::vector<int64_t>{0, 1}));
  EXPECT_NEAR(jaccard({1, 2, 3}, {3, 4}), 0.25, 1e-12);
  EXPECT_TRUE(std::isnan(jaccard({}, {})));
}

TEST(UnitActivity, CountsDeadAndAlwaysFiringUnits) {
  UnitActivity units(4);
  const float rows[] = {1, 0, -2, 1e-6f, 2, 0, 3, 1e-6f, 3, 0, -1, 1e-6f};
  units.add(rows, 1);
  units.add(rows + 4, 2);
  const std::vector<double> rates = units.firingRates();
  EXPECT_EQ(rates[0], 1);
  EXPECT_EQ(rates[1], 0);
  EXPECT_NEAR(rates[2], 1.0 / 3, 1e-12);
  EXPECT_EQ(units.rows(), 3);
  EXPECT_EQ(units.dead(), 2) << "never above 0, and never above a thousandth of the median unit";
  EXPECT_EQ(units.alwaysOn(), 2);
}

TEST(ActivationFlow, SharedAndSpecialisedDimensions) {
  constexpr int64_t width = 40, time = 64;
  std::vector<float> rows(size_t(width * time), 0);
  for (int64_t t = 0; t < time; ++t) {
    rows[size_t(t * width)] = 5;                  // always
    rows[size_t(t * width + 1 + t % 32)] = 4.9f;  // once in 32 tokens
  }
  ActivationFlow flow(width);
  flow.add(rows.data(), time);
  // Half of 9.9 is 4.95: the steady dimension alone.
  EXPECT_NEAR(flow.sharedShare(), 1.0 / width, 1e-12);
  EXPECT_NEAR(flow.specialisedShare(), 0, 1e-12);
  EXPECT_NEAR(flow.sharedMass(), 5 / 9.9, 1e-6);
  for (const double overlap : flow.persistence()) EXPECT_NEAR(overlap, 1, 1e-12);
  for (int64_t t = 0; t < time; ++t) rows[size_t(t * width + 1 + t % 32)] = 5.1f;
  ActivationFlow other(width);
  other.add(rows.data(), time);  // now the moving one is active alone
  EXPECT_NEAR(other.sharedShare(), 0, 1e-12);
  EXPECT_NEAR(other.specialisedShare(), 32.0 / width, 1e-12);
  for (const double overlap : other.persistence()) EXPECT_NEAR(overlap, 0, 1e-12);
  EXPECT_NEAR(other.meanMagnitude(), 10.1 / width, 1e-6);
}

/// Independent tokens overlap by chance, p / (2 - p); too short sequences have no value.
TEST(ActivationFlow, ChanceAndShortSequences) {
  ActivationFlow flow(256);
  const Samples x = gaussians(64, 256, 1);
  flow.add(x.values.data(), 64);
  for (const double overlap : flow.persistence()) EXPECT_NEAR(overlap, 0.136, 0.015);
  ActivationFlow brief(256);
  brief.add(x.values.data(), 3);
  EXPECT_FALSE(std::isnan(brief.persistence()[1]));
  EXPECT_TRUE(std::isnan(brief.persistence()[2]));
  EXPECT_TRUE(std::isnan(brief.sharedShare()));
}

}  // namespace
}  // namespace fw
