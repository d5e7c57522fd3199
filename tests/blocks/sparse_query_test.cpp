// Sparse-query attention against plain loops: sharing of keys, tiling of queries, and what it costs.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/support/attention_loops.h"
#include "tests/support/block_run.h"

namespace fw {
namespace {

using testing::BlockRun;
using testing::Rows;

constexpr int64_t T = 7, D = 16, H = 8, K = 2;
const std::map<std::string, int64_t> kDims = {{"B", 2}, {"T", T}, {"D", D}};

Params own(int64_t heads, int64_t keyHeads) {
  return {{"variant", std::string("own")}, {"width_heads", H}, {"heads", heads}, {"kv_heads", keyHeads}};
}

/// Row `sequence` of the block's result: query head of output head j and key head of output head j are given.
Rows expected(const BlockRun& run, int64_t sequence, int64_t outputs, int64_t heads, int64_t keyHeads,
              int64_t (*queryOf)(int64_t, int64_t, int64_t), int64_t (*keyOf)(int64_t, int64_t, int64_t)) {
  const Rows x = testing::rowsOf(run.inputs.at("x"), sequence);
  const Rows q = testing::rotate(testing::linear(x, run.weights.at("q.weight")), heads),
             k = testing::rotate(testing::linear(x, run.weights.at("k.weight")), keyHeads),
             v = testing::linear(x, run.weights.at("v.weight"));
  Rows mixed(T, outputs * K);
  for (int64_t j = 0; j < outputs; ++j) {
    const int64_t g = keyOf(j, heads, keyHeads);
    testing::putColumns(
        mixed, j * K,
        testing::softmaxAttention(testing::columns(q, queryOf(j, heads, keyHeads) * K, K),
                                  testing::columns(k, g * K, K), testing::columns(v, g * K, K), testing::seesThePast));
  }
  return testing::linear(mixed, run.weights.at("o.weight"));
}

int64_t same(int64_t j, int64_t, int64_t) { return j; }
int64_t repeated(int64_t j, int64_t heads, int64_t keyHeads) { return j * keyHeads / heads; }
int64_t tiled(int64_t j, int64_t heads, int64_t) { return j % heads; }
int64_t repeatedQuery(int64_t j, int64_t heads, int64_t keyHeads) { return j * heads / keyHeads; }

TEST(SparseQuery, KeyHeadsAreSharedByNeighbours) {
  for (const auto& [heads, keyHeads] : {std::pair<int64_t, int64_t>{4, 2}, {4, 4}, {2, 1}, {8, 8}, {6, 3}}) {
    const BlockRun run("attention.sparse_query", own(heads, keyHeads), kDims);
    const Tensor y = run.run();
    for (int64_t b = 0; b < 2; ++b)
      EXPECT_LT(testing::difference(y, expected(run, b, heads, heads, keyHeads, same, repeated), b), 1e-5)
          << heads << " " << keyHeads;
  }
}

TEST(SparseQuery, QueriesOfTheReverseFormAreTiledNotRepeated) {
  const BlockRun run("attention.sparse_query", own(2, 6), kDims);
  const Tensor y = run.run();
  EXPECT_EQ(run.weights.at("o.weight").shape, Shape({D, 6 * K}));
  EXPECT_LT(testing::difference(y, expected(run, 1, 6, 2, 6, tiled, same), 1), 1e-5);
  EXPECT_GT(testing::difference(y, expected(run, 1, 6, 2, 6, repeatedQuery, same), 1), 1e-2);
}

TEST(SparseQuery, AllHeadsAreMultiHeadAttentionBitForBit) {
  const BlockRun sparse("attention.sparse_query", {{"variant", std::string("mha")}, {"width_heads", H}}, kDims);
  const BlockRun plain("attention.multi_head", {{"heads", H}}, kDims);
  const Tensor a = sparse.run(), b = plain.run();
  ASSERT_EQ(a.bytes(), b.bytes());
  EXPECT_EQ(std::memcmp(a.memory.get(), b.memory.get(), size_t(a.bytes())), 0);
}

/// Half of the heads are all heads of which the last half has no way out.
TEST(SparseQuery, SymmetricHalfIsMultiHeadAttentionWithoutTheOtherHalf) {
  const BlockRun half("attention.sparse_query", {{"variant", std::string("ssqa")}, {"width_heads", H}}, kDims);
  BlockRun whole("attention.multi_head", {{"heads", H}}, kDims);
  for (const char* name : {"q.weight", "k.weight", "v.weight"})
    std::copy_n(half.weights.at(name).data(), half.weights.at(name).count(), whole.weight(name).data());
  Tensor& o = whole.weight("o.weight");
  for (int64_t row = 0; row < D; ++row)
    for (int64_t i = 0; i < D; ++i)
      o.data()[row * D + i] = i < D / 2 ? half.weights.at("o.weight").data()[row * D / 2 + i] : 0;
  EXPECT_LT(testing::difference(half.run(), whole.run()), 1e-5);
}

TEST(SparseQuery, SharedKeysAreTheirCopies) {
  BlockRun few("attention.sparse_query", own(4, 2), kDims), copies("attention.sparse_query", own(4, 4), kDims);
  for (const char* name : {"k.weight", "v.weight"})
    for (int64_t head = 0; head < 4; ++head)
      std::copy_n(few.weight(name).data() + head / 2 * K * D, K * D, copies.weight(name).data() + head * K * D);
  EXPECT_LT(testing::difference(few.run(), copies.run()), 1e-5);
}

double scoreMacs(const BlockRun& run) {
  double total = 0;
  for (const ir::Node& node : run.graph().nodes) {
    if (node.op->name != "attention") continue;
    std::vector<ir::TensorType> types;
    for (const ir::ValueRef& ref : node.inputs) types.push_back(run.graph().type(ref));
    total += costOf(*node.op, {types, node.attrs, nullptr}, node.types).macs;
  }
  return total;
}

TEST(SparseQuery, ScoresCostTheShareOfQueryHeadsAndTheCacheThatOfKeyHeads) {
  const auto of = [](const char* variant) {
    return BlockRun("attention.sparse_query", {{"variant", std::string(variant)}, {"width_heads", H}}, kDims);
  };
  const double all = scoreMacs(of("mha"));
  EXPECT_EQ(all, 2.0 * 2 * (T * (T + 1) / 2) * D);  // both products of the pairs that a causal mask leaves
  const std::map<std::string, std::pair<double, double>> shares = {{"gqa", {1, 0.25}},     {"mqa", {1, 0.125}},
                                                                   {"sqa", {0.5, 0.25}},   {"ssqa", {0.5, 0.5}},
                                                                   {"xsqa", {0.25, 0.25}}, {"xsmqa", {0.25, 0.125}}};
  const auto cacheBytes = [](const char* variant) {
    const BlockRun run("attention.sparse_query", {{"variant", std::string(variant)}, {"width_heads", H}},
                       {{"B", 2}, {"T", 1}, {"D", D}}, 0.4, Mode::Decode);
    double bytes = 0;
    for (const ir::InputInfo& input : run.graph().inputs)
      if (input.name.starts_with("state/")) bytes += double(run.graph().type({input.node, 0}).bytes());
    return bytes;
  };
  for (const auto& [variant, share] : shares) {
    EXPECT_EQ(scoreMacs(of(variant.c_str())), all * share.first) << variant;
    EXPECT_EQ(cacheBytes(variant.c_str()), cacheBytes("mha") * share.second) << variant;
  }
}

TEST(SparseQuery, CountsThatDoNotDivideAreRefused) {
  EXPECT_THROW(BlockRun("attention.sparse_query", own(4, 3), kDims), Error);
  EXPECT_THROW(BlockRun("attention.sparse_query", {{"variant", std::string("xsqa")}, {"width_heads", int64_t(6)}},
                        {{"B", 1}, {"T", 3}, {"D", 12}}),
               Error);
}

}  // namespace
}  // namespace fw
