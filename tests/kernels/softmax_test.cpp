// Softmax, its logarithm and their gradients against plain loops in double.
#include "kernels/softmax.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/base/rng.h"
#include "tests/support/each_target.h"
#include "tests/support/guarded.h"

namespace fw::kernels {
namespace {

using testing::forEachTarget;
using testing::Guarded;

constexpr float infinity = std::numeric_limits<float>::infinity();

std::vector<float> normals(Rng& rng, int64_t count, double scale) {
  std::vector<float> x;
  for (int64_t i = 0; i < count; ++i) x.push_back(float(scale * rng.normal() * (i % 37 == 5 ? 20 : 1)));
  return x;
}

/// ln softmax of one row.
std::vector<double> logSoftmaxRow(const float* x, int64_t width) {
  double max = -infinity, sum = 0;
  for (int64_t i = 0; i < width; ++i) max = std::max(max, double(x[i]));
  for (int64_t i = 0; i < width; ++i) sum += std::exp(double(x[i]) - max);
  std::vector<double> y;
  for (int64_t i = 0; i < width; ++i) y.push_back(double(x[i]) - max - std::log(sum));
  return y;
}

constexpr int64_t widths[] = {1, 2, 3, 7, 15, 16, 17, 33, 63, 64, 65, 257, 1000, 5001};

TEST(Softmax, Forward) {
  Rng rng(1);
  for (int64_t width : widths) {
    const int64_t rows = width > 500 ? 9 : 133;
    const std::vector<float> x = normals(rng, rows * width, 3);
    forEachTarget([&] {
      Guarded<float> y(rows * width), logs(rows * width), inPlace(x);
      cpu::softmax({2}, {x.data(), y.data(), rows, width});
      cpu::softmax({1}, {inPlace.data(), inPlace.data(), rows, width});
      cpu::logSoftmax({2}, {x.data(), logs.data(), rows, width});
      EXPECT_EQ(inPlace.values(), y.values());
      for (int64_t r = 0; r < rows; ++r) {
        const std::vector<double> exact = logSoftmaxRow(x.data() + r * width, width);
        for (int64_t i = 0; i < width; ++i) {
          const double p = std::exp(exact[size_t(i)]);
          ASSERT_NEAR(y[r * width + i], p, (1e-6 + 1.2e-7 * std::abs(exact[size_t(i)])) * p + 2e-38) << width;
          ASSERT_NEAR(logs[r * width + i], exact[size_t(i)], 4e-7 * std::abs(exact[size_t(i)]) + 2e-6) << width;
        }
      }
    });
  }
}

TEST(Softmax, Gradients) {
  Rng rng(2);
  for (int64_t width : widths) {
    const int64_t rows = 17;
    const std::vector<float> x = normals(rng, rows * width, 1), dy = normals(rng, rows * width, 1);
    std::vector<float> y, logs;
    for (int64_t r = 0; r < rows; ++r)
      for (double v : logSoftmaxRow(x.data() + r * width, width)) {
        logs.push_back(float(v));
        y.push_back(float(std::exp(v)));
      }
    forEachTarget([&] {
      Guarded<float> dx(rows * width), dLogs(rows * width), inPlace(dy);
      cpu::softmaxGradient({2}, {y.data(), dy.data(), dx.data(), rows, width});
      cpu::softmaxGradient({2}, {y.data(), inPlace.data(), inPlace.data(), rows, width});
      cpu::logSoftmaxGradient({2}, {logs.data(), dy.data(), dLogs.data(), rows, width});
      EXPECT_EQ(inPlace.values(), dx.values());
      for (int64_t r = 0; r < rows; ++r) {
        double weighted = 0, sum = 0, size = 0;
        for (int64_t i = r * width; i < (r + 1) * width; ++i) {
          weighted += double(y[size_t(i)]) * dy[size_t(i)];
          sum += dy[size_t(i)];
          size += std::abs(double(dy[size_t(i)]));
        }
        for (int64_t i = r * width; i < (r + 1) * width; ++i) {
          const double p = std::exp(double(logs[size_t(i)]));
          ASSERT_NEAR(dx[i], y[size_t(i)] * (dy[size_t(i)] - weighted), 1e-6 * y[size_t(i)] * (1 + size) + 2e-38)
              << width;
          ASSERT_NEAR(dLogs[i], dy[size_t(i)] - p * sum, 1e-6 * (1 + p * size + std::abs(dy[size_t(i)]))) << width;
        }
      }
    });
  }
}

TEST(Softmax, LargeAndInfiniteLogits) {
  for (int64_t width : {5, 40}) {
    std::vector<float> x(size_t(width), -infinity);
    x[1] = 3e38f;
    x[3] = 3e38f;
    forEachTarget([&] {
      Guarded<float> y(width);
      cpu::softmax({1}, {x.data(), y.data(), 1, width});
      for (int64_t i = 0; i < width; ++i) EXPECT_EQ(y[i], i == 1 || i == 3 ? 0.5f : 0.0f);
    });
  }
}

TEST(Softmax, NanFillsItsRowAlone) {
  for (int64_t width : {3, 40}) {
    std::vector<float> x(size_t(3 * width), 1.0f);
    x[size_t(width + 1)] = std::numeric_limits<float>::quiet_NaN();
    forEachTarget([&] {
      Guarded<float> y(3 * width), logs(3 * width);
      cpu::softmax({1}, {x.data(), y.data(), 3, width});
      cpu::logSoftmax({1}, {x.data(), logs.data(), 3, width});
      for (int64_t i = 0; i < 3 * width; ++i) {
        EXPECT_EQ(std::isnan(y[i]), i / width == 1);
        EXPECT_EQ(std::isnan(logs[i]), i / width == 1);
      }
    });
  }
}

TEST(Softmax, ThreadsGiveTheSameBits) {
  Rng rng(3);
  const int64_t rows = 1000, width = 63;
  const std::vector<float> x = normals(rng, rows * width, 3);
  Guarded<float> one(rows * width), three(rows * width);
  cpu::softmax({1}, {x.data(), one.data(), rows, width});
  cpu::softmax({3}, {x.data(), three.data(), rows, width});
  EXPECT_EQ(one.values(), three.values());
}

}  // namespace
}  // namespace fw::kernels
