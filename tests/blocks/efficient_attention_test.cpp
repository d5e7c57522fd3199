// The efficient kinds of attention against plain loops, and what holds for them in the limits where they are exact.
#include <gtest/gtest.h>

#include <numbers>
#include <set>

#include "tests/support/attention_loops.h"
#include "tests/support/block_run.h"

namespace fw {
namespace {

using testing::BlockRun;
using testing::Rows;

const std::string kCausal = "causal", kBoth = "bidirectional";

struct Projected {
  Rows q, k, v;
};
Projected projected(const BlockRun& run, int64_t sequence) {
  const Rows x = testing::rowsOf(run.inputs.at("x"), sequence);
  const auto map = [&](const std::string& name) {
    const auto bias = run.weights.find(name + ".bias");
    return testing::linear(x, run.weights.at(name + ".weight"), bias == run.weights.end() ? nullptr : &bias->second);
  };
  return {map("q"), map("k"), map("v")};
}

using OneHead = std::function<Rows(const Rows&, const Rows&, const Rows&, int64_t)>;

/// The result for both sequences of a batch, head by head.
void expectHeads(const BlockRun& run, int64_t heads, const OneHead& of, double tolerance = 1e-5) {
  const Tensor y = run.run();
  for (int64_t b = 0; b < y.shape[0]; ++b) {
    const Projected p = projected(run, b);
    const Rows mixed = testing::byHeads(p.q, p.k, p.v, heads, heads, of);
    EXPECT_LT(testing::difference(y, testing::linear(mixed, run.weights.at("o.weight")), b), tolerance) << b;
  }
}

/// All values 1, and a way out that passes them: what the weights sum to.
void expectSumsOfOne(BlockRun run, double tolerance) {
  Tensor &v = run.weight("v.weight"), &bias = run.weight("v.bias"), &o = run.weight("o.weight");
  std::fill_n(v.data(), v.count(), 0.0f);
  std::fill_n(bias.data(), bias.count(), 1.0f);
  std::fill_n(o.data(), o.count(), 0.0f);
  for (int64_t i = 0; i < o.shape[0]; ++i) o.data()[i * o.shape[1] + i] = 1;
  for (const double value : run.values()) EXPECT_NEAR(value, 1, tolerance);
}

/// Values of the constant of this shape in the block's graph.
std::vector<double> constantOf(const BlockRun& run, const Shape& shape) {
  for (const ir::Node& node : run.graph().nodes)
    if (node.op->name == "constant" && node.attrs.has("values") && node.types[0].shape == shape)
      return node.attrs.reals("values");
  ADD_FAILURE() << "no constant of " << text(shape);
  return std::vector<double>(size_t(shape.count()), 0.0);
}

const std::map<std::string, int64_t> kDims = {{"B", 2}, {"T", 9}, {"D", 8}};

// ---- linear attention

double elu(double x) { return x > 0 ? x + 1 : std::exp(x); }

double dotOf(const Rows& a, int64_t i, const Rows& b, int64_t j, double (*f)(double)) {
  double sum = 0;
  for (int64_t c = 0; c < a.width; ++c) sum += f(a(i, c)) * f(b(j, c));
  return sum;
}

TEST(LinearAttention, RecurrenceIsTheMaskedQuadraticForm) {
  for (const std::string& mask : {kCausal, kBoth})
    expectHeads(BlockRun("attention.linear", {{"heads", int64_t(2)}, {"mask", mask}}, kDims), 2,
                [&](const Rows& q, const Rows& k, const Rows& v, int64_t) {
                  return testing::weightedMean(v, q.count, [&](int64_t i, int64_t j) {
                    return mask == kCausal && j > i ? 0 : dotOf(q, i, k, j, elu);
                  });
                });
}

TEST(LinearAttention, StateDoesNotGrow) {
  for (const int64_t time : {1, 5}) {
    const BlockRun run("attention.linear", {{"heads", int64_t(2)}}, {{"B", 1}, {"T", time}, {"D", 8}}, 0.4,
                       Mode::Decode);
    int64_t numbers = 0;
    for (const ir::InputInfo& input : run.graph().inputs)
      if (input.name.starts_with("state/")) numbers += run.graph().type({input.node, 0}).shape.count();
    EXPECT_EQ(numbers, 2 * (4 * 4 + 4));
  }
}

TEST(EfficientAttention, WeightsSumToOne) {
  const Params common = {{"heads", int64_t(2)}, {"bias", std::string("qkv")}};
  const auto with = [&](Params more) {
    more.insert(common.begin(), common.end());
    return more;
  };
  expectSumsOfOne(BlockRun("attention.linear", common, kDims), 1e-4);
  expectSumsOfOne(BlockRun("attention.performer", with({{"features", int64_t(16)}}), kDims), 1e-5);
  expectSumsOfOne(BlockRun("attention.longformer", with({{"window", int64_t(2)}, {"globals", int64_t(2)}}), kDims),
                  1e-5);
  expectSumsOfOne(BlockRun("attention.streaming", with({{"window", int64_t(2)}, {"sinks", int64_t(2)}}), kDims), 1e-5);
  expectSumsOfOne(BlockRun("attention.nystrom",
                           with({{"landmarks", int64_t(3)}, {"conv", int64_t(0)}, {"iterations", int64_t(20)}}), kDims),
                  1e-4);
  expectSumsOfOne(BlockRun("attention.big_bird", with({{"block", int64_t(2)}, {"random", int64_t(1)}}),
                           {{"B", 1}, {"N", 12}, {"D", 8}}),
                  1e-5);
  BlockRun reformer("attention.reformer", with({{"bucket", int64_t(2)}, {"rounds", int64_t(2)}}),
                    {{"B", 1}, {"N", 12}, {"D", 8}});
  expectSumsOfOne(reformer, 1e-5);
}

// ---- Performer

TEST(Performer, IsTheMeanByItsFeatures) {
  constexpr int64_t features = 11, K = 4;
  for (const std::string& mask : {kCausal, kBoth}) {
    const BlockRun run("attention.performer", {{"heads", int64_t(2)}, {"features", features}, {"mask", mask}}, kDims);
    const std::vector<double> w = constantOf(run, {features, K});
    const auto feature = [&](const Rows& x, int64_t i, double shift) {
      std::vector<double> all;
      for (int64_t m = 0; m < features; ++m) {
        double exponent = -shift;
        for (int64_t c = 0; c < K; ++c) {
          const double value = x(i, c) / std::pow(double(K), 0.25);
          exponent += w[size_t(m * K + c)] * value - value * value / 2;
        }
        all.push_back(std::exp(exponent) / std::sqrt(double(features)) + 1e-4);
      }
      return all;
    };
    const auto largest = [&](const Rows& x, int64_t i) {
      double most = -1e300;
      for (int64_t m = 0; m < features; ++m) {
        double along = 0;
        for (int64_t c = 0; c < K; ++c) along += w[size_t(m * K + c)] * x(i, c) / std::pow(double(K), 0.25);
        most = std::max(most, along);
      }
      return most;
    };
    expectHeads(run, 2, [&](const Rows& q, const Rows& k, const Rows& v, int64_t) {
      double shift = mask == kCausal ? 0 : -1e300;
      for (int64_t j = 0; mask != kCausal && j < k.count; ++j) shift = std::max(shift, largest(k, j));
      return testing::weightedMean(v, q.count, [&](int64_t i, int64_t j) {
        if (mask == kCausal && j > i) return 0.0;
        const std::vector<double> a = feature(q, i, largest(q, i)), b = feature(k, j, shift);
        double sum = 0;
        for (size_t m = 0; m < a.size(); ++m) sum += a[m] * b[m];
        return sum;
      });
    });
  }
}

/// The mean over many draws is softmax's kernel; its error falls with the root of the number of features, and
/// directions that are orthogonal have a smaller one than independent ones.
TEST(Performer, FeaturesEstimateTheKernelOfSoftmax) {
  constexpr int64_t K = 8, pairs = 40, draws = 12;
  Rng rng(3);
  Rows q(pairs, K), k(pairs, K);
  for (Rows* rows : {&q, &k})
    for (double& value : rows->values) value = rng.normal() * 0.7;
  const auto error = [&](int64_t features, bool areOrthogonal) {
    double total = 0;
    for (int64_t draw = 0; draw < draws; ++draw) {
      std::vector<double> w;
      if (areOrthogonal) {
        const BlockRun run("attention.performer", {{"heads", int64_t(1)}, {"features", features}, {"seed", draw + 10}},
                           {{"B", 1}, {"T", 1}, {"D", K}});
        w = constantOf(run, {features, K});
      } else {
        for (int64_t i = 0; i < features * K; ++i) w.push_back(rng.normal());
      }
      for (int64_t p = 0; p < pairs; ++p) {
        double estimate = 0, exact = 0;
        for (int64_t m = 0; m < features; ++m) {
          double exponent = 0;
          for (int64_t c = 0; c < K; ++c) {
            const double a = q(p, c) / std::pow(double(K), 0.25), b = k(p, c) / std::pow(double(K), 0.25);
            exponent += w[size_t(m * K + c)] * (a + b) - (a * a + b * b) / 2;
          }
          estimate += std::exp(exponent) / double(features);
        }
        for (int64_t c = 0; c < K; ++c) exact += q(p, c) * k(p, c) / std::sqrt(double(K));
        total += std::pow(estimate / std::exp(exact) - 1, 2);
      }
    }
    return std::sqrt(total / double(draws * pairs));
  };
  const double few = error(32, true), many = error(2048, true);
  EXPECT_NEAR(std::log(many / few) / std::log(64.0), -0.5, 0.15);
  EXPECT_LT(few, error(32, false));
}

TEST(Performer, DirectionsOfABlockAreOrthogonal) {
  const BlockRun run("attention.performer", {{"heads", int64_t(1)}, {"features", int64_t(13)}},
                     {{"B", 1}, {"T", 1}, {"D", 6}});
  const std::vector<double> w = constantOf(run, {13, 6});
  for (int64_t i = 0; i < 13; ++i)
    for (int64_t j = i / 6 * 6; j < i; ++j) {
      double along = 0;
      for (int64_t c = 0; c < 6; ++c) along += w[size_t(i * 6 + c)] * w[size_t(j * 6 + c)];
      EXPECT_NEAR(along, 0, 1e-9) << i << " " << j;
    }
}

// ---- cosFormer

double cosineWeight(const Rows& q, int64_t i, const Rows& k, int64_t j, int64_t most) {
  double sum = 0;
  for (int64_t c = 0; c < q.width; ++c) sum += std::max(q(i, c), 0.0) * std::max(k(j, c), 0.0);
  return sum * std::cos(std::numbers::pi * double(i - j) / (2 * double(most)));
}

Params cosine(const std::string& mask, int64_t most, const std::string& kind = "cosine") {
  return {{"heads", int64_t(2)}, {"mask", mask}, {"max_length", most}, {"kind", kind}};
}

TEST(CosineAttention, LinearFormIsTheQuadraticFormWithTheCosine) {
  for (const std::string& mask : {kCausal, kBoth})
    for (const int64_t most : {0, 9, 20})
      expectHeads(BlockRun("attention.cosine", cosine(mask, most), kDims), 2,
                  [&](const Rows& q, const Rows& k, const Rows& v, int64_t) {
                    return testing::weightedMean(v, q.count, [&](int64_t i, int64_t j) {
                      return mask == kCausal && j > i ? 0 : cosineWeight(q, i, k, j, most ? most : 9);
                    });
                  });
}

TEST(CosineAttention, LongestLengthChangesTheResult) {
  const BlockRun one("attention.cosine", cosine(kBoth, 16), kDims), other("attention.cosine", cosine(kBoth, 32), kDims);
  EXPECT_GT(testing::difference(one.run(), other.run()), 1e-4);
}

TEST(CosineAttention, KindsShareTheirWeightsAndBlendToEachOther) {
  const BlockRun cos("attention.cosine", cosine(kCausal, 16), kDims),
      soft("attention.cosine", cosine(kCausal, 16, "softmax"), kDims);
  EXPECT_EQ(cos.parameters(), soft.parameters());
  expectHeads(soft, 2, [](const Rows& q, const Rows& k, const Rows& v, int64_t) {
    return testing::softmaxAttention(q, k, v, testing::seesThePast);
  });
  BlockRun blend("attention.cosine", cosine(kCausal, 16, "blend"), kDims);
  EXPECT_EQ(blend.parameters(), cos.parameters() + 1);
  blend.weight("softmax_share").data()[0] = 40;
  EXPECT_LT(testing::difference(blend.run(), soft.run()), 1e-5);
  blend.weight("softmax_share").data()[0] = -40;
  EXPECT_LT(testing::difference(blend.run(), cos.run()), 1e-5);
}

// ---- Linformer

TEST(Linformer, MixesKeysAndValuesAlongTime) {
  for (const char* sharing : {"layer", "all", "head"}) {
    const BlockRun run(
        "attention.linformer",
        {{"heads", int64_t(2)}, {"rows", int64_t(3)}, {"max_length", int64_t(12)}, {"sharing", std::string(sharing)}},
        kDims);
    const auto mixed = [&](const std::string& name, const Rows& values, int64_t head) {
      const Tensor& map = run.weights.at(std::string(sharing) == "all" ? "mix_k.weight" : name);
      const Rows w = testing::rowsOf(map, std::string(sharing) == "head" ? head : 0);
      Rows y(3, values.width);
      for (int64_t r = 0; r < 3; ++r)
        for (int64_t t = 0; t < values.count; ++t)
          for (int64_t c = 0; c < values.width; ++c) y(r, c) += w(t, r) * values(t, c);
      return y;
    };
    expectHeads(run, 2, [&](const Rows& q, const Rows& k, const Rows& v, int64_t h) {
      return testing::softmaxAttention(q, mixed("mix_k.weight", k, h), mixed("mix_v.weight", v, h));
    });
  }
}

TEST(Linformer, IsExactWhereNothingIsMixed) {
  BlockRun run(
      "attention.linformer",
      {{"heads", int64_t(2)}, {"rows", int64_t(9)}, {"max_length", int64_t(9)}, {"sharing", std::string("all")}},
      kDims);
  Tensor& map = run.weight("mix_k.weight");
  for (int64_t i = 0; i < 81; ++i) map.data()[i] = i % 10 == 0;
  expectHeads(run, 2,
              [](const Rows& q, const Rows& k, const Rows& v, int64_t) { return testing::softmaxAttention(q, k, v); });
}

TEST(Linformer, RefusesDecodingAndLongTexts) {
  EXPECT_THROW(BlockRun("attention.linformer", {}, {{"B", 1}, {"T", 1}, {"D", 8}}, 1, Mode::Decode), Error);
  EXPECT_THROW(BlockRun("attention.linformer", {{"max_length", int64_t(8)}}, kDims), Error);
}

// ---- Nystromformer

TEST(Nystrom, IsExactWithALandmarkForEachToken) {
  const BlockRun run(
      "attention.nystrom",
      {{"heads", int64_t(2)}, {"landmarks", int64_t(9)}, {"conv", int64_t(0)}, {"iterations", int64_t(30)}}, kDims);
  expectHeads(
      run, 2, [](const Rows& q, const Rows& k, const Rows& v, int64_t) { return testing::softmaxAttention(q, k, v); },
      2e-3);
}

/// The products, with the inverse by the same number of steps, in double, and the convolution beside them.
TEST(Nystrom, IsTheProductOfItsThreeMatrices) {
  constexpr int64_t m = 3;
  const BlockRun run("attention.nystrom", {{"heads", int64_t(2)}, {"landmarks", m}, {"conv", int64_t(3)}},
                     {{"B", 2}, {"T", 8}, {"D", 8}});
  using Matrix = std::vector<std::vector<double>>;
  const auto product = [](const Matrix& a, const Matrix& b) {
    Matrix y(a.size(), std::vector<double>(b[0].size(), 0.0));
    for (size_t i = 0; i < a.size(); ++i)
      for (size_t j = 0; j < b[0].size(); ++j)
        for (size_t c = 0; c < b.size(); ++c) y[i][j] += a[i][c] * b[c][j];
    return y;
  };
  const auto weights = [](const Rows& q, const Rows& k) {
    Matrix y;
    for (int64_t i = 0; i < q.count; ++i) {
      std::vector<double> row;
      double total = 0;
      for (int64_t j = 0; j < k.count; ++j)
        row.push_back(std::exp(testing::dot(q, i, k, j) / std::sqrt(double(q.width))));
      for (const double value : row) total += value;
      for (double& value : row) value /= total;
      y.push_back(row);
    }
    return y;
  };
  const auto averaged = [](const Rows& x) {  // runs of 3, 3 and 2 tokens
    Rows y(m, x.width);
    for (int64_t t = 0; t < x.count; ++t)
      for (int64_t c = 0; c < x.width; ++c) {
        const int64_t run = t < 3 ? 0 : t < 6 ? 1 : 2;
        y(run, c) += x(t, c) / (run == 2 ? 2.0 : 3.0);
      }
    return y;
  };
  expectHeads(
      run, 2,
      [&](const Rows& q, const Rows& k, const Rows& v, int64_t h) {
        const Rows qm = averaged(q), km = averaged(k);
        const Matrix a = weights(qm, km);
        double most = 0;
        for (int64_t j = 0; j < m; ++j) {
          double column = 0;
          for (int64_t i = 0; i < m; ++i) column += a[size_t(i)][size_t(j)];
          most = std::max(most, column);
        }
        Matrix z(m, std::vector<double>(m));
        for (size_t i = 0; i < size_t(m); ++i)
          for (size_t j = 0; j < size_t(m); ++j) z[i][j] = a[j][i] / most;
        const auto minus = [](double diagonal, Matrix x) {
          for (size_t i = 0; i < x.size(); ++i)
            for (size_t j = 0; j < x.size(); ++j) x[i][j] = (i == j ? diagonal : 0) - x[i][j];
          return x;
        };
        for (int step = 0; step < 6; ++step) {
          const Matrix az = product(a, z);
          z = product(z, minus(13, product(az, minus(15, product(az, minus(7, az))))));
          for (auto& row : z)
            for (double& value : row) value /= 4;
        }
        Matrix values;
        for (int64_t t = 0; t < v.count; ++t) {
          values.emplace_back();
          for (int64_t c = 0; c < v.width; ++c) values.back().push_back(v(t, c));
        }
        const Matrix all = product(weights(q, km), product(z, product(weights(qm, k), values)));
        Rows y(q.count, v.width);
        for (int64_t t = 0; t < y.count; ++t)
          for (int64_t c = 0; c < y.width; ++c) {
            y(t, c) = all[size_t(t)][size_t(c)];
            for (int64_t tap = -1; tap <= 1; ++tap)
              if (t + tap >= 0 && t + tap < v.count)
                y(t, c) += run.weights.at("conv.weight").data()[h * 3 + tap + 1] * v(t + tap, c);
          }
        return y;
      },
      2e-4);
}

// ---- Longformer

TEST(Longformer, IsDenseAttentionUnderItsMask) {
  for (const int64_t globals : {0, 1, 3})
    for (const int64_t dilation : {1, 3})
      for (const std::string& mask : {kCausal, kBoth}) {
        if (globals > 0 && mask == kBoth) continue;
        const int64_t window = 2;
        expectHeads(BlockRun("attention.longformer",
                             {{"heads", int64_t(2)},
                              {"window", window},
                              {"globals", globals},
                              {"dilation", dilation},
                              {"mask", mask}},
                             kDims),
                    2, [&](const Rows& q, const Rows& k, const Rows& v, int64_t) {
                      return testing::softmaxAttention(q, k, v, [&](int64_t i, int64_t j) {
                        const int64_t distance = std::abs(i - j);
                        const bool isNear = distance <= window * dilation && distance % dilation == 0;
                        return (isNear || j < globals) && (mask == kBoth || j <= i);
                      });
                    });
      }
}

TEST(Longformer, GlobalTokensSeeAllByTheirOwnMaps) {
  constexpr int64_t globals = 2, window = 1;
  const BlockRun run("attention.longformer",
                     {{"heads", int64_t(2)}, {"window", window}, {"globals", globals}, {"mask", kBoth}}, kDims);
  const Tensor y = run.run();
  for (int64_t b = 0; b < 2; ++b) {
    const Rows x = testing::rowsOf(run.inputs.at("x"), b);
    const Projected p = projected(run, b);
    const Rows own = testing::byHeads(p.q, p.k, p.v, 2, 2, [&](const Rows& q, const Rows& k, const Rows& v, int64_t) {
      return testing::softmaxAttention(q, k, v,
                                       [&](int64_t i, int64_t j) { return std::abs(i - j) <= window || j < globals; });
    });
    Rows all = testing::byHeads(
        testing::linear(x, run.weights.at("q_global.weight")), testing::linear(x, run.weights.at("k_global.weight")),
        testing::linear(x, run.weights.at("v_global.weight")), 2, 2,
        [](const Rows& q, const Rows& k, const Rows& v, int64_t) { return testing::softmaxAttention(q, k, v); });
    for (int64_t t = globals; t < x.count; ++t)
      for (int64_t c = 0; c < all.width; ++c) all(t, c) = own(t, c);
    EXPECT_LT(testing::difference(y, testing::linear(all, run.weights.at("o.weight")), b), 1e-5);
  }
}

TEST(Longformer, IsExactWithAWideWindowOrOnlyGlobalTokens) {
  const OneHead exact = [](const Rows& q, const Rows& k, const Rows& v, int64_t) {
    return testing::softmaxAttention(q, k, v);
  };
  expectHeads(
      BlockRun("attention.longformer",
               {{"heads", int64_t(2)}, {"window", int64_t(8)}, {"globals", int64_t(0)}, {"mask", kBoth}}, kDims),
      2, exact);
  BlockRun global("attention.longformer",
                  {{"heads", int64_t(2)}, {"window", int64_t(1)}, {"globals", int64_t(9)}, {"mask", kBoth}}, kDims);
  for (const char* name : {"q", "k", "v"})
    global.weight(std::string(name) + "_global.weight") = global.weight(std::string(name) + ".weight");
  expectHeads(global, 2, exact);
}

double attentionMacs(const std::string& block, const Params& params, const char* time, int64_t length) {
  return BlockRun(block, params, {{"B", 1}, {time, length}, {"D", 8}}).macs();
}

/// Twice the length, twice the cost; far more for softmax attention.
TEST(EfficientAttention, CostGrowsLinearly) {
  const int64_t two = 2;
  const std::vector<std::tuple<std::string, Params, const char*>> kinds = {
      {"attention.linear", {{"heads", two}}, "T"},
      {"attention.performer", {{"heads", two}}, "T"},
      {"attention.cosine", {{"heads", two}}, "T"},
      {"attention.linformer", {{"heads", two}, {"rows", int64_t(8)}, {"max_length", int64_t(4096)}}, "T"},
      {"attention.longformer", {{"heads", two}, {"window", int64_t(16)}}, "T"},
      {"attention.streaming", {{"heads", two}, {"window", int64_t(16)}}, "T"},
      {"attention.big_bird", {{"heads", two}, {"block", int64_t(16)}}, "N"},
      {"attention.reformer", {{"heads", two}, {"bucket", int64_t(16)}, {"rounds", int64_t(2)}}, "N"}};
  for (const auto& [block, params, time] : kinds) {
    const double ratio = attentionMacs(block, params, time, 1024) / attentionMacs(block, params, time, 512);
    // The random hashes of more buckets cost a little more.
    EXPECT_NEAR(ratio, 2, block == "attention.reformer" ? 0.9 : 0.05) << block;
  }
  EXPECT_GT(attentionMacs("attention.multi_head", {{"heads", two}}, "T", 1024) /
                attentionMacs("attention.multi_head", {{"heads", two}}, "T", 512),
            3.5);
}

// ---- BigBird

TEST(BigBird, IsDenseAttentionUnderItsMask) {
  constexpr int64_t size = 2, N = 18, count = N / size, heads = 2, random = 2, most = 5 + random;
  const BlockRun run("attention.big_bird", {{"heads", heads}, {"block", size}, {"random", random}},
                     {{"B", 2}, {"N", N}, {"D", 8}});
  const std::vector<double> picks = constantOf(run, {heads * (count - 2) * most}),
                            seen = constantOf(run, {1, heads * (count - 2), most * size});
  std::set<std::pair<int64_t, int64_t>> visible[heads];
  for (int64_t h = 0; h < heads; ++h)
    for (int64_t row = 0; row < count; ++row) {
      int64_t others = 0;
      for (int64_t block = 0; block < count; ++block) {
        const bool isFixed =
            row == 0 || row == count - 1 || block == 0 || block == count - 1 || std::abs(row - block) <= 1;
        bool isRandom = false;
        const int64_t at = (h * (count - 2) + row - 1) * most;
        for (int64_t i = 0; row > 0 && row < count - 1 && i < most; ++i)
          isRandom |= seen[size_t((at + i) * size)] > 0 && picks[size_t(at + i)] == double(h * count + block);
        if (row > 0 && row < count - 1 && isFixed) {
          EXPECT_TRUE(isRandom) << "block " << row << " does not see " << block;
        }
        others += isRandom && !isFixed;
        if (isFixed || isRandom) visible[h].insert({row, block});
      }
      if (row > 0 && row < count - 1) {
        EXPECT_EQ(others, random);
      }
    }
  EXPECT_NE(visible[0], visible[1]);  // each head draws for itself
  expectHeads(run, heads, [&](const Rows& q, const Rows& k, const Rows& v, int64_t h) {
    return testing::softmaxAttention(q, k, v, [&](int64_t i, int64_t j) {
      return visible[h].contains({i / size, j / size});
    });
  });
}

TEST(BigBird, IsExactWhereTheBlocksCoverAll) {
  for (const int64_t N : {4, 8, 10})
    expectHeads(
        BlockRun("attention.big_bird", {{"heads", int64_t(2)}, {"block", int64_t(2)}, {"random", int64_t(1)}},
                 {{"B", 2}, {"N", N}, {"D", 8}}),
        2, [](const Rows& q, const Rows& k, const Rows& v, int64_t) { return testing::softmaxAttention(q, k, v); });
}

// ---- Reformer

/// With two chunks each sees all tokens: exact attention with shared queries and keys, whatever the hashes are.
TEST(Reformer, IsExactWithTwoBucketsAndOneRound) {
  for (const std::string& mask : {kCausal, kBoth})
    for (const int64_t seed : {1, 2}) {
      const BlockRun run(
          "attention.reformer",
          {{"heads", int64_t(2)}, {"bucket", int64_t(4)}, {"rounds", int64_t(1)}, {"mask", mask}, {"seed", seed}},
          {{"B", 2}, {"N", 8}, {"D", 8}});
      const Tensor y = run.run();
      for (int64_t b = 0; b < 2; ++b) {
        const Rows x = testing::rowsOf(run.inputs.at("x"), b);
        const Rows q = testing::linear(x, run.weights.at("qk.weight")),
                   v = testing::linear(x, run.weights.at("v.weight"));
        const Rows mixed = testing::byHeads(q, q, v, 2, 2, [&](const Rows& q, Rows k, const Rows& v, int64_t) {
          for (int64_t j = 0; j < k.count; ++j) {
            const double length = std::sqrt(testing::dot(q, j, q, j));
            for (int64_t c = 0; c < k.width; ++c) k(j, c) /= length;
          }
          return testing::softmaxAttention(q, k, v, [&](int64_t i, int64_t j) {
            return (mask == kBoth || j <= i) && (i != j || (mask == kCausal && i == 0));
          });
        });
        EXPECT_LT(testing::difference(y, testing::linear(mixed, run.weights.at("o.weight")), b), 1e-5) << mask << seed;
      }
    }
}

/// Several rounds over several chunks, as the published method says, step by step.
TEST(Reformer, RoundsAreWeighedByTheirSums) {
  constexpr int64_t N = 12, size = 2, rounds = 3, K = 4, buckets = N / size;
  const BlockRun run("attention.reformer", {{"heads", int64_t(2)}, {"bucket", size}, {"rounds", rounds}},
                     {{"B", 1}, {"N", N}, {"D", 8}});
  const std::vector<double> directions = constantOf(run, {rounds * buckets / 2, K});
  const Rows x = testing::rowsOf(run.inputs.at("x"));
  const Rows all = testing::linear(x, run.weights.at("qk.weight"));
  const Rows mixed = testing::byHeads(
      all, all, testing::linear(x, run.weights.at("v.weight")), 2, 2,
      [&](const Rows& q, const Rows&, const Rows& v, int64_t) {
        std::vector<int64_t> order;  // round after round
        for (int64_t r = 0; r < rounds; ++r) {
          std::vector<std::pair<int64_t, int64_t>> keys;
          for (int64_t t = 0; t < N; ++t) {
            int64_t best = 0;
            double most = -1e300;
            for (int64_t i = 0; i < buckets; ++i) {
              double along = 0;
              for (int64_t c = 0; c < K; ++c)
                along += directions[size_t((r * buckets / 2 + i % (buckets / 2)) * K + c)] * q(t, c);
              if (i >= buckets / 2) along = -along;
              if (along > most) best = i, most = along;
            }
            keys.push_back({best, t});
          }
          std::sort(keys.begin(), keys.end());
          for (const auto& [bucket, t] : keys) order.push_back(t);
        }
        const int64_t total = rounds * N;
        Rows sum(N, v.width);
        std::vector<double> weight(size_t(N), 0.0);
        for (int64_t at = 0; at < total; ++at) {
          const int64_t i = order[size_t(at)], chunk = at / size;
          for (int64_t back = 0; back < 2 * size; ++back) {
            const int64_t j = order[size_t(((chunk - 1) * size + back + total) % total)];
            const double score =
                i == j ? -5e4 : testing::dot(q, i, q, j) / std::sqrt(testing::dot(q, j, q, j)) / std::sqrt(double(K));
            // exp(log-sum-exp) of a round times its softmax: the sums of all rounds together.
            const double w = std::exp(score);
            weight[size_t(i)] += w;
            for (int64_t c = 0; c < v.width; ++c) sum(i, c) += w * v(j, c);
          }
        }
        for (int64_t i = 0; i < N; ++i)
          for (int64_t c = 0; c < v.width; ++c) sum(i, c) /= weight[size_t(i)];
        return sum;
      });
  EXPECT_LT(testing::difference(run.run(), testing::linear(mixed, run.weights.at("o.weight"))), 1e-5);
}

}  // namespace
}  // namespace fw
