// Dominance, hypervolume and knee against brute force and sums by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/analysis/cost/pareto.h"
#include "engine/base/rng.h"
#include "tests/support/expect_error.h"

namespace fw {
namespace {

std::vector<Objectives> randomPoints(uint64_t seed, size_t count, size_t objectives) {
  Rng rng(seed, 0);
  std::vector<Objectives> points(count);
  for (Objectives& point : points)
    for (size_t d = 0; d < objectives; ++d) point.push_back(double(rng.below(8)));  // a small grid: many ties
  return points;
}

/// Unit cells of the grid [0, side)^n whose lower corner some point reaches.
double coveredCells(const std::vector<Objectives>& points, size_t objectives, int side) {
  double covered = 0;
  int cells = 1;
  for (size_t d = 0; d < objectives; ++d) cells *= side;
  for (int cell = 0; cell < cells; ++cell) {
    bool isCovered = false;
    for (const Objectives& point : points) {
      bool reaches = true;
      for (int d = 0, rest = cell; d < int(objectives); ++d, rest /= side)
        reaches = reaches && point[size_t(d)] <= double(rest % side);
      isCovered = isCovered || reaches;
    }
    covered += isCovered;
  }
  return covered;
}

TEST(Pareto, HypervolumeByHand) {
  const std::vector<Objectives> points = {{1, 3}, {2, 2}, {3, 1}};
  EXPECT_DOUBLE_EQ(hypervolume(points, {4, 4}), 6);
  EXPECT_DOUBLE_EQ(hypervolume({{3, 1}, {1, 3}, {3, 3}, {2, 2}, {2, 2}}, {4, 4}), 6);  // order, dominated, duplicate
  EXPECT_GT(hypervolume({{1, 3}, {2, 2}, {3, 1}, {1.5, 2.5}}, {4, 4}), 6);
  EXPECT_DOUBLE_EQ(hypervolume({{1.5, 2}}, {4, 5}), 2.5 * 3);
  EXPECT_DOUBLE_EQ(hypervolume({{5, 1}, {1, 4}, {NAN, 0}}, {4, 4}), 0);  // none lies below the reference
  EXPECT_DOUBLE_EQ(hypervolume({}, {4, 4}), 0);
  EXPECT_DOUBLE_EQ(hypervolume({{1, 1, 1}, {0, 2, 2}}, {3, 3, 3}), 8 + 1);
  expectError([] { hypervolume({}, {1, 1, 1, 1}); }, Code::Data, "[hypervolume] got 4 objectives; expected 1, 2 or 3.");
}

TEST(Pareto, HypervolumeAgainstCells) {
  for (uint64_t seed = 1; seed <= 40; ++seed)
    for (size_t objectives = 1; objectives <= 3; ++objectives) {
      const std::vector<Objectives> points = randomPoints(seed, 1 + seed % 13, objectives);
      EXPECT_DOUBLE_EQ(hypervolume(points, Objectives(objectives, 7)), coveredCells(points, objectives, 7))
          << seed << ' ' << objectives;
    }
}

TEST(Pareto, FrontAndRanksAgainstBruteForce) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const std::vector<Objectives> points = randomPoints(seed, 33, 2 + seed % 2);
    const auto beats = [&](size_t a, size_t b) {
      bool isBetter = false;
      for (size_t d = 0; d < points[a].size(); ++d) {
        if (points[a][d] > points[b][d]) return false;
        isBetter = isBetter || points[a][d] != points[b][d];
      }
      return isBetter;
    };
    std::vector<size_t> expected;
    for (size_t i = 0; i < points.size(); ++i) {
      bool isBeaten = false;
      for (size_t j = 0; j < points.size(); ++j) isBeaten = isBeaten || beats(j, i);
      if (!isBeaten) expected.push_back(i);
    }
    EXPECT_EQ(paretoFront(points), expected);
    // A point's rank is one more than the largest rank of those that beat it.
    const std::vector<int> ranks = nonDominatedRanks(points);
    for (size_t i = 0; i < points.size(); ++i) {
      int largest = -1;
      for (size_t j = 0; j < points.size(); ++j)
        if (beats(j, i)) largest = std::max(largest, ranks[j]);
      EXPECT_EQ(ranks[i], largest + 1) << seed << ' ' << i;
    }
  }
  EXPECT_EQ(paretoFront({{1, NAN}, {2, 2}, {2, 2}}), (std::vector<size_t>{1, 2}));
  EXPECT_EQ(nonDominatedRanks({{1, NAN}, {2, 2}}), (std::vector<int>{-1, 0}));
}

TEST(Pareto, KneeAndReference) {
  const std::vector<Objectives> points = {{0, 10}, {1, 2}, {5, 1}, {10, 0}, {9, 9}};
  EXPECT_EQ(kneeOf(points, paretoFront(points)), 1);
  EXPECT_EQ(kneeOf({{0, 2}, {1, 1}, {2, 0}}, {0, 1, 2}), -1);  // a straight front bends nowhere
  EXPECT_EQ(kneeOf({{0, 1}, {1, 0}}, {0, 1}), -1);
  EXPECT_EQ(defaultReference({{1, 20}, {10, 2}, {NAN, 99}}), (Objectives{11, 22}));
}

}  // namespace
}  // namespace fw
