// Stretched rotations and windows with sinks against plain loops and the numbers of their papers.
#include <gtest/gtest.h>

#include "engine/blocks/attention.h"
#include "engine/blocks/rope.h"
#include "tests/support/attention_loops.h"
#include "tests/support/block_run.h"

namespace fw {
namespace {

using testing::BlockRun;
using testing::Rows;

double plain(double base, int64_t dims, int64_t i) { return std::pow(base, -2.0 * double(i) / double(dims)); }

TEST(Rotations, WithoutStretchAllKindsArePlain) {
  const std::vector<double> expected = scaledFrequencies(10000, 128, {});
  for (const char* kind : {"linear", "ntk"})
    EXPECT_EQ(scaledFrequencies(10000, 128, {.kind = kind, .factor = 1}), expected) << kind;
  const std::vector<double> yarn =
      scaledFrequencies(10000, 128, {.kind = "yarn", .factor = 1, .low = 1, .high = 32, .length = 4096});
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(yarn[i], expected[i], 1e-6 * expected[i]);
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(expected[i], plain(10000, 128, int64_t(i)), 1e-12);
}

TEST(Rotations, DynamicIsPlainUpToTheLengthOfTheTrainingAndNotAbove) {
  const std::vector<double> expected = scaledFrequencies(10000, 64, {});
  for (const double factor : {1.0, 2.0, 8.0}) {
    RopeScaling scaling{.kind = "dynamic", .factor = factor, .length = 100};
    for (const int64_t time : {1, 99, 100}) {
      scaling.time = time;
      EXPECT_EQ(scaledFrequencies(10000, 64, scaling), expected) << factor << " " << time;
    }
    scaling.time = 150;
    const double stretch = factor * 1.5 - (factor - 1);
    const std::vector<double> longer = scaledFrequencies(10000, 64, scaling);
    EXPECT_NEAR(longer[31], expected[31] / stretch, 1e-12);
  }
}

TEST(Rotations, LinearDividesAllAndNtkTheSlowestAlone) {
  const std::vector<double> linear = scaledFrequencies(10000, 128, {.kind = "linear", .factor = 8}),
                            ntk = scaledFrequencies(10000, 128, {.kind = "ntk", .factor = 8});
  for (int64_t i = 0; i < 64; ++i) EXPECT_NEAR(linear[size_t(i)], plain(10000, 128, i) / 8, 1e-12);
  EXPECT_EQ(ntk[0], 1);
  EXPECT_NEAR(ntk[63], plain(10000, 128, 63) / 8, 1e-12);
  EXPECT_LT(ntk[20], plain(10000, 128, 20));
}

/// Pairs up to `low` stay, pairs from `high` on are stretched fully; between them the share grows evenly.
TEST(Rotations, YarnBlendsBetweenTheBoundsOfThePaper) {
  for (const auto& [length, low, high] : {std::tuple<double, int64_t, int64_t>{4096, 20, 46}, {2048, 16, 41}}) {
    const std::vector<double> yarn =
        scaledFrequencies(10000, 128, {.kind = "yarn", .factor = 16, .low = 1, .high = 32, .length = length});
    for (int64_t i = 0; i < 64; ++i) {
      const double share = std::clamp(double(i - low) / double(high - low), 0.0, 1.0);
      EXPECT_NEAR(yarn[size_t(i)] / plain(10000, 128, i), 1 - share + share / 16, 1e-9) << i;
    }
  }
  EXPECT_NEAR(ropeAttentionFactor({.kind = "yarn", .factor = 16}), 1.27726, 1e-5);
  EXPECT_NEAR(ropeAttentionFactor({.kind = "yarn", .factor = 8}), 1.20794, 1e-5);
}

TEST(Alibi, SlopesOfEightAndTwelveHeads) {
  std::vector<double> expected;
  for (int i = 1; i <= 8; ++i) expected.push_back(std::pow(2.0, -i));
  EXPECT_EQ(alibiSlopes(8), expected);
  for (const double power : {0.5, 1.5, 2.5, 3.5}) expected.push_back(std::pow(2.0, -power));
  const std::vector<double> twelve = alibiSlopes(12);
  ASSERT_EQ(twelve.size(), 12u);
  for (size_t i = 0; i < 12; ++i) EXPECT_NEAR(twelve[i], expected[i], 1e-12) << i;
}

/// The bias may as well be written +slope j: rows differ by a constant.
TEST(Alibi, LowersScoresByTheDistance) {
  const BlockRun run("attention.multi_head", {{"heads", int64_t(2)}, {"positions", std::string("alibi")}},
                     {{"B", 1}, {"T", 7}, {"D", 8}});
  const Rows x = testing::rowsOf(run.inputs.at("x"));
  const auto map = [&](const std::string& name) { return testing::linear(x, run.weights.at(name + ".weight")); };
  const std::vector<double> slopes = {1.0 / 16, 1.0 / 256};
  const Rows mixed =
      testing::byHeads(map("q"), map("k"), map("v"), 2, 2, [&](const Rows& q, const Rows& k, const Rows& v, int64_t h) {
        return testing::softmaxAttention(q, k, v, testing::seesThePast,
                                         [&](int64_t, int64_t j) { return slopes[size_t(h)] * double(j); });
      });
  EXPECT_LT(testing::difference(run.run(), testing::linear(mixed, run.weights.at("o.weight"))), 1e-5);
}

// ---- windows with sinks

struct Streamed {
  int64_t sinks, window;
  const char* positions;
};

/// What StreamingLLM does, token by token: the cache is a list, keys are turned by their place in it when they are
/// used, the query by the last place.
Rows streamed(const BlockRun& run, const Streamed& of, int64_t heads) {
  const Rows x = testing::rowsOf(run.inputs.at("x"));
  const auto map = [&](const std::string& name) { return testing::linear(x, run.weights.at(name + ".weight")); };
  const Rows mixed = testing::byHeads(
      map("q"), map("k"), map("v"), heads, heads, [&](const Rows& q, const Rows& k, const Rows& v, int64_t h) {
        Rows y(q.count, v.width);
        std::vector<int64_t> cache;  // tokens
        for (int64_t t = 0; t < q.count; ++t) {
          cache.push_back(t);
          if (int64_t(cache.size()) > of.sinks + of.window) cache.erase(cache.begin() + of.sinks);
          EXPECT_LE(int64_t(cache.size()), of.sinks + of.window);
          Rows keys(int64_t(cache.size()), k.width), values(keys.count, v.width), query(1, q.width);
          for (int64_t place = 0; place < keys.count; ++place)
            for (int64_t c = 0; c < k.width; ++c) {
              keys(place, c) = k(cache[size_t(place)], c);
              values(place, c) = v(cache[size_t(place)], c);
            }
          for (int64_t c = 0; c < q.width; ++c) query(0, c) = q(t, c);
          const int64_t last = keys.count - 1;
          if (std::string(of.positions) == "rotary") {
            keys = testing::rotate(keys, 1);
            query = testing::rotate(query, 1, 10000, double(last));
          }
          const double slope =
              std::string(of.positions) == "alibi" ? std::pow(2.0, -8.0 * double(h + 1) / double(heads)) : 0;
          const Rows row = testing::softmaxAttention(
              query, keys, values, {}, [&](int64_t, int64_t place) { return -slope * double(last - place); });
          for (int64_t c = 0; c < v.width; ++c) y(t, c) = row(0, c);
        }
        return y;
      });
  return testing::linear(mixed, run.weights.at("o.weight"));
}

TEST(Streaming, IsTheCacheOfFirstAndLatestTokens) {
  for (const Streamed& of : {Streamed{4, 3, "rotary"},
                             {1, 5, "rotary"},
                             {0, 4, "rotary"},
                             {2, 3, "alibi"},
                             {3, 1, "none"},
                             {4, 40, "rotary"}}) {
    const BlockRun run(
        "attention.streaming",
        {{"heads", int64_t(2)}, {"sinks", of.sinks}, {"window", of.window}, {"positions", std::string(of.positions)}},
        {{"B", 1}, {"T", 23}, {"D", 8}});
    EXPECT_LT(testing::difference(run.run(), streamed(run, of, 2)), 2e-5)
        << of.sinks << " " << of.window << of.positions;
  }
}

TEST(Streaming, IsFullCausalAttentionUntilTheCacheIsFull) {
  const BlockRun run("attention.streaming", {{"heads", int64_t(2)}, {"sinks", int64_t(3)}, {"window", int64_t(20)}},
                     {{"B", 2}, {"T", 23}, {"D", 8}});
  const BlockRun full("attention.multi_head", {{"heads", int64_t(2)}}, {{"B", 2}, {"T", 23}, {"D", 8}});
  EXPECT_LT(testing::difference(run.run(), full.run()), 1e-5);
}

TEST(Streaming, MemoryIsTheSinksAndTheWindow) {
  for (const int64_t time : {1, 9}) {
    const BlockRun run("attention.streaming", {{"heads", int64_t(2)}, {"sinks", int64_t(3)}, {"window", int64_t(5)}},
                       {{"B", 1}, {"T", time}, {"D", 8}}, 0.4, Mode::Decode);
    int64_t rows = 0;
    for (const ir::InputInfo& input : run.graph().inputs)
      if (input.name.starts_with("state/")) rows += run.graph().type({input.node, 0}).shape[1];
    EXPECT_EQ(rows, 2 * (3 + 5 - 1));  // the newest token is among the window
  }
}

}  // namespace
}  // namespace fw
