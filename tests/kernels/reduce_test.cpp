// Reductions against plain loops in double: every set of dimensions of several shapes, long sums, NaN, integers.
#include "kernels/reduce.h"

#include <gtest/gtest.h>

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

constexpr Reduction all[] = {Reduction::Sum, Reduction::Prod, Reduction::Max, Reduction::Min};

struct Case {
  std::vector<int64_t> sizes;
  unsigned mask;  // bit i: dimension i is reduced
};

int64_t countOf(const Case& c, bool onlyKept) {
  int64_t count = 1;
  for (size_t i = 0; i < c.sizes.size(); ++i)
    if (!onlyKept || !(c.mask >> i & 1)) count *= c.sizes[i];
  return count;
}

/// Index among the outputs of element i.
int64_t outputOf(const Case& c, int64_t i) {
  int64_t output = 0, stride = 1;
  for (size_t axis = c.sizes.size(); axis-- > 0;) {
    const int64_t index = i % c.sizes[axis];
    i /= c.sizes[axis];
    if (c.mask >> axis & 1) continue;
    output += index * stride;
    stride *= c.sizes[axis];
  }
  return output;
}

template <class T>
std::vector<double> expected(const Case& c, const std::vector<T>& x, Reduction reduction,
                             std::vector<double>* sizes = nullptr) {
  const double infinity = std::numeric_limits<double>::infinity(), starts[] = {0, 1, -infinity, infinity};
  std::vector<double> y(size_t(countOf(c, true)), starts[int(reduction)]);
  if (sizes) sizes->assign(y.size(), 0);
  for (size_t i = 0; i < x.size(); ++i) {
    double& to = y[size_t(outputOf(c, int64_t(i)))];
    const double v = double(x[i]);
    if (reduction == Reduction::Sum) to += v;
    if (reduction == Reduction::Prod) to *= v;
    if (reduction == Reduction::Max && !std::isnan(to)) to = std::isnan(v) || v > to ? v : to;
    if (reduction == Reduction::Min && !std::isnan(to)) to = std::isnan(v) || v < to ? v : to;
    if (sizes) (*sizes)[size_t(outputOf(c, int64_t(i)))] += std::abs(v);
  }
  return y;
}

ReduceArgs argsOf(const Case& c, Reduction reduction) {
  ReduceArgs args = {.reduction = reduction, .rank = int(c.sizes.size())};
  for (size_t i = 0; i < c.sizes.size(); ++i) {
    args.sizes[i] = c.sizes[i];
    args.isReduced[i] = c.mask >> i & 1;
  }
  return args;
}

void expectReduction(const Case& c) {
  Rng rng(uint64_t(countOf(c, false)) + c.mask);
  std::vector<float> x;
  for (int64_t i = 0; i < countOf(c, false); ++i) x.push_back(float(i % 31 == 0 ? 50 * rng.normal() : rng.normal()));
  for (Reduction reduction : all) {
    std::vector<float> values = x;
    // Products near 1, so that long ones stay in range.
    if (reduction == Reduction::Prod)
      for (float& v : values) v = 1 + 0.01f * std::tanh(v);
    std::vector<double> sizes;
    const std::vector<double> y = expected(c, values, reduction, &sizes);
    forEachTarget([&] {
      std::vector<float> first;
      for (int threads : {1, 2, 3}) {
        Guarded<float> out(int64_t(y.size()));
        ReduceArgs args = argsOf(c, reduction);
        Guarded<float> workspace(cpu::reduceWorkspace(args));
        args.x = values.data();
        args.y = out.data();
        args.workspace = workspace.data();
        cpu::reduce({threads}, args);
        for (size_t i = 0; i < y.size(); ++i) {
          const double allowed = reduction == Reduction::Sum    ? 1e-6 * sizes[i]
                                 : reduction == Reduction::Prod ? 1e-4 * std::abs(y[i])
                                                                : 0;
          ASSERT_NEAR(out[int64_t(i)], y[i], allowed)
              << "reduction " << int(reduction) << " mask " << c.mask << " at " << i;
        }
        if (threads == 1) first = out.values();
        ASSERT_EQ(out.values(), first);
      }
    });
  }
}

TEST(Reduce, EverySetOfDimensions) {
  for (unsigned mask = 0; mask < 32; ++mask) expectReduction({{3, 2, 1, 5, 7}, mask});
  for (unsigned mask = 0; mask < 8; ++mask) expectReduction({{7, 33, 63}, mask});
  for (unsigned mask = 0; mask < 8; ++mask) expectReduction({{33, 3, 1000}, mask});
  for (unsigned mask = 0; mask < 2; ++mask) expectReduction({{1}, mask});
  expectReduction({{}, 0});
}

TEST(Reduce, LongSidesAreCut) {
  expectReduction({{100003}, 1});
  expectReduction({{3, 50001}, 2});
  expectReduction({{40007, 3}, 1});
  expectReduction({{5000, 40}, 1});
  expectReduction({{300, 1500}, 1});
  expectReduction({{70, 3, 900}, 5});
  expectReduction({{9, 700, 3, 11}, 5});
}

// The error of a sum of a million equal numbers stays near the last place.
TEST(Reduce, LongSumsStayAccurate) {
  const std::vector<float> x(1000000, 0.1f);
  for (const Case& c : {Case{{1000000}, 1}, Case{{1000000, 1}, 1}, Case{{250000, 4}, 1}}) {
    ReduceArgs args = argsOf(c, Reduction::Sum);
    Guarded<float> workspace(cpu::reduceWorkspace(args)), y(countOf(c, true));
    args.x = x.data();
    args.y = y.data();
    args.workspace = workspace.data();
    const double exact = 0.1f * double(countOf(c, false)) / double(countOf(c, true));
    forEachTarget([&] {
      cpu::reduce({2}, args);
      for (int64_t i = 0; i < y.count(); ++i) EXPECT_NEAR(y[i], exact, 4e-6 * exact);
    });
  }
}

TEST(Reduce, FactorMakesAMean) {
  for (const Case& c : {Case{{3, 7}, 2}, Case{{7, 3}, 1}, Case{{60000}, 1}}) {
    const int64_t count = countOf(c, false), outputs = countOf(c, true);
    std::vector<float> x;
    for (int64_t i = 0; i < count; ++i) x.push_back(float(i % 5));
    ReduceArgs args = argsOf(c, Reduction::Sum);
    Guarded<float> workspace(cpu::reduceWorkspace(args)), y(outputs);
    args.x = x.data();
    args.y = y.data();
    args.workspace = workspace.data();
    args.factor = float(double(outputs) / double(count));
    cpu::reduce({2}, args);
    const std::vector<double> sums = expected(c, x, Reduction::Sum);
    for (int64_t i = 0; i < outputs; ++i)
      EXPECT_NEAR(y[i], sums[size_t(i)] * double(outputs) / double(count), 1e-6 * sums[size_t(i)]);
  }
}

TEST(Reduce, NanReachesTheResult) {
  for (const Case& c : {Case{{2, 100}, 2}, Case{{100, 2}, 1}, Case{{5, 3}, 2}}) {
    std::vector<float> x(size_t(countOf(c, false)), 1.0f);
    x[x.size() / 2 - 1] = std::numeric_limits<float>::quiet_NaN();
    for (Reduction reduction : all) {
      Guarded<float> y(countOf(c, true));
      ReduceArgs args = argsOf(c, reduction);
      args.x = x.data();
      args.y = y.data();
      forEachTarget([&] {
        cpu::reduce({1}, args);
        for (int64_t i = 0; i < y.count(); ++i)
          EXPECT_EQ(std::isnan(y[i]), i == outputOf(c, int64_t(x.size() / 2) - 1)) << int(reduction);
      });
    }
  }
}

TEST(Reduce, Nothing) {
  const Case c = {{3, 0, 2}, 2};
  Guarded<float> y(6);
  ReduceArgs args = argsOf(c, Reduction::Sum);
  args.y = y.data();
  cpu::reduce({1}, args);
  for (int64_t i = 0; i < 6; ++i) EXPECT_EQ(y[i], 0);
}

template <class T>
void expectIntegers(Element element) {
  Rng rng(3);
  for (unsigned mask = 0; mask < 8; ++mask) {
    const Case c = {{5, 7, 3}, mask};
    std::vector<T> x;
    for (int i = 0; i < 105; ++i) x.push_back(T(rng.below(7) - 3));
    for (Reduction reduction : all) {
      Guarded<T> y(countOf(c, true));
      ReduceArgs args = argsOf(c, reduction);
      args.x = x.data();
      args.y = y.data();
      args.element = element;
      cpu::reduce({2}, args);
      const std::vector<double> exact = expected(c, x, reduction);
      for (int64_t i = 0; i < y.count(); ++i)
        ASSERT_EQ(double(y[i]), exact[size_t(i)]) << int(reduction) << " " << mask;
    }
  }
}

TEST(Reduce, Integers) {
  expectIntegers<int64_t>(Element::I64);
  expectIntegers<int32_t>(Element::I32);
}

}  // namespace
}  // namespace fw::kernels
