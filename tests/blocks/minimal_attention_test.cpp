// Attention with fewer matrices, in slices and in units, against plain loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/support/attention_loops.h"
#include "tests/support/block_run.h"

namespace fw {
namespace {

using testing::BlockRun;
using testing::Rows;

const std::map<std::string, int64_t> kDims = {{"B", 2}, {"T", 33}, {"D", 6}};
constexpr int64_t N = 6;

Params kinds(const char* similarity, const char* values, int64_t heads = 1, const char* mask = "bidirectional") {
  return {{"heads", heads},
          {"similarity", std::string(similarity)},
          {"values", std::string(values)},
          {"mask", std::string(mask)}};
}

Rows product(const Rows& a, const Rows& b) {
  Rows y(a.count, b.width);
  for (int64_t i = 0; i < a.count; ++i)
    for (int64_t j = 0; j < b.width; ++j)
      for (int64_t c = 0; c < a.width; ++c) y(i, j) += a(i, c) * b(c, j);
  return y;
}

Rows transposed(const Rows& a) {
  Rows y(a.width, a.count);
  for (int64_t i = 0; i < a.count; ++i)
    for (int64_t j = 0; j < a.width; ++j) y(j, i) = a(i, j);
  return y;
}

void set(Tensor& tensor, const Rows& rows) {
  for (size_t i = 0; i < rows.values.size(); ++i) tensor.data()[i] = float(rows.values[i]);
}

/// What the entries of a triangle mean.
Rows triangle(const Tensor& entries, bool isMirrored) {
  Rows y(N, N);
  for (int64_t i = 0, at = 0; i < N; ++i)
    for (int64_t j = 0; j <= i; ++j, ++at) {
      y(i, j) = entries.toDoubles()[size_t(at)];
      if (isMirrored) y(j, i) = y(i, j);
    }
  return y;
}

/// The matrix between two tokens: scores are x W x^T.
Rows between(const BlockRun& run, const std::string& similarity) {
  if (similarity == "full")
    return product(transposed(testing::rowsOf(run.weights.at("q.weight"))),
                   testing::rowsOf(run.weights.at("k.weight")));
  if (similarity == "shared") {
    const Rows w = testing::rowsOf(run.weights.at("qk.weight"));
    return product(transposed(w), w);
  }
  if (similarity == "collapsed") return transposed(testing::rowsOf(run.weights.at("qk.weight")));
  const Rows entries = triangle(run.weights.at("qk.entries"), similarity == "mirrored");
  return similarity == "mirrored" ? entries : product(entries, transposed(entries));
}

TEST(MinimalAttention, EachSimilarityIsItsMatrixBetweenTokens) {
  for (const char* similarity : {"full", "shared", "collapsed", "mirrored", "cholesky"})
    for (const char* mask : {"causal", "bidirectional"}) {
      const BlockRun run("attention.collapsed", kinds(similarity, "none", 1, mask), kDims);
      const Tensor y = run.run();
      for (int64_t b = 0; b < 2; ++b) {
        const Rows x = testing::rowsOf(run.inputs.at("x"), b);
        const Rows expected = testing::softmaxAttention(
            product(x, between(run, similarity)), x, x,
            [&](int64_t i, int64_t j) { return std::string(mask) == "bidirectional" || j <= i; });
        EXPECT_LT(testing::difference(y, expected, b), 1e-5) << similarity << mask;
      }
    }
}

TEST(MinimalAttention, SymmetricScoresEqualTheirTransposeAndCholeskyIsPositive) {
  for (const char* similarity : {"shared", "mirrored", "cholesky", "full"}) {
    const BlockRun run("attention.collapsed", kinds(similarity, "none"), kDims);
    const Rows x = testing::rowsOf(run.inputs.at("x"));
    const Rows scores = product(product(x, between(run, similarity)), transposed(x));
    double asymmetry = 0, lowest = 1e300;
    for (int64_t i = 0; i < scores.count; ++i) {
      lowest = std::min(lowest, scores(i, i));
      for (int64_t j = 0; j < i; ++j) asymmetry = std::max(asymmetry, std::abs(scores(i, j) - scores(j, i)));
    }
    const bool isFull = std::string(similarity) == "full";
    EXPECT_EQ(asymmetry > 1e-3, isFull) << similarity;
    if (isFull) {
      EXPECT_LT(lowest, 0);
    }
    if (std::string(similarity) == "cholesky") {
      EXPECT_GE(lowest, 0);
    }
  }
}

TEST(MinimalAttention, CollapsedMatricesAreProductsOfTheFullOnes) {
  const BlockRun full("attention.collapsed", kinds("full", "full"), kDims);
  BlockRun collapsed("attention.collapsed", kinds("collapsed", "collapsed"), kDims);
  set(collapsed.weight("qk.weight"), transposed(between(full, "full")));
  set(collapsed.weight("vo.weight"),
      product(testing::rowsOf(full.weights.at("o.weight")), testing::rowsOf(full.weights.at("v.weight"))));
  EXPECT_LT(testing::difference(full.run(), collapsed.run()), 2e-5);
}

TEST(MinimalAttention, WithoutValuesResultsAreMeansOfTheInputs) {
  for (const int64_t heads : {1, 3}) {
    const BlockRun run("attention.collapsed", kinds("shared", "none", heads), kDims);
    const Rows x = testing::rowsOf(run.inputs.at("x")), y = testing::rowsOf(run.run());
    for (int64_t c = 0; c < N; ++c) {
      double low = 1e300, high = -1e300;
      for (int64_t t = 0; t < x.count; ++t) low = std::min(low, x(t, c)), high = std::max(high, x(t, c));
      for (int64_t t = 0; t < x.count; ++t) {
        EXPECT_GE(y(t, c), low - 1e-6);
        EXPECT_LE(y(t, c), high + 1e-6);
      }
    }
  }
}

/// Two layers with a value matrix each are two layers without, and the product of the matrices after them, where the
/// second similarity takes the first value matrix into account.
TEST(MinimalAttention, ValueMatricesOfAStackMultiplyIntoOne) {
  const BlockRun shape("attention.collapsed", kinds("collapsed", "collapsed"), kDims);
  const auto layer = [&](const char* values, const Tensor& x, const Rows& w, const Rows* v) {
    BlockRun run("attention.collapsed", kinds("collapsed", values), kDims);
    run.x() = x;
    set(run.weight("qk.weight"), transposed(w));
    if (v) set(run.weight("vo.weight"), transposed(*v));
    return run.run();
  };
  Rng rng(5);
  Rows w[2] = {Rows(N, N), Rows(N, N)}, v[2] = {Rows(N, N), Rows(N, N)};
  for (Rows* rows : {&w[0], &w[1], &v[0], &v[1]})
    for (double& value : rows->values) value = rng.normal() * 0.4;
  const Tensor& x = shape.inputs.at("x");
  const Tensor with = layer("collapsed", layer("collapsed", x, w[0], &v[0]), w[1], &v[1]);
  const Rows last = product(v[0], v[1]);
  const Tensor first = layer("none", x, w[0], nullptr);
  const Tensor without = layer("none", first, product(product(v[0], w[1]), transposed(v[0])), nullptr);
  EXPECT_LT(testing::difference(with, product(testing::rowsOf(without), last)), 1e-5);
  EXPECT_GT(testing::difference(with, product(testing::rowsOf(layer("none", first, w[1], nullptr)), last)), 1e-3);
}

TEST(MinimalAttention, CountsItsMatrices) {
  const auto count = [](const char* similarity, const char* values) {
    return BlockRun("attention.collapsed", kinds(similarity, values), kDims).parameters();
  };
  EXPECT_EQ(count("full", "full"), 4 * N * N);
  EXPECT_EQ(count("collapsed", "full"), 3 * N * N);
  EXPECT_EQ(count("shared", "full"), 3 * N * N);
  EXPECT_EQ(count("collapsed", "collapsed"), 2 * N * N);
  EXPECT_EQ(count("collapsed", "none"), N * N);
  EXPECT_EQ(count("mirrored", "none"), N * (N + 1) / 2);
  EXPECT_EQ(count("cholesky", "none"), N * (N + 1) / 2);
}

TEST(MinimalAttention, KeepsTheInputOnceWhileDecoding) {
  const BlockRun run("attention.collapsed", kinds("collapsed", "none", 1, "causal"), {{"B", 1}, {"T", 1}, {"D", N}},
                     0.4, Mode::Decode);
  int64_t states = 0;
  for (const ir::InputInfo& input : run.graph().inputs) states += input.name.starts_with("state/");
  EXPECT_EQ(states, 1);
}

// ---- slices

std::vector<int64_t> orderOf(const BlockRun& run, int64_t tokens) {
  std::vector<int64_t> order(static_cast<size_t>(tokens));
  std::iota(order.begin(), order.end(), 0);
  for (const ir::Node& node : run.graph().nodes)
    if (node.op->name == "constant" && node.attrs.has("values") && node.types[0].shape == Shape{tokens})
      for (int64_t i = 0; i < tokens; ++i) order[size_t(i)] = int64_t(node.attrs.reals("values")[size_t(i)]);
  return order;
}

TEST(SlicedAttention, IsDenseAttentionWithinItsSlices) {
  for (const int64_t slices : {1, 2, 4})
    for (const int64_t pass : {0, 1, 2})
      for (const char* mask : {"bidirectional", "causal"}) {
        const BlockRun run("attention.sliced",
                           {{"heads", int64_t(2)}, {"slices", slices}, {"pass", pass}, {"mask", std::string(mask)}},
                           {{"B", 2}, {"N", 12}, {"D", 8}});
        const std::vector<int64_t> order = orderOf(run, 12);
        std::vector<int64_t> sliceOf(12);
        for (int64_t place = 0; place < 12; ++place) sliceOf[size_t(order[size_t(place)])] = place / (12 / slices);
        if (pass > 0 && slices > 1) {
          EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
        }
        const Tensor y = run.run();
        for (int64_t b = 0; b < 2; ++b) {
          const Rows x = testing::rowsOf(run.inputs.at("x"), b);
          const auto map = [&](const std::string& name) {
            return testing::linear(x, run.weights.at(name + ".weight"));
          };
          const Rows mixed = testing::byHeads(
              map("q"), map("k"), map("v"), 2, 2, [&](const Rows& q, const Rows& k, const Rows& v, int64_t) {
                return testing::softmaxAttention(q, k, v, [&](int64_t i, int64_t j) {
                  return sliceOf[size_t(i)] == sliceOf[size_t(j)] && (std::string(mask) == "bidirectional" || j <= i);
                });
              });
          EXPECT_LT(testing::difference(y, testing::linear(mixed, run.weights.at("o.weight")), b), 1e-5)
              << slices << pass;
        }
        EXPECT_EQ(testing::difference(y, run.run()), 0);  // evaluation draws nothing
      }
}

/// What one pass keeps apart, a second one with another shuffle joins.
TEST(SlicedAttention, SecondPassReachesOtherSlices) {
  const auto after = [](Tensor x, bool hasSecond) {
    for (const int64_t pass : {0, 1}) {
      if (pass == 1 && !hasSecond) break;
      BlockRun run("attention.sliced", {{"heads", int64_t(2)}, {"slices", int64_t(3)}, {"pass", pass}},
                   {{"B", 1}, {"N", 12}, {"D", 8}});
      run.x() = x;
      x = run.run();
    }
    return testing::rowsOf(x);
  };
  const BlockRun shape("attention.sliced", {{"heads", int64_t(2)}}, {{"B", 1}, {"N", 12}, {"D", 8}});
  const Tensor x = shape.inputs.at("x");
  Tensor changed = Tensor::fromFloats(x.shape, x.toFloats());
  for (int64_t c = 0; c < 8; ++c) changed.data()[11 * 8 + c] += 2;  // in the last slice
  for (const bool hasSecond : {false, true}) {
    const Rows before = after(x, hasSecond), then = after(changed, hasSecond);
    double largest = 0;
    for (int64_t t = 0; t < 8; ++t)
      for (int64_t c = 0; c < 8; ++c) largest = std::max(largest, std::abs(before(t, c) - then(t, c)));
    EXPECT_EQ(largest > 1e-4, hasSecond);
  }
}

TEST(SlicedAttention, TrainingDrawsAnotherShuffleEachStep) {
  BlockRun run("attention.sliced", {{"heads", int64_t(2)}, {"slices", int64_t(3)}, {"pass", int64_t(1)}},
               {{"B", 1}, {"N", 12}, {"D", 8}}, 0.4, Mode::Train);
  run.inputs["seed"] = Tensor::scalarInt(1);
  const Tensor first = run.run();
  EXPECT_EQ(testing::difference(first, run.run()), 0);
  run.inputs["seed"] = Tensor::scalarInt(2);
  EXPECT_GT(testing::difference(first, run.run()), 1e-4);
}

TEST(SlicedAttention, CostsAShareOfFullAttention) {
  const auto macs = [](int64_t slices) {
    return BlockRun("attention.sliced", {{"heads", int64_t(2)}, {"slices", slices}}, {{"B", 1}, {"N", 16}, {"D", 8}})
        .macs();
  };
  const double maps = 4.0 * 16 * 8 * 8;
  for (const int64_t slices : {1, 2, 4}) EXPECT_EQ(macs(slices) - maps, 2.0 * 16 * 16 * 8 / double(slices));
}

// ---- units

/// The token at (y,x) of a grid with four columns of units two by two, two levels deep: finest bits first.
int64_t place(int64_t y, int64_t x, int64_t height, int64_t width, int64_t levels) {
  int64_t index = 0;
  for (int64_t level = 0; level < levels; ++level) {
    index = index * 2 + y % 2;
    index = index * 2 + x % 2;
    y /= 2;
    x /= 2;
  }
  return (index * (height >> levels) + y) * (width >> levels) + x;
}

TEST(Unroll, IsAPermutationThatComesBack) {
  for (const int64_t levels : {1, 2, 3}) {
    const std::map<std::string, int64_t> dims = {{"B", 2}, {"N", 8 * 16}, {"D", 3}};
    const BlockRun there("embedding.unroll", {{"height", int64_t(8)}, {"levels", levels}}, dims);
    const Tensor y = there.run();
    const Rows x = testing::rowsOf(there.inputs.at("x"), 1), rows = testing::rowsOf(y, 1);
    for (int64_t r = 0; r < 8; ++r)
      for (int64_t c = 0; c < 16; ++c)
        for (int64_t i = 0; i < 3; ++i) ASSERT_EQ(rows(place(r, c, 8, 16, levels), i), x(r * 16 + c, i));
    BlockRun back("embedding.unroll", {{"height", int64_t(8)}, {"levels", levels}, {"back", true}}, dims);
    back.x() = y;
    EXPECT_EQ(testing::difference(back.run(), there.inputs.at("x")), 0);
  }
}

/// The maximum over four runs is that over squares of two by two.
TEST(Unroll, PoolingRunsIsPoolingSquares) {
  const BlockRun run("embedding.unroll", {{"height", int64_t(4)}, {"levels", int64_t(2)}},
                     {{"B", 1}, {"N", 16}, {"D", 2}});
  const Rows x = testing::rowsOf(run.inputs.at("x")), y = testing::rowsOf(run.run());
  for (int64_t r = 0; r < 2; ++r)
    for (int64_t c = 0; c < 2; ++c)
      for (int64_t i = 0; i < 2; ++i) {
        double square = -1e300, runs = -1e300;
        for (int64_t part = 0; part < 4; ++part) {
          square = std::max(square, x((2 * r + part / 2) * 4 + 2 * c + part % 2, i));
          runs = std::max(runs, y(part * 4 + place(r, c, 2, 2, 1), i));
        }
        EXPECT_EQ(square, runs);
      }
}

/// Queries, keys and values of one map; pooled queries; keys of the own unit.
TEST(MaskUnitAttention, SeesItsUnitWithPooledQueries) {
  for (const int64_t units : {1, 4})
    for (const int64_t stride : {1, 4})
      for (const int64_t width : {8, 4}) {
        const BlockRun run("attention.mask_unit",
                           {{"heads", int64_t(2)}, {"units", units}, {"query_stride", stride}, {"width", width}},
                           {{"B", 2}, {"N", 32}, {"D", 8}});
        const Tensor y = run.run();
        ASSERT_EQ(y.shape, Shape({2, 32 / stride, width}));
        for (int64_t b = 0; b < 2; ++b) {
          const Rows all = testing::linear(testing::rowsOf(run.inputs.at("x"), b), run.weights.at("qkv.weight"),
                                           &run.weights.at("qkv.bias"));
          Rows q(32 / stride, width);
          for (int64_t i = 0; i < q.count; ++i)
            for (int64_t c = 0; c < width; ++c) {
              double most = -1e300;
              for (int64_t part = 0; part < stride; ++part) most = std::max(most, all(part * q.count + i, c));
              q(i, c) = most;
            }
          const Rows mixed = testing::byHeads(
              q, testing::columns(all, width, width), testing::columns(all, 2 * width, width), 2, 2,
              [&](const Rows& q, const Rows& k, const Rows& v, int64_t) {
                return testing::softmaxAttention(q, k, v, [&](int64_t i, int64_t j) { return i % units == j % units; });
              });
          EXPECT_LT(
              testing::difference(y, testing::linear(mixed, run.weights.at("o.weight"), &run.weights.at("o.bias")), b),
              1e-5)
              << units << stride << width;
        }
      }
}

/// After unrolling, units are squares of the grid: a changed pixel leaves all others alone.
TEST(MaskUnitAttention, UnitsAreSquaresOfTheGrid) {
  const auto rows = [](Tensor x) {
    const std::map<std::string, int64_t> dims = {{"B", 1}, {"N", 64}, {"D", 4}};
    BlockRun unroll("embedding.unroll", {{"height", int64_t(8)}, {"levels", int64_t(2)}}, dims);
    unroll.x() = x;
    BlockRun attention("attention.mask_unit", {{"heads", int64_t(2)}, {"units", int64_t(4)}}, dims);
    attention.x() = unroll.run();
    BlockRun back("embedding.unroll", {{"height", int64_t(8)}, {"levels", int64_t(2)}, {"back", true}}, dims);
    back.x() = attention.run();
    return testing::rowsOf(back.run());
  };
  const BlockRun shape("embedding.unroll", {{"height", int64_t(8)}, {"levels", int64_t(2)}},
                       {{"B", 1}, {"N", 64}, {"D", 4}});
  const Tensor x = shape.inputs.at("x");
  Tensor changed = Tensor::fromFloats(x.shape, x.toFloats());
  for (int64_t c = 0; c < 4; ++c) changed.data()[(2 * 8 + 5) * 4 + c] += 2;  // row 2, column 5: the upper right unit
  const Rows before = rows(x), after = rows(changed);
  for (int64_t r = 0; r < 8; ++r)
    for (int64_t c = 0; c < 8; ++c) {
      double moved = 0;
      for (int64_t i = 0; i < 4; ++i) moved = std::max(moved, std::abs(before(r * 8 + c, i) - after(r * 8 + c, i)));
      EXPECT_EQ(moved > 1e-6, r < 4 && c >= 4) << r << " " << c;
    }
}

}  // namespace
}  // namespace fw
