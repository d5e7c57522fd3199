// Pooling and its gradients against plain loops.
#include "kernels/pool2d.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

#include "tests/support/guarded.h"
#include "tests/support/random_floats.h"

namespace fw::kernels {
namespace {

using fw::testing::Guarded;
using fw::testing::randomFloats;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

Pool2dShape makeShape(int64_t planes, int64_t height, int64_t width, int64_t kernel, int64_t stride, int64_t padding,
                      bool countsPadding = false) {
  return {planes,
          height,
          width,
          (height + 2 * padding - kernel) / stride + 1,
          (width + 2 * padding - kernel) / stride + 1,
          kernel,
          kernel,
          stride,
          stride,
          padding,
          padding,
          countsPadding};
}

/// The indices into x that the window of an output meets.
std::vector<size_t> windowOf(const Pool2dShape& s, int64_t plane, int64_t p, int64_t q) {
  std::vector<size_t> indices;
  for (int64_t r = 0; r < s.kernelHeight; ++r)
    for (int64_t t = 0; t < s.kernelWidth; ++t) {
      const int64_t h = p * s.strideY - s.top + r, w = q * s.strideX - s.left + t;
      if (h >= 0 && h < s.height && w >= 0 && w < s.width)
        indices.push_back(size_t((plane * s.height + h) * s.width + w));
    }
  return indices;
}

std::vector<float> run(int64_t count, const std::function<void(const Launch&, float*)>& kernel) {
  std::vector<float> first;
  for (int threads : {1, 2, 3}) {
    Guarded<float> result(count);
    kernel({threads}, result.data());
    if (threads == 1) first = result.values();
    EXPECT_EQ(0, std::memcmp(first.data(), result.data(), first.size() * sizeof(float))) << threads << " threads";
  }
  return first;
}

void check(const Pool2dShape& s) {
  const int64_t sizeX = s.planes * s.height * s.width, sizeY = s.planes * s.outHeight * s.outWidth;
  const std::vector<float> x = randomFloats(sizeX, 1), dy = randomFloats(sizeY, 2);
  std::vector<double> average, maximum, dAverage(x.size()), dMaximum(x.size());
  for (int64_t plane = 0; plane < s.planes; ++plane)
    for (int64_t p = 0; p < s.outHeight; ++p)
      for (int64_t q = 0; q < s.outWidth; ++q) {
        const std::vector<size_t> window = windowOf(s, plane, p, q);
        const double divisor = s.countsPadding ? double(s.kernelHeight * s.kernelWidth) : double(window.size());
        const double grad = dy[average.size()];
        double sum = 0;
        size_t best = window[0];
        for (size_t i : window) {
          sum += x[i];
          dAverage[i] += grad / divisor;
          if (x[i] > x[best]) best = i;
        }
        average.push_back(sum / divisor);
        maximum.push_back(x[best]);
        dMaximum[best] += grad;
      }
  const auto expectNear = [](const std::vector<float>& got, const std::vector<double>& expected) {
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1e-4) << i;
  };
  expectNear(run(sizeY, [&](const Launch& launch, float* y) { cpu::averagePool2d(launch, s, x.data(), y); }), average);
  expectNear(run(sizeX, [&](const Launch& launch, float* dx) { cpu::averagePool2dGradient(launch, s, dy.data(), dx); }),
             dAverage);
  expectNear(run(sizeY, [&](const Launch& launch, float* y) { cpu::maxPool2d(launch, s, x.data(), y); }), maximum);
  expectNear(
      run(sizeX, [&](const Launch& launch, float* dx) { cpu::maxPool2dGradient(launch, s, x.data(), dy.data(), dx); }),
      dMaximum);
}

TEST(Pool2d, EqualsPlainLoops) {
  check(makeShape(6, 8, 10, 2, 2, 0));
  check(makeShape(3, 7, 9, 3, 1, 1));
  check(makeShape(5, 7, 9, 3, 2, 1, true));
  check(makeShape(2, 33, 63, 7, 3, 3));
  check(makeShape(1, 1, 1, 1, 1, 0));
  check(makeShape(40, 9, 9, 2, 3, 0));
}

TEST(Pool2d, EqualMaximaGiveTheGradientToTheFirst) {
  const Pool2dShape shape = makeShape(1, 2, 2, 2, 2, 0);
  const std::vector<float> x = {1, 5, 5, 5}, dy = {3};
  EXPECT_EQ(
      run(4, [&](const Launch& launch, float* dx) { cpu::maxPool2dGradient(launch, shape, x.data(), dy.data(), dx); }),
      (std::vector<float>{0, 3, 0, 0}));
}

TEST(Pool2d, NotANumberIsSeen) {
  const Pool2dShape shape = makeShape(1, 2, 2, 2, 2, 0);
  const std::vector<float> x = {1, 5, nan, 7};
  EXPECT_TRUE(
      std::isnan(run(1, [&](const Launch& launch, float* y) { cpu::maxPool2d(launch, shape, x.data(), y); })[0]));
}

}  // namespace
}  // namespace fw::kernels
