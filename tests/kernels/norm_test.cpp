// Layer norm and RMS norm, forward and backward, against plain loops in double.
#include "kernels/norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "engine/base/rng.h"
#include "tests/support/each_target.h"
#include "tests/support/guarded.h"

namespace fw::kernels {
namespace {

using testing::forEachTarget;
using testing::Guarded;

constexpr double epsilon = 1e-5;

struct Problem {
  bool isCentred;
  int64_t rows, width;
  std::vector<float> x, residual, weight, bias, dy, carry;

  Problem(bool isCentred, int64_t rows, int64_t width) : isCentred(isCentred), rows(rows), width(width) {
    Rng rng(uint64_t(rows * 7 + width));
    const auto fill = [&](std::vector<float>& to, int64_t count, double scale, double shift) {
      for (int64_t i = 0; i < count; ++i) to.push_back(float(shift + scale * rng.normal() * (i % 43 == 3 ? 30 : 1)));
    };
    fill(x, rows * width, 1, 3);
    fill(residual, rows * width, 1, -1);
    fill(weight, width, 0.5, 1);
    fill(bias, width, 0.5, 0);
    fill(dy, rows * width, 1, 0);
    fill(carry, rows * width, 1, 0);
  }

  /// (h - mean) / deviation of one row, and 1 / deviation.
  std::vector<double> normalised(const std::vector<double>& h, double& inverse) const {
    double mean = 0, variance = 0;
    if (isCentred)
      for (double v : h) mean += v / double(width);
    for (double v : h) variance += (v - mean) * (v - mean) / double(width);
    inverse = 1 / std::sqrt(variance + epsilon);
    std::vector<double> n;
    for (double v : h) n.push_back((v - mean) * inverse);
    return n;
  }
  std::vector<double> row(int64_t r, bool hasResidual) const {
    std::vector<double> h;
    for (int64_t i = r * width; i < (r + 1) * width; ++i)
      h.push_back(hasResidual ? double(x[size_t(i)] + residual[size_t(i)]) : double(x[size_t(i)]));
    return h;
  }
};

void expectForward(const Problem& p, bool hasWeight, bool hasBias, bool hasResidual) {
  const int64_t count = p.rows * p.width;
  forEachTarget([&] {
    Guarded<float> y(count), sum(count);
    cpu::norm({2}, {.isCentred = p.isCentred,
                    .x = p.x.data(),
                    .residual = hasResidual ? p.residual.data() : nullptr,
                    .weight = hasWeight ? p.weight.data() : nullptr,
                    .bias = hasBias ? p.bias.data() : nullptr,
                    .sum = hasResidual ? sum.data() : nullptr,
                    .y = y.data(),
                    .rows = p.rows,
                    .width = p.width,
                    .epsilon = float(epsilon)});
    for (int64_t r = 0; r < p.rows; ++r) {
      const std::vector<double> h = p.row(r, hasResidual);
      double inverse;
      const std::vector<double> n = p.normalised(h, inverse);
      for (int64_t i = 0; i < p.width; ++i) {
        const double w = hasWeight ? p.weight[size_t(i)] : 1, b = hasBias ? p.bias[size_t(i)] : 0;
        // The mean is rounded: an error relative to the row's values.
        const double allowed = 1e-6 * (std::abs(n[size_t(i)]) + (10 + std::abs(h[size_t(i)])) * inverse) * std::abs(w);
        ASSERT_NEAR(y[r * p.width + i], n[size_t(i)] * w + b, allowed + 1e-6 * std::abs(b)) << p.width;
        ASSERT_TRUE(!hasResidual || sum[r * p.width + i] == float(h[size_t(i)]));
      }
    }
  });
}

constexpr int64_t widths[] = {1, 3, 7, 16, 33, 64, 1000, 3001};

TEST(Norm, Forward) {
  for (bool isCentred : {true, false})
    for (int64_t width : widths) {
      const Problem p(isCentred, width > 500 ? 5 : 77, width);
      for (bool hasWeight : {false, true})
        for (bool hasBias : {false, true})
          for (bool hasResidual : {false, true}) expectForward(p, hasWeight, hasBias, hasResidual);
    }
}

void expectGradient(const Problem& p, bool hasWeight, bool hasBias, bool hasCarry) {
  const int64_t count = p.rows * p.width;
  std::vector<double> dWeight(size_t(p.width), 0), dBias(size_t(p.width), 0), sizes(size_t(p.width), 0);
  std::vector<double> dh, allowed;
  for (int64_t r = 0; r < p.rows; ++r) {
    double inverse;
    const std::vector<double> n = p.normalised(p.row(r, false), inverse);
    double meanG = 0, meanGN = 0, sizeG = 0;
    for (int64_t i = 0; i < p.width; ++i) {
      const double dy = p.dy[size_t(r * p.width + i)], g = dy * (hasWeight ? p.weight[size_t(i)] : 1);
      meanG += p.isCentred ? g / double(p.width) : 0;
      meanGN += g * n[size_t(i)] / double(p.width);
      sizeG += std::abs(g) * (1 + std::abs(n[size_t(i)])) / double(p.width);
      dWeight[size_t(i)] += dy * n[size_t(i)];
      dBias[size_t(i)] += dy;
      sizes[size_t(i)] += std::abs(dy) * (10 * inverse + std::abs(n[size_t(i)]) + 1);
    }
    for (int64_t i = 0; i < p.width; ++i) {
      const double dy = p.dy[size_t(r * p.width + i)], g = dy * (hasWeight ? p.weight[size_t(i)] : 1);
      dh.push_back(inverse * (g - meanG - n[size_t(i)] * meanGN) + (hasCarry ? p.carry[size_t(r * p.width + i)] : 0));
      allowed.push_back(3e-6 * (inverse * (1 + inverse) * (std::abs(g) + sizeG * (1 + std::abs(n[size_t(i)]))) +
                                std::abs(dh.back())));
    }
  }
  forEachTarget([&] {
    std::vector<float> first;
    for (int threads : {1, 2, 3}) {
      Guarded<float> to(count), toWeight(p.width), toBias(p.width);
      NormGradientArgs args = {.isCentred = p.isCentred,
                               .h = p.x.data(),
                               .dy = p.dy.data(),
                               .weight = hasWeight ? p.weight.data() : nullptr,
                               .carry = hasCarry ? p.carry.data() : nullptr,
                               .dh = to.data(),
                               .dWeight = hasWeight ? toWeight.data() : nullptr,
                               .dBias = hasBias ? toBias.data() : nullptr,
                               .workspace = nullptr,
                               .rows = p.rows,
                               .width = p.width,
                               .epsilon = float(epsilon)};
      Guarded<float> workspace(cpu::normGradientWorkspace(args));
      args.workspace = workspace.data();
      cpu::normGradient({threads}, args);
      for (int64_t i = 0; i < count; ++i) ASSERT_NEAR(to[i], dh[size_t(i)], allowed[size_t(i)]) << p.width;
      for (int64_t i = 0; i < p.width; ++i) {
        if (hasWeight) {
          ASSERT_NEAR(toWeight[i], dWeight[size_t(i)], 2e-6 * sizes[size_t(i)]) << p.width;
        }
        if (hasBias) {
          ASSERT_NEAR(toBias[i], dBias[size_t(i)], 2e-6 * sizes[size_t(i)]) << p.width;
        }
      }
      std::vector<float> all = to.values();
      if (hasWeight) all.insert(all.end(), toWeight.data(), toWeight.data() + p.width);
      if (threads == 1) first = all;
      ASSERT_EQ(all, first);
    }
  });
}

TEST(Norm, Gradient) {
  for (bool isCentred : {true, false})
    for (int64_t width : widths)
      for (int64_t rows : {1, 9, 300}) {
        if (rows > 100 && width > 100) continue;
        const Problem p(isCentred, rows, width);
        for (bool hasWeight : {false, true})
          for (bool hasBias : {false, true})
            for (bool hasCarry : {false, true}) expectGradient(p, hasWeight, hasBias, hasCarry);
      }
}

TEST(Norm, GradientInPlace) {
  for (bool isCentred : {true, false}) {
    const Problem p(isCentred, 3, 40);
    forEachTarget([&] {
      Guarded<float> apart(120), h(p.x), dy(p.dy), carry(p.carry);
      NormGradientArgs args = {.isCentred = isCentred,
                               .h = p.x.data(),
                               .dy = p.dy.data(),
                               .weight = p.weight.data(),
                               .carry = p.carry.data(),
                               .dh = apart.data(),
                               .dWeight = nullptr,
                               .dBias = nullptr,
                               .workspace = nullptr,
                               .rows = 3,
                               .width = 40,
                               .epsilon = float(epsilon)};
      cpu::normGradient({1}, args);
      NormGradientArgs inH = args, inDy = args, inCarry = args;
      inH.h = inH.dh = h.data();
      inDy.dy = inDy.dh = dy.data();
      inCarry.carry = inCarry.dh = carry.data();
      for (const NormGradientArgs& each : {inH, inDy, inCarry}) cpu::normGradient({1}, each);
      EXPECT_EQ(h.values(), apart.values());
      EXPECT_EQ(dy.values(), apart.values());
      EXPECT_EQ(carry.values(), apart.values());
    });
  }
}

TEST(Norm, ConstantRowsStayFinite) {
  const std::vector<float> x(2 * 33, 7.0f);
  for (bool isCentred : {true, false})
    forEachTarget([&] {
      Guarded<float> y(2 * 33);
      cpu::norm({1}, {.isCentred = isCentred,
                      .x = x.data(),
                      .residual = nullptr,
                      .weight = nullptr,
                      .bias = nullptr,
                      .sum = nullptr,
                      .y = y.data(),
                      .rows = 2,
                      .width = 33,
                      .epsilon = float(epsilon)});
      for (int64_t i = 0; i < 2 * 33; ++i) EXPECT_NEAR(y[i], isCentred ? 0 : 1, 1e-5);
    });
}

TEST(Norm, NoRowsGiveZeroGradients) {
  Guarded<float> dWeight(5), dBias(5);
  const std::vector<float> weight(5, 1.0f);
  cpu::normGradient({1}, {.isCentred = true,
                          .h = nullptr,
                          .dy = nullptr,
                          .weight = weight.data(),
                          .carry = nullptr,
                          .dh = nullptr,
                          .dWeight = dWeight.data(),
                          .dBias = dBias.data(),
                          .workspace = nullptr,
                          .rows = 0,
                          .width = 5,
                          .epsilon = float(epsilon)});
  for (int64_t i = 0; i < 5; ++i) EXPECT_EQ(dWeight[i] + dBias[i], 0);
}

}  // namespace
}  // namespace fw::kernels
