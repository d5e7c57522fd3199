// Light attention against plain loops.
#include <gtest/gtest.h>

#include "tests/support/attention_loops.h"
#include "tests/support/block_run.h"

namespace fw {
namespace {

using testing::BlockRun;
using testing::Rows;

constexpr int64_t kHeight = 4, kAcross = 8, D = 8;
const std::map<std::string, int64_t> kDims = {{"B", 2}, {"N", kHeight* kAcross}, {"D", D}};

Params light(int64_t pooling, int64_t narrowing, const char* pool) {
  return {{"heads", int64_t(2)},
          {"pooling", pooling},
          {"narrowing", narrowing},
          {"pool", std::string(pool)},
          {"height", kHeight}};
}

Rows pooled(const Rows& x, int64_t side, bool isSquare) {
  Rows y(x.count / (side * side), x.width);
  for (int64_t t = 0; t < x.count; ++t) {
    const int64_t row = t / kAcross, column = t % kAcross;
    const int64_t key = isSquare ? row / side * (kAcross / side) + column / side : t / (side * side);
    for (int64_t c = 0; c < x.width; ++c) y(key, c) += x(t, c) / double(side * side);
  }
  return y;
}

TEST(PooledAttention, KeysAreMeansOfTheGrid) {
  for (const int64_t side : {1, 2, 4})
    for (const int64_t narrowing : {1, 2})
      for (const char* pool : {"square", "raster"}) {
        const BlockRun run("attention.pooled", light(side, narrowing, pool), kDims);
        const Tensor y = run.run();
        const auto map = [&](const std::string& name, const Rows& rows) {
          return testing::linear(rows, run.weights.at(name + ".weight"), &run.weights.at(name + ".bias"));
        };
        for (int64_t b = 0; b < 2; ++b) {
          const Rows x = testing::rowsOf(run.inputs.at("x"), b), few = pooled(x, side, std::string(pool) == "square");
          const Rows mixed = testing::byHeads(
              map("q", x), map("k", few), map("v", few), 2, 2,
              [](const Rows& q, const Rows& k, const Rows& v, int64_t) { return testing::softmaxAttention(q, k, v); });
          EXPECT_LT(testing::difference(y, map("o", mixed), b), 1e-5) << side << narrowing << pool;
        }
      }
}

TEST(PooledAttention, WithoutPoolingIsMultiHeadAttention) {
  const BlockRun light1("attention.pooled", light(1, 1, "square"), kDims);
  BlockRun plain("attention.multi_head",
                 {{"heads", int64_t(2)},
                  {"positions", std::string("none")},
                  {"mask", std::string("bidirectional")},
                  {"bias", std::string("all")}},
                 {{"B", 2}, {"T", kHeight * kAcross}, {"D", D}});
  for (auto& [name, weight] : plain.weights) weight = light1.weights.at(name);
  EXPECT_LT(testing::difference(light1.run(), plain.run()), 1e-6);
}

TEST(PooledAttention, ScoresCostASquareLessAndAConstantStays) {
  const double maps = 2.0 * 32 * D * D;  // queries and output of one sequence
  const auto macs = [&](int64_t side) {
    const BlockRun run("attention.pooled", light(side, 1, "square"), {{"B", 1}, {"N", 32}, {"D", D}});
    return run.macs() - maps - 2.0 * (32.0 / double(side * side)) * D * D;
  };
  EXPECT_EQ(macs(1), 2.0 * 32 * 32 * D);
  EXPECT_EQ(macs(2), macs(1) / 4);
  EXPECT_EQ(macs(4), macs(1) / 16);
  BlockRun run("attention.pooled", light(2, 1, "square"), kDims);
  std::fill_n(run.x().data(), run.x().count(), 0.7f);
  const Rows y = testing::rowsOf(run.run());
  for (int64_t t = 1; t < y.count; ++t)
    for (int64_t c = 0; c < D; ++c) EXPECT_NEAR(y(t, c), y(0, c), 1e-6);
}

TEST(PooledAttention, SquaresAndRunsDiffer) {
  EXPECT_GT(testing::difference(BlockRun("attention.pooled", light(2, 1, "square"), kDims).run(),
                                BlockRun("attention.pooled", light(2, 1, "raster"), kDims).run()),
            1e-3);
}

}  // namespace
}  // namespace fw
