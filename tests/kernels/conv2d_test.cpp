// conv2d and its gradients against the definition, in double.
#include "kernels/conv2d.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/each_target.h"
#include "tests/support/guarded.h"
#include "tests/support/random_floats.h"

namespace fw::kernels {
namespace {

using fw::testing::forEachTarget;
using fw::testing::Guarded;
using fw::testing::randomFloats;

struct Case {
  Conv2dShape shape;
  int64_t sizeX() const { return shape.batch * shape.channels * shape.height * shape.width; }
  int64_t sizeW() const {
    return shape.outputs * (shape.channels / shape.groups) * shape.kernelHeight * shape.kernelWidth;
  }
  int64_t sizeY() const { return shape.batch * shape.outputs * shape.outHeight * shape.outWidth; }
  std::string name() const {
    const Conv2dShape& s = shape;
    return std::to_string(s.batch) + "x" + std::to_string(s.channels) + "x" + std::to_string(s.height) + "x" +
           std::to_string(s.width) + " kernel " + std::to_string(s.kernelHeight) + "x" + std::to_string(s.kernelWidth) +
           " outputs " + std::to_string(s.outputs) + " groups " + std::to_string(s.groups) + " stride " +
           std::to_string(s.strideY) + "," + std::to_string(s.strideX) + " padding " + std::to_string(s.top) + "," +
           std::to_string(s.left) + " dilation " + std::to_string(s.dilationY) + "," + std::to_string(s.dilationX);
  }
};

struct Options {
  std::array<int64_t, 4> padding = {};  // top, left, bottom, right
  std::array<int64_t, 2> stride = {1, 1}, dilation = {1, 1};
  int64_t groups = 1;
};

/// `image`: [N,C,H,W]   `kernel`: outputs, height, width
Case makeCase(const std::array<int64_t, 4>& image, const std::array<int64_t, 3>& kernel, const Options& options) {
  Conv2dShape shape = {};
  shape.batch = image[0];
  shape.channels = image[1];
  shape.height = image[2];
  shape.width = image[3];
  shape.outputs = kernel[0];
  shape.kernelHeight = kernel[1];
  shape.kernelWidth = kernel[2];
  shape.top = options.padding[0];
  shape.left = options.padding[1];
  shape.strideY = options.stride[0];
  shape.strideX = options.stride[1];
  shape.dilationY = options.dilation[0];
  shape.dilationX = options.dilation[1];
  shape.groups = options.groups;
  const int64_t reachY = (kernel[1] - 1) * options.dilation[0] + 1, reachX = (kernel[2] - 1) * options.dilation[1] + 1;
  shape.outHeight = (image[2] + options.padding[0] + options.padding[2] - reachY) / options.stride[0] + 1;
  shape.outWidth = (image[3] + options.padding[1] + options.padding[3] - reachX) / options.stride[1] + 1;
  return {shape};
}

/// Calls visit(x index, weight index, y index) for each product of the definition.
void forEachProduct(const Conv2dShape& s, const std::function<void(size_t, size_t, size_t)>& visit) {
  const int64_t channels = s.channels / s.groups, outputs = s.outputs / s.groups;
  for (int64_t n = 0; n < s.batch; ++n)
    for (int64_t o = 0; o < s.outputs; ++o)
      for (int64_t p = 0; p < s.outHeight; ++p)
        for (int64_t q = 0; q < s.outWidth; ++q)
          for (int64_t c = 0; c < channels; ++c)
            for (int64_t r = 0; r < s.kernelHeight; ++r)
              for (int64_t t = 0; t < s.kernelWidth; ++t) {
                const int64_t h = p * s.strideY + r * s.dilationY - s.top, w = q * s.strideX + t * s.dilationX - s.left;
                if (h < 0 || h >= s.height || w < 0 || w >= s.width) continue;
                visit(size_t(((n * s.channels + o / outputs * channels + c) * s.height + h) * s.width + w),
                      size_t(((o * channels + c) * s.kernelHeight + r) * s.kernelWidth + t),
                      size_t(((n * s.outputs + o) * s.outHeight + p) * s.outWidth + q));
              }
}

struct Sum {
  double value = 0, magnitude = 0;
  void add(double term) {
    value += term;
    magnitude += std::abs(term);
  }
};

using Run = std::function<void(int threads, float* result, void* workspace)>;

/// The result of `run` equals `expected`, with the same bits on 1, 2 and 3 threads.
void expectSums(const std::vector<Sum>& expected, const std::function<int64_t(int)>& workspace, const Run& run) {
  std::vector<float> first;
  for (int threads : {1, 2, 3}) {
    Guarded<float> result(int64_t(expected.size())), scratch(workspace(threads) / int64_t(sizeof(float)));
    run(threads, result.data(), scratch.data());
    if (threads == 1) {
      first = result.values();
      for (size_t i = 0; i < expected.size(); ++i) {
        ASSERT_NEAR(first[i], expected[i].value, 1e-6 * expected[i].magnitude + 1e-6) << "element " << i;
      }
    }
    ASSERT_EQ(0, std::memcmp(first.data(), result.data(), first.size() * sizeof(float))) << threads << " threads";
  }
}

void check(const std::array<int64_t, 4>& image, const std::array<int64_t, 3>& kernel, const Options& options = {}) {
  const Case c = makeCase(image, kernel, options);
  SCOPED_TRACE(c.name());
  const Conv2dShape& shape = c.shape;
  const std::vector<float> x = randomFloats(c.sizeX(), 1), weight = randomFloats(c.sizeW(), 2),
                           bias = randomFloats(shape.outputs, 3), dy = randomFloats(c.sizeY(), 4);
  std::vector<Sum> y(static_cast<size_t>(c.sizeY())), plain = y, dx(x.size()), dweight(weight.size());
  const size_t pixels = size_t(shape.outHeight * shape.outWidth);
  for (size_t i = 0; i < y.size(); ++i) y[i].add(bias[i / pixels % size_t(shape.outputs)]);
  forEachProduct(shape, [&](size_t atX, size_t atW, size_t atY) {
    y[atY].add(double(x[atX]) * weight[atW]);
    plain[atY].add(double(x[atX]) * weight[atW]);
    dx[atX].add(double(dy[atY]) * weight[atW]);
    dweight[atW].add(double(dy[atY]) * x[atX]);
  });
  const auto forwardSpace = [&](int threads) { return cpu::conv2dWorkspace(shape, threads); };
  expectSums(y, forwardSpace, [&](int threads, float* result, void* workspace) {
    cpu::conv2d({threads}, shape, x.data(), weight.data(), bias.data(), result, workspace);
  });
  expectSums(plain, forwardSpace, [&](int threads, float* result, void* workspace) {
    cpu::conv2d({threads}, shape, x.data(), weight.data(), nullptr, result, workspace);
  });
  expectSums(
      dx, [&](int threads) { return cpu::conv2dInputGradientWorkspace(shape, threads); },
      [&](int threads, float* result, void* workspace) {
        cpu::conv2dInputGradient({threads}, shape, dy.data(), weight.data(), result, workspace);
      });
  expectSums(
      dweight, [&](int threads) { return cpu::conv2dWeightGradientWorkspace(shape, threads); },
      [&](int threads, float* result, void* workspace) {
        cpu::conv2dWeightGradient({threads}, shape, x.data(), dy.data(), result, workspace);
      });
}

TEST(Conv2d, OneByOne) {
  forEachTarget([] {
    check({2, 3, 5, 7}, {4, 1, 1});
    check({1, 1, 1, 1}, {1, 1, 1});
  });
}

TEST(Conv2d, Padded) {
  forEachTarget([] {
    check({2, 3, 9, 33}, {5, 3, 3}, {.padding = {1, 1, 1, 1}});
    check({1, 2, 5, 6}, {3, 5, 3}, {.padding = {3, 0, 0, 2}});
  });
}

TEST(Conv2d, StridedAndDilated) {
  forEachTarget([] {
    check({2, 3, 11, 13}, {4, 3, 2}, {.padding = {1, 2, 0, 1}, .stride = {2, 3}});
    check({1, 2, 12, 15}, {3, 3, 3}, {.padding = {2, 3, 2, 3}, .dilation = {2, 3}});
    // Patches of a vision transformer: the stride equals the kernel.
    check({2, 3, 12, 16}, {33, 4, 4}, {.stride = {4, 4}});
    // A stride that steps over inputs.
    check({1, 2, 9, 9}, {2, 2, 2}, {.stride = {4, 3}});
  });
}

TEST(Conv2d, Grouped) {
  forEachTarget([] {
    check({2, 6, 7, 9}, {4, 3, 3}, {.padding = {1, 1, 1, 1}, .groups = 2});
    check({1, 6, 8, 8}, {9, 2, 3}, {.stride = {2, 2}, .groups = 3});
  });
}

TEST(Conv2d, Depthwise) {
  forEachTarget([] {
    check({2, 5, 7, 35}, {5, 3, 3}, {.padding = {1, 1, 1, 1}, .groups = 5});
    check({2, 3, 9, 8}, {6, 3, 3}, {.padding = {1, 0, 1, 2}, .stride = {2, 2}, .dilation = {1, 2}, .groups = 3});
  });
}

TEST(Conv2d, OneDimension) {
  forEachTarget([] {
    check({3, 4, 1, 63}, {5, 1, 7}, {.padding = {0, 6, 0, 0}});
    check({2, 4, 1, 33}, {4, 1, 4}, {.padding = {0, 3, 0, 0}, .groups = 4});
  });
}

TEST(Conv2d, KernelLargerThanTheImageMeetsPaddingOnly) {
  forEachTarget([] {
    check({1, 2, 2, 2}, {2, 5, 5}, {.padding = {4, 4, 4, 4}});
    check({1, 2, 2, 2}, {2, 3, 3}, {.padding = {4, 4, 4, 4}, .groups = 2});
  });
}

TEST(Conv2d, ManyChannelsAndPixels) {
  forEachTarget([] {
    check({2, 19, 17, 21}, {23, 3, 3}, {.padding = {1, 1, 1, 1}});
    check({1, 40, 24, 24}, {3, 3, 3}, {.padding = {1, 1, 1, 1}});
  });
}

}  // namespace
}  // namespace fw::kernels
