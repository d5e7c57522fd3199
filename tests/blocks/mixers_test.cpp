// Interaction of features and mixing of tokens by matrices, against plain loops.
#include <gtest/gtest.h>

#include <complex>
#include <numbers>

#include "tests/support/attention_loops.h"
#include "tests/support/block_run.h"

namespace fw {
namespace {

using testing::BlockRun;
using testing::Rows;

// ---- heterogeneous attention

constexpr int64_t N = 5, D = 6, H = 2, K = 2, V = 3;
const std::map<std::string, int64_t> kDims = {{"B", 2}, {"N", N}, {"D", D}};

Params mode(const char* kind, int64_t tasks = 0) {
  return {{"heads", H},
          {"key_width", K},
          {"value_width", V},
          {"mode", std::string(kind)},
          {"key_rank", H * K * N},
          {"value_rank", D * N},
          {"task_queries", tasks}};
}

/// Row n of x through matrix n, or 0, of the weight.
Rows each(const Rows& x, const Tensor& weight, bool isOwn, int64_t first = 0) {
  const int64_t out = weight.shape[-2];
  Rows y(x.count, out);
  for (int64_t n = 0; n < x.count; ++n) {
    const Rows w = testing::rowsOf(weight, isOwn ? n + first : 0);
    for (int64_t o = 0; o < out; ++o)
      for (int64_t c = 0; c < x.width; ++c) y(n, o) += w(o, c) * x(n, c);
  }
  return y;
}

TEST(FeatureInteraction, EachFeatureHasItsMaps) {
  for (const bool isOwn : {false, true}) {
    const BlockRun run("attention.heterogeneous", mode(isOwn ? "heterogeneous" : "homogeneous"), kDims);
    const Tensor y = run.run();
    for (int64_t b = 0; b < 2; ++b) {
      const Rows x = testing::rowsOf(run.inputs.at("x"), b);
      const auto map = [&](const std::string& name) { return each(x, run.weights.at(name + ".weight"), isOwn); };
      const Rows mixed = testing::byHeads(
          map("q"), map("k"), map("v"), H, H,
          [](const Rows& q, const Rows& k, const Rows& v, int64_t) { return testing::softmaxAttention(q, k, v); });
      EXPECT_LT(testing::difference(y, each(mixed, run.weights.at("o.weight"), isOwn), b), 1e-5) << isOwn;
    }
  }
}

TEST(FeatureInteraction, EqualMapsAreHomogeneousAttention) {
  BlockRun own("attention.heterogeneous", mode("heterogeneous"), kDims);
  const BlockRun same("attention.heterogeneous", mode("homogeneous"), kDims);
  for (const char* name : {"q.weight", "k.weight", "v.weight", "o.weight"}) {
    const Tensor& one = same.weights.at(name);
    for (int64_t n = 0; n < N; ++n) std::copy_n(one.data(), one.count(), own.weight(name).data() + n * one.count());
  }
  EXPECT_LT(testing::difference(own.run(), same.run()), 1e-6);
}

/// Keys of all features by a matrix whose diagonal blocks are the maps of the features.
void makeDiagonal(Tensor& whole, const Tensor& each) {
  const int64_t out = each.shape[1], in = each.shape[2];
  std::fill_n(whole.data(), whole.count(), 0.0f);
  for (int64_t n = 0; n < N; ++n)
    for (int64_t o = 0; o < out; ++o)
      for (int64_t c = 0; c < in; ++c)
        whole.data()[(n * out + o) * N * in + n * in + c] = each.data()[(n * out + o) * in + c];
}

TEST(FeatureInteraction, CompositeWithDiagonalBlocksIsHeterogeneous) {
  const BlockRun own("attention.heterogeneous", mode("heterogeneous"), kDims);
  BlockRun composite("attention.heterogeneous", mode("composite"), kDims);
  makeDiagonal(composite.weight("k.weight"), own.weights.at("k.weight"));
  makeDiagonal(composite.weight("v.weight"), own.weights.at("v.weight"));
  EXPECT_LT(testing::difference(composite.run(), own.run()), 1e-5);
}

/// A factor that is the identity leaves the other: the full rank.
TEST(FeatureInteraction, FullRankIsTheCompositeMap) {
  const BlockRun composite("attention.heterogeneous", mode("composite"), kDims);
  BlockRun low("attention.heterogeneous", mode("low_rank"), kDims);
  low.weight("k.down.weight") = composite.weights.at("k.weight");
  low.weight("v.up.weight") = composite.weights.at("v.weight");
  for (const char* name : {"k.up.weight", "v.down.weight"}) {
    Tensor& factor = low.weight(name);
    for (int64_t i = 0; i < factor.count(); ++i) factor.data()[i] = i % (factor.shape[1] + 1) == 0;
  }
  EXPECT_LT(testing::difference(low.run(), composite.run()), 1e-5);
}

TEST(FeatureInteraction, PrunedLayerHasTheRowsOfTheTaskTokens) {
  const BlockRun all("attention.heterogeneous", mode("composite"), kDims);
  BlockRun pruned("attention.heterogeneous", mode("composite", 2), kDims);
  for (const char* name : {"q.weight", "o.weight"}) {
    Tensor& weight = pruned.weight(name);
    const int64_t one = weight.count() / 2;
    std::copy_n(all.weights.at(name).data() + (N - 2) * one, 2 * one, weight.data());
  }
  const Tensor few = pruned.run(), whole = all.run();
  for (int64_t b = 0; b < 2; ++b) {
    const Rows rows = testing::rowsOf(whole, b);
    Rows last(2, D);
    for (int64_t i = 0; i < 2; ++i)
      for (int64_t c = 0; c < D; ++c) last(i, c) = rows(N - 2 + i, c);
    EXPECT_LT(testing::difference(few, last, b), 1e-6);
  }
}

/// Features may change places with their weights, not without them; where all share the maps, also without.
TEST(FeatureInteraction, IdentityOfAFeatureIsInItsWeights) {
  const auto swapped = [](Tensor rows, int64_t outer) {
    const int64_t one = rows.count() / outer / N;
    for (int64_t b = 0; b < outer; ++b)
      std::swap_ranges(rows.data() + b * N * one, rows.data() + (b * N + 1) * one, rows.data() + (b * N + 1) * one);
    return rows;
  };
  const auto copy = [](const Tensor& tensor) { return Tensor::fromFloats(tensor.shape, tensor.toFloats()); };
  for (const bool isOwn : {true, false}) {
    const BlockRun run("attention.heterogeneous", mode(isOwn ? "heterogeneous" : "homogeneous"), kDims);
    const Tensor wanted = swapped(copy(run.run()), 2);
    BlockRun moved = run;
    moved.x() = swapped(copy(run.inputs.at("x")), 2);
    EXPECT_EQ(testing::difference(moved.run(), wanted) > 1e-3, isOwn);
    if (!isOwn) continue;
    for (const char* name : {"q.weight", "k.weight", "v.weight", "o.weight"})
      moved.weight(name) = swapped(copy(run.weights.at(name)), 1);
    EXPECT_LT(testing::difference(moved.run(), wanted), 1e-5);
  }
}

TEST(FeatureInteraction, EachFeatureHasItsMlpAndNorm) {
  const BlockRun mlp("mlp.per_feature", {{"hidden", int64_t(4)}}, kDims), norm("norm.per_feature", {}, kDims);
  const Rows x = testing::rowsOf(mlp.inputs.at("x"), 1);
  const auto plus = [&](Rows rows, const Tensor& bias) {
    for (size_t i = 0; i < rows.values.size(); ++i) rows.values[i] += bias.toDoubles()[i];
    return rows;
  };
  Rows hidden = plus(each(x, mlp.weights.at("up.weight"), true), mlp.weights.at("up.bias"));
  for (double& value : hidden.values) value *= 0.5 * (1 + std::erf(value / std::numbers::sqrt2));
  EXPECT_LT(testing::difference(
                mlp.run(), plus(each(hidden, mlp.weights.at("down.weight"), true), mlp.weights.at("down.bias")), 1),
            1e-5);
  const Rows in = testing::rowsOf(norm.inputs.at("x"));
  Rows out(N, D);
  for (int64_t n = 0; n < N; ++n) {
    double mean = 0, square = 0;
    for (int64_t c = 0; c < D; ++c) mean += in(n, c) / D;
    for (int64_t c = 0; c < D; ++c) square += (in(n, c) - mean) * (in(n, c) - mean) / D;
    for (int64_t c = 0; c < D; ++c)
      out(n, c) = (in(n, c) - mean) / std::sqrt(square + 1e-5) * norm.weights.at("weight").data()[n * D + c] +
                  norm.weights.at("bias").data()[n * D + c];
  }
  EXPECT_LT(testing::difference(norm.run(), out), 1e-5);
}

// ---- mixers

TEST(FourierMixer, IsTheRealPartOfTheTransform) {
  for (const int64_t time : {1, 7, 33}) {
    const BlockRun run("mix.fourier", {}, {{"B", 2}, {"T", time}, {"D", 6}});
    const Rows x = testing::rowsOf(run.inputs.at("x"), 1);
    Rows y(time, 6);
    for (int64_t a = 0; a < time; ++a)
      for (int64_t b = 0; b < 6; ++b) {
        std::complex<double> sum = 0;
        for (int64_t t = 0; t < time; ++t)
          for (int64_t c = 0; c < 6; ++c)
            sum +=
                x(t, c) * std::polar(1.0, -2 * std::numbers::pi * (double(a * t) / double(time) + double(b * c) / 6.0));
        y(a, b) = sum.real();
      }
    EXPECT_LT(testing::difference(run.run(), y, 1), 2e-5 * double(time));
    EXPECT_EQ(run.parameters(), 0);
  }
}

TEST(FourierMixer, UnitaryFormDividesByTheRootOfTheSize) {
  const BlockRun plain("mix.fourier", {}, {{"B", 1}, {"T", 5}, {"D", 3}});
  BlockRun unitary("mix.fourier", {{"unitary", true}}, {{"B", 1}, {"T", 5}, {"D", 3}});
  Rows expected = testing::rowsOf(plain.run());
  for (double& value : expected.values) value /= std::sqrt(15.0);
  EXPECT_LT(testing::difference(unitary.run(), expected), 1e-5);
}

TEST(MatrixMixer, IsItsMatrixTimesTheValues) {
  constexpr int64_t T = 7;
  for (const char* kind : {"free", "factorised", "token"})
    for (const char* norm : {"softmax", "none"})
      for (const char* mask : {"causal", "bidirectional"}) {
        const BlockRun run("mix.matrix",
                           {{"kind", std::string(kind)},
                            {"norm", std::string(norm)},
                            {"mask", std::string(mask)},
                            {"rank", int64_t(2)},
                            {"max_length", int64_t(9)}},
                           {{"B", 2}, {"T", T}, {"D", 4}});
        const Rows x = testing::rowsOf(run.inputs.at("x"), 1);
        Rows matrix(T, T);
        if (std::string(kind) == "token") {
          Rows hidden = testing::linear(x, run.weights.at("hidden.weight"), &run.weights.at("hidden.bias"));
          for (double& value : hidden.values) value = std::max(value, 0.0);
          matrix = testing::columns(
              testing::linear(hidden, run.weights.at("rows.weight"), &run.weights.at("rows.bias")), 0, T);
        } else if (std::string(kind) == "free") {
          const Rows all = testing::rowsOf(run.weights.at("mixing.weight"));
          for (int64_t i = 0; i < T; ++i)
            for (int64_t j = 0; j < T; ++j) matrix(i, j) = all(i, j);
        } else {
          const Rows left = testing::rowsOf(run.weights.at("left.weight")),
                     right = testing::rowsOf(run.weights.at("right.weight"));
          for (int64_t i = 0; i < T; ++i)
            for (int64_t j = 0; j < T; ++j) matrix(i, j) = testing::dot(left, i, right, j);
        }
        const Rows v = testing::linear(x, run.weights.at("v.weight"));
        Rows mixed(T, 4);
        for (int64_t i = 0; i < T; ++i) {
          const int64_t keys = std::string(mask) == "causal" ? i + 1 : T;
          double total = 0;
          for (int64_t j = 0; j < keys; ++j) total += std::exp(matrix(i, j));
          for (int64_t j = 0; j < keys; ++j)
            for (int64_t c = 0; c < 4; ++c)
              mixed(i, c) += (std::string(norm) == "softmax" ? std::exp(matrix(i, j)) / total : matrix(i, j)) * v(j, c);
        }
        EXPECT_LT(testing::difference(run.run(), testing::linear(mixed, run.weights.at("o.weight")), 1), 1e-5)
            << kind << norm << mask;
      }
}

}  // namespace
}  // namespace fw
