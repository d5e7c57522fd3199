// Binary linear attention against its quadratic form, and the fitting of its hash functions.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/blocks/hash_fit.h"
#include "engine/ir/autodiff.h"
#include "engine/ops/elementwise.h"
#include "tests/support/attention_loops.h"
#include "tests/support/block_run.h"
#include "tests/support/run_graph.h"

namespace fw {
namespace {

using testing::BlockRun;
using testing::Rows;

constexpr int64_t T = 9, H = 2, K = 4, bits = 5, anchors = 3;
const std::map<std::string, int64_t> kDims = {{"B", 2}, {"T", T}, {"D", H* K}};

Params hashed(const char* mask, const char* constant = "sum") {
  return {{"heads", H},
          {"bits", bits},
          {"anchors", anchors},
          {"mask", std::string(mask)},
          {"constant", std::string(constant)}};
}

/// Codes of the unit vectors of one head.
Rows codes(const BlockRun& run, const Rows& qk, int64_t head, bool causal) {
  const Rows p = testing::rowsOf(run.weights.at("anchors"), head),
             a = testing::rowsOf(run.weights.at("directions"), head);
  Rows distance(T, anchors);
  double spread = 0;
  for (int64_t t = 0; t < T; ++t) {
    const double length = std::sqrt(testing::dot(qk, t, qk, t));
    for (int64_t i = 0; i < anchors; ++i) {
      for (int64_t c = 0; c < K; ++c) distance(t, i) += std::pow(qk(t, c) / length - p(i, c), 2);
      spread += distance(t, i) / (T * anchors);
    }
  }
  if (causal) spread = std::exp(run.weights.at("log_spread").data()[head]);
  Rows code(T, bits);
  for (int64_t t = 0; t < T; ++t)
    for (int64_t b = 0; b < bits; ++b) {
      double y = 0;
      for (int64_t i = 0; i < anchors; ++i)
        y += a(b, i) * (std::exp(-distance(t, i) / (2 * spread)) - run.weights.at("means").data()[head * anchors + i]);
      code(t, b) = y >= 0 ? 1 : -1;
    }
  return code;
}

BlockRun prepared(const Params& params) { return BlockRun("attention.hashed", params, kDims); }

TEST(HashedAttention, LinearFormIsTheQuadraticForm) {
  for (const char* mask : {"causal", "bidirectional"})
    for (const char* constant : {"sum", "self"}) {
      const bool causal = std::string(mask) == "causal", isOwn = std::string(constant) == "self";
      if (causal && isOwn) continue;
      const BlockRun run = prepared(hashed(mask, constant));
      const Tensor y = run.run();
      for (int64_t b = 0; b < 2; ++b) {
        const Rows x = testing::rowsOf(run.inputs.at("x"), b);
        const Rows qk = testing::linear(x, run.weights.at("qk.weight")),
                   all = testing::linear(x, run.weights.at("v.weight"));
        const Rows mixed =
            testing::byHeads(qk, qk, all, H, H, [&](const Rows& q, const Rows&, const Rows& v, int64_t h) {
              const Rows code = codes(run, q, h, causal);
              Rows out(T, K);
              for (int64_t i = 0; i < T; ++i) {
                double total = 0;
                for (int64_t j = 0; j < (causal ? i + 1 : T); ++j) {
                  int64_t different = 0;
                  for (int64_t c = 0; c < bits; ++c) different += code(i, c) != code(j, c);
                  const double weight =
                      bits - 2.0 * double(different) + (bits + 1);  // Hamming distance and the constant
                  EXPECT_GE(weight, 1);
                  total += weight;
                  for (int64_t c = 0; c < K; ++c) out(i, c) += (isOwn ? weight - (bits + 1) : weight) * v(j, c);
                }
                for (int64_t c = 0; c < K; ++c) out(i, c) = (out(i, c) + (isOwn ? (bits + 1) * v(i, c) : 0)) / total;
              }
              return out;
            });
        EXPECT_LT(testing::difference(y, testing::linear(mixed, run.weights.at("o.weight")), b), 2e-5)
            << mask << constant;
      }
    }
}

TEST(HashedAttention, OppositeBitsChangeNothingAndOrderFollowsTheTokens) {
  BlockRun run = prepared(hashed("bidirectional"));
  const Tensor before = run.run();
  Tensor& a = run.weight("directions");
  for (int64_t i = 0; i < a.count(); ++i) a.data()[i] *= -1;
  EXPECT_LT(testing::difference(run.run(), before), 1e-5);
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t c = 0; c < H * K; ++c)
      std::swap(run.x().data()[(b * T + 1) * H * K + c], run.x().data()[(b * T + 6) * H * K + c]);
  const Rows moved = testing::rowsOf(run.run()), rows = testing::rowsOf(before);
  for (int64_t c = 0; c < H * K; ++c) {
    EXPECT_NEAR(moved(1, c), rows(6, c), 1e-5);
    EXPECT_NEAR(moved(6, c), rows(1, c), 1e-5);
    EXPECT_NEAR(moved(3, c), rows(3, c), 1e-5);
  }
}

TEST(HashedAttention, BuffersAreNotTrained) {
  const BlockRun run = prepared(hashed("causal"));
  for (const ir::ParameterInfo& info : run.graph().parameters)
    EXPECT_EQ(info.isTrainable, info.name.ends_with(".weight")) << info.name;
}

/// The gradient of a sign passes where the argument lies between -1 and 1.
TEST(HashedAttention, GradientOfTheSignIsHeld) {
  const Tensor y = Tensor::fromFloats({5}, {-3, -0.5, 0.25, 0.75, 2});
  const std::vector<Tensor> results =
      testing::runGraph({y}, [](ir::Builder& builder, const std::vector<ir::Value>& in) {
        const ir::Value code = ir::straightThrough(ir::sign(in[0]), ir::clamp(in[0], -1, 1));
        const ir::Value seed = builder.constant(7, {5});
        return ir::gradients(builder, {code}, {in[0]}, {seed});
      });
  EXPECT_EQ(results[0].toFloats(), (std::vector<float>{0, 7, 7, 7, 0}));
}

double agreement(const std::vector<double>& tokens, int64_t width, const HashFit& fit, bool isFitted) {
  const int64_t count = int64_t(tokens.size()) / width, number = int64_t(fit.means.size());
  std::vector<double> distance;
  double spread = 0;
  for (int64_t t = 0; t < count; ++t)
    for (int64_t a = 0; a < number; ++a) {
      double sum = 0;
      for (int64_t c = 0; c < width; ++c)
        sum += std::pow(tokens[size_t(t * width + c)] - fit.anchors[size_t(a * width + c)], 2);
      distance.push_back(sum);
      spread += sum / double(count * number);
    }
  const int64_t number0 = int64_t(fit.directions.size()) / number;
  Rng rng(77);
  Rows code(count, number0);
  for (int64_t b = 0; b < number0; ++b) {
    std::vector<double> a(static_cast<size_t>(number));
    for (int64_t i = 0; i < number; ++i)
      a[size_t(i)] = isFitted ? fit.directions[size_t(b * number + i)] : rng.normal();
    for (int64_t t = 0; t < count; ++t) {
      double y = 0;
      for (int64_t i = 0; i < number; ++i)
        y += a[size_t(i)] * (std::exp(-distance[size_t(t * number + i)] / (2 * spread)) - fit.means[size_t(i)]);
      code(t, b) = y >= 0 ? 1 : -1;
    }
  }
  // Of the ten tokens most alike and the ten least alike, how far the codes say so.
  double right = 0;
  for (int64_t i = 0; i < count; ++i) {
    std::vector<std::pair<double, int64_t>> alike;
    for (int64_t j = 0; j < count; ++j) {
      double product = 0;
      for (int64_t c = 0; c < width; ++c) product += tokens[size_t(i * width + c)] * tokens[size_t(j * width + c)];
      alike.push_back({product, j});
    }
    std::sort(alike.begin(), alike.end());
    for (int64_t e = 0; e < 10; ++e)
      right += testing::dot(code, i, code, alike[size_t(count - 1 - e)].second) -
               testing::dot(code, i, code, alike[size_t(e)].second);
  }
  return right / double(count * 20 * number0);
}

TEST(HashFit, NeverRaisesALossAndAgreesMoreThanChance) {
  constexpr int64_t width = 8, count = 60;
  Rng rng(4);
  std::vector<double> tokens;
  for (int64_t t = 0; t < count; ++t) {
    std::vector<double> row;
    double length = 0;
    for (int64_t c = 0; c < width; ++c) {
      row.push_back(rng.normal() + (c == t % 4 ? 2.5 : 0));
      length += row.back() * row.back();
    }
    for (const double value : row) tokens.push_back(value / std::sqrt(length));
  }
  const HashFit fit = fitHashes(tokens, width, {.bits = 8, .anchors = 12, .learningRate = 0.05});
  bool isBetter = false;
  for (size_t b = 0; b < fit.loss.size(); ++b) {
    EXPECT_LE(fit.loss[b], fit.startLoss[b]);
    isBetter |= fit.loss[b] < fit.startLoss[b];
  }
  EXPECT_TRUE(isBetter);
  EXPECT_GT(agreement(tokens, width, fit, true), agreement(tokens, width, fit, false) + 0.02);
  EXPECT_THROW(fitHashes(tokens, width, {.anchors = 61}), Error);
}

}  // namespace
}  // namespace fw
