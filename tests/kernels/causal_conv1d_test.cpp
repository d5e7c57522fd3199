// causal_conv1d and the gradient of its weight against the definition, in double.
#include "kernels/causal_conv1d.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
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
  int64_t batch, time, width, kernel;
  bool hasBias = false, hasHistory = false, isReversed = false;
  Activation activation = Activation::None;
};

class Problem {
 public:
  explicit Problem(const Case& c)
      : case_(c),
        x_(randomFloats(c.batch * c.time * c.width, 1)),
        dy_(randomFloats(c.batch * c.time * c.width, 2)),
        weight_(randomFloats(c.width * c.kernel, 3)),
        bias_(randomFloats(c.width, 4)),
        history_(randomFloats(c.batch * (c.kernel - 1) * c.width, 5)) {}

  void check() const {
    SCOPED_TRACE(::testing::Message() << case_.batch << " x " << case_.time << " x " << case_.width << " kernel "
                                      << case_.kernel);
    checkForward();
    if (!case_.isReversed) checkWeightGradient();
  }

 private:
  /// x of step t, which may lie outside.
  double xAt(int64_t b, int64_t t, int64_t d) const {
    if (t >= 0 && t < case_.time) return x_[size_t((b * case_.time + t) * case_.width + d)];
    if (t >= 0 || !case_.hasHistory) return 0;
    return history_[size_t((b * (case_.kernel - 1) + case_.kernel - 1 + t) * case_.width + d)];
  }

  void checkForward() const {
    std::vector<float> first;
    for (int threads : {1, 2, 3}) {
      CausalConv1dArgs args;
      args.x = x_.data();
      args.weight = weight_.data();
      args.bias = case_.hasBias ? bias_.data() : nullptr;
      args.history = case_.hasHistory ? history_.data() : nullptr;
      args.batch = case_.batch;
      args.time = case_.time;
      args.width = case_.width;
      args.kernel = case_.kernel;
      args.isReversed = case_.isReversed;
      args.activation = case_.activation;
      Guarded<float> y(int64_t(x_.size())), workspace(cpu::causalConv1dWorkspace(args) / int64_t(sizeof(float)));
      args.y = y.data();
      cpu::causalConv1d({threads}, args, workspace.data());
      if (threads == 1) first = y.values();
      ASSERT_EQ(0, std::memcmp(first.data(), y.data(), first.size() * sizeof(float))) << threads << " threads";
    }
    for (int64_t b = 0; b < case_.batch; ++b)
      for (int64_t t = 0; t < case_.time; ++t)
        for (int64_t d = 0; d < case_.width; ++d) {
          double sum = case_.hasBias ? bias_[size_t(d)] : 0, magnitude = std::abs(sum);
          for (int64_t k = 0; k < case_.kernel; ++k) {
            const int64_t from = case_.isReversed ? t + case_.kernel - 1 - k : t - case_.kernel + 1 + k;
            const double product = xAt(b, from, d) * weight_[size_t(d * case_.kernel + k)];
            sum += product;
            magnitude += std::abs(product);
          }
          if (case_.activation == Activation::Silu) sum /= 1 + std::exp(-sum);
          ASSERT_NEAR(first[size_t((b * case_.time + t) * case_.width + d)], sum, 2e-6 * magnitude + 1e-6)
              << b << " " << t << " " << d;
        }
  }

  void checkWeightGradient() const {
    std::vector<float> first;
    for (int threads : {1, 2, 3}) {
      CausalConv1dWeightGradientArgs args;
      args.x = x_.data();
      args.dy = dy_.data();
      args.history = case_.hasHistory ? history_.data() : nullptr;
      args.batch = case_.batch;
      args.time = case_.time;
      args.width = case_.width;
      args.kernel = case_.kernel;
      Guarded<float> dweight(int64_t(weight_.size())),
          workspace(cpu::causalConv1dWeightGradientWorkspace(args) / int64_t(sizeof(float)));
      args.dweight = dweight.data();
      cpu::causalConv1dWeightGradient({threads}, args, workspace.data());
      if (threads == 1) first = dweight.values();
      ASSERT_EQ(0, std::memcmp(first.data(), dweight.data(), first.size() * sizeof(float))) << threads << " threads";
    }
    for (int64_t d = 0; d < case_.width; ++d)
      for (int64_t k = 0; k < case_.kernel; ++k) {
        double sum = 0, magnitude = 0;
        for (int64_t b = 0; b < case_.batch; ++b)
          for (int64_t t = 0; t < case_.time; ++t) {
            const double product =
                xAt(b, t - case_.kernel + 1 + k, d) * dy_[size_t((b * case_.time + t) * case_.width + d)];
            sum += product;
            magnitude += std::abs(product);
          }
        ASSERT_NEAR(first[size_t(d * case_.kernel + k)], sum, 1e-6 * magnitude + 1e-6) << d << " " << k;
      }
  }

  Case case_;
  std::vector<float> x_, dy_, weight_, bias_, history_;
};

TEST(CausalConv1d, AwkwardSizes) {
  forEachTarget([] {
    for (int64_t time : {1, 3, 7, 63, 130})
      for (int64_t width : {1, 7, 33})
        for (int64_t kernel : {1, 2, 4, 9})
          Problem({.batch = 2, .time = time, .width = width, .kernel = kernel}).check();
  });
}

TEST(CausalConv1d, BiasActivationAndHistory) {
  forEachTarget([] {
    for (int64_t time : {1, 2, 66})
      Problem({.batch = 3,
               .time = time,
               .width = 19,
               .kernel = 4,
               .hasBias = true,
               .hasHistory = true,
               .activation = Activation::Silu})
          .check();
  });
}

TEST(CausalConv1d, Reversed) {
  forEachTarget([] {
    for (int64_t time : {1, 5, 70})
      Problem({.batch = 2, .time = time, .width = 17, .kernel = 4, .isReversed = true}).check();
  });
}

TEST(CausalConv1d, LongestKernel) {
  forEachTarget([] { Problem({.batch = 1, .time = 70, .width = 5, .kernel = 64, .hasHistory = true}).check(); });
}

}  // namespace
}  // namespace fw::kernels
