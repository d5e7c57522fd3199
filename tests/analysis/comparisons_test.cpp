// Comparisons of representations against NumPy and SciPy, and what each is blind to.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "engine/analysis/comparison.h"
#include "engine/analysis/measures/blockwise_cka.h"
#include "engine/analysis/measures/neighbours.h"
#include "engine/analysis/measures/similarity.h"
#include "engine/analysis/measures/spectrum.h"
#include "engine/base/error.h"
#include "engine/base/json.h"
#include "tests/analysis/features.h"
#include "tests/support/source_folder.h"

namespace fw {
namespace {

using namespace testing;

double compared(const char* id, const Samples& x, const Samples& y) {
  return compare(findComparison(id), x.view(), y.view());
}

/// The formulas of the fixture's recipe.
Samples formula(int64_t rows, int64_t width, int64_t seed) {
  Samples x{rows, width, std::vector<float>(size_t(rows * width))};
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < width; ++j) {
      const double r = double(i), c = double(j), s = double(seed);
      x.at(i, j) = float(std::sin(0.9 * r + 1.7 * c + 0.05 * r * c + s) + 0.3 * std::cos(2.3 * r - 0.4 * c * s));
    }
  return x;
}

TEST(Comparisons, EqualNumPy) {
  const Json fixture = readJsonFile(sourceFolder() + "/tests/fixtures/comparisons/expected.json");
  std::set<std::string> seen;
  for (const Json& expected : fixture.at("cases")) {
    const int64_t rows = expected.at("rows"), seed = expected.at("seed");
    const Samples x = formula(rows, expected.at("width_x"), seed);
    Samples y = formula(rows, expected.at("width_y"), seed + 1);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < y.width; ++c) y.at(r, c) = float(0.5 * double(x.at(r, c % x.width)) + double(y.at(r, c)));
    for (const auto& [name, value] : expected.at("comparisons").items()) {
      seen.insert(name);
      EXPECT_NEAR(compared(name.c_str(), x, y), double(value), 1e-5) << name << ", " << rows << " rows";
      EXPECT_NEAR(compared(name.c_str(), y, x), double(value), 1e-5) << name << " the other way round";
    }
    const Spectrum spectrum = spectrumOf(x.view());
    EXPECT_NEAR(spectrum.effectiveRank, double(expected.at("effective_rank")), 1e-5 * spectrum.effectiveRank);
    EXPECT_NEAR(spectrum.participationRatio, double(expected.at("participation_ratio")),
                1e-5 * spectrum.participationRatio);
    EXPECT_NEAR(spectrum.anisotropy, double(expected.at("anisotropy")), 1e-6);
  }
  for (const ComparisonDef& comparison : allComparisons())
    EXPECT_TRUE(seen.contains(comparison.id)) << comparison.id << " has no expected numbers";
}

TEST(Comparisons, AreOneWithThemselvesAndHaveNoValueForConstants) {
  const Samples x = gaussians(63, 7, 1), constant{63, 3, std::vector<float>(63 * 3, 5.1f)};
  for (const ComparisonDef& comparison : allComparisons()) {
    EXPECT_NEAR(compare(comparison, x.view(), x.view()), 1, 1e-9) << comparison.id;
    // Neighbours of samples that are all alike are the first ones: ties, not a missing value.
    if (comparison.id != "mutual_knn") {
      EXPECT_TRUE(std::isnan(compare(comparison, x.view(), constant.view()))) << comparison.id;
    }
    EXPECT_THROW(compare(comparison, x.view(), gaussians(62, 7, 1).view()), Error) << comparison.id;
  }
  EXPECT_THROW(findComparison("astrology"), Error);
}

/// What each is blind to: rotation, one scale, translation, any invertible linear map.
TEST(Comparisons, AreBlindToWhatTheySay) {
  struct Blind {
    const char* id;
    bool rotation, scale, translation, linear;
  };
  const Samples x = gaussians(96, 8, 5), other = gaussians(96, 8, 50);
  Samples y = other;
  for (size_t i = 0; i < y.values.size(); ++i) y.values[i] += x.values[i];  // alike, not equal
  const Samples turned = times(y, rotation(8, 6)), mixed = times(y, gaussians(8, 8, 9));
  Samples scaled = y, moved = y;
  for (float& value : scaled.values) value *= 37;
  for (int64_t r = 0; r < y.rows; ++r)
    for (int64_t c = 0; c < y.width; ++c) moved.at(r, c) += float(c + 1);
  for (const Blind& blind : std::vector<Blind>{{"cka", true, true, true, false},
                                               {"cka_unbiased", true, true, true, false},
                                               {"cka_rbf", true, true, true, false},
                                               {"cca", true, true, true, true},
                                               {"svcca", true, true, true, false},
                                               {"procrustes", true, true, true, false},
                                               {"rsa", false, true, false, false},
                                               {"mutual_knn", true, true, true, false}}) {
    const double plain = compared(blind.id, x, y);
    EXPECT_GT(plain, 0.1) << blind.id;
    EXPECT_LT(plain, 0.99) << blind.id;
    const auto check = [&](const char* what, const Samples& changed, bool isBlind) {
      const double now = compared(blind.id, x, changed);
      if (isBlind)
        EXPECT_NEAR(now, plain, blind.id == std::string("mutual_knn") ? 5e-3 : 1e-4) << blind.id << " " << what;
      else
        EXPECT_GT(std::abs(now - plain), 1e-3) << blind.id << " " << what;
    };
    check("rotation", turned, blind.rotation);
    check("scale", scaled, blind.scale);
    check("translation", moved, blind.translation);
    // Keeping 99 % of the variance may keep every direction of features as even as these.
    if (blind.id != std::string("svcca")) check("linear map", mixed, blind.linear);
  }
}

TEST(Comparisons, InvertibleMapsDoNotChangeCcaAndPwccaOfTheMappedSide) {
  const Samples x = gaussians(128, 6, 1), y = times(x, gaussians(6, 6, 2));
  EXPECT_NEAR(compared("cca", x, y), 1, 1e-6);
  EXPECT_NEAR(compared("pwcca", x, y), 1, 1e-6);
  EXPECT_LT(compared("cka_unbiased", x, y), 0.95);
}

/// d / (n - 1 + d) biased, 0 unbiased.
TEST(Comparisons, IndependentNoise) {
  const Samples x = gaussians(256, 128, 3), y = gaussians(256, 128, 4);
  EXPECT_NEAR(compared("cka", x, y), 128.0 / (255 + 128), 0.01);
  EXPECT_NEAR(compared("cka_unbiased", x, y), 0, 0.03);
  EXPECT_NEAR(compared("cka_rbf", x, y), 0, 0.05);
  EXPECT_NEAR(compared("rsa", x, y), 0, 0.03);
  EXPECT_NEAR(compared("mutual_knn", gaussians(512, 32, 5), gaussians(512, 32, 6)), 10.0 / 511, 0.004);
}

TEST(Comparisons, StretchedGaussianFeaturesAreNotAlikeToUnbiasedCka) {
  EXPECT_NEAR(compared("cka_unbiased", gaussians(256, 128, 1), times(gaussians(256, 128, 1), gaussians(128, 128, 2))),
              0.71, 0.05);
}

/// Several blocks of samples, the last one not full, and two widths, against the estimator pair by pair.
TEST(BlockwiseCka, EqualsThePairwiseEstimator) {
  for (const int64_t rows : {4, 63, 1024, 1025, 2100}) {
    const Samples x = gaussians(rows, 9, 1), z = gaussians(rows, 9, 3);
    Samples y = gaussians(rows, 5, 2);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < 5; ++c) y.at(r, c) += x.at(r, c) + 100 * float(c);
    const Samples* all[] = {&x, &y, &z};
    const std::vector<double> found = blockwiseCka({x.view(), y.view(), z.view()});
    for (size_t i = 0; i < 3; ++i)
      for (size_t j = 0; j < 3; ++j) {
        MinibatchCka pair(2);
        pair.add({all[i]->values.data(), all[j]->values.data()}, {all[i]->width, all[j]->width}, rows);
        EXPECT_NEAR(found[i * 3 + j], pair.finish()[1], 1e-5) << rows << " rows, " << i << " and " << j;
      }
  }
}

TEST(BlockwiseCka, ConstantsHaveNoValueAndItStops) {
  const Samples x = gaussians(40, 3, 1), constant{40, 2, std::vector<float>(80, 7)};
  const std::vector<double> found = blockwiseCka({x.view(), constant.view()});
  EXPECT_EQ(found[0], 1);
  EXPECT_TRUE(std::isnan(found[1]));
  EXPECT_TRUE(std::isnan(found[3]));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(blockwiseCka({x.view(), x.view()}, stop.get_token()), Error);
}

TEST(Neighbours, AllOthersAreShared) {
  const Samples x = gaussians(20, 3, 1), y = gaussians(20, 5, 2);
  EXPECT_EQ(sharedNeighbours(nearestNeighbours(x.view(), 19, true), nearestNeighbours(y.view(), 19, true)), 1);
}

/// Equal rows are equally near: the first ones win, and the ties are told.
TEST(Neighbours, TiesGoToTheFirstAndAreCounted) {
  Samples x{6, 2, {1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1}};
  const Neighbours found = nearestNeighbours(x.view(), 2, false);
  EXPECT_EQ(found.of[0], (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(found.of[3], (std::vector<int64_t>{0, 1}));
  EXPECT_NEAR(found.tiedShare, 1, 1e-12);
}

TEST(Spectrum, OfKnownShapes) {
  Samples line{50, 4, std::vector<float>(200)};
  for (int64_t r = 0; r < 50; ++r)
    for (int64_t c = 0; c < 4; ++c) line.at(r, c) = float(r + 1) * float(c + 1);
  const Spectrum flat = spectrumOf(line.view());
  EXPECT_NEAR(flat.effectiveRank, 1, 1e-6);
  EXPECT_NEAR(flat.participationRatio, 1, 1e-6);
  EXPECT_NEAR(flat.anisotropy, 1, 1e-6);
  const Spectrum round = spectrumOf(gaussians(4096, 8, 1).view());
  EXPECT_NEAR(round.effectiveRank, 8, 0.05);
  EXPECT_NEAR(round.participationRatio, 8, 0.1);
  EXPECT_NEAR(round.anisotropy, 0, 0.01);
}

}  // namespace
}  // namespace fw
