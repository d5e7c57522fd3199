// The linear recurrence and the running sum, product and maximum against plain loops in double.
#include "kernels/linear_recurrence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "kernels/cumulative.h"
#include "tests/support/each_target.h"
#include "tests/support/guarded.h"

namespace fw::testing {
namespace {

using Floats = std::vector<float>;
using kernels::CumulativeKind;

Floats normals(uint64_t seed, int64_t count) {
  Rng rng(seed);
  Floats x(static_cast<size_t>(count));
  for (float& value : x) value = float(rng.normal());
  return x;
}

const std::vector<std::tuple<int64_t, int64_t, int64_t>> kSizes = {{1, 1, 1}, {3, 7, 1},    {2, 63, 33}, {1, 1000, 5},
                                                                   {5, 0, 3}, {33, 3, 130}, {2, 9, 257}};

TEST(LinearRecurrenceKernel, EqualsTheLoop) {
  for (const auto& [outer, time, inner] : kSizes)
    for (const bool isReversed : {false, true})
      for (const bool hasState : {false, true}) {
        SCOPED_TRACE(text("[", outer, ",", time, ",", inner, "] reversed ", isReversed, " state ", hasState));
        Floats a = normals(1, outer * time * inner);
        const Floats x = normals(2, outer * time * inner), state = normals(3, outer * inner);
        for (float& v : a) v = std::tanh(v);
        std::vector<double> expected(x.size());
        double largest = 1;
        for (int64_t o = 0; o < outer; ++o)
          for (int64_t i = 0; i < inner; ++i) {
            double h = hasState ? state[size_t(o * inner + i)] : 0;
            for (int64_t n = 0; n < time; ++n) {
              const size_t at = size_t((o * time + (isReversed ? time - 1 - n : n)) * inner + i);
              expected[at] = h = a[at] * h + x[at];
              largest = std::max(largest, std::abs(h));
            }
          }
        forEachTarget([&] {
          for (const int threads : {1, 3}) {
            Guarded<float> h(int64_t(x.size()));
            kernels::cpu::linearRecurrence({threads}, {a.data(), x.data(), hasState ? state.data() : nullptr, h.data(),
                                                       outer, time, inner, isReversed});
            for (size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(h[int64_t(i)], expected[i], 1e-6 * largest) << i;
          }
        });
      }
}

TEST(CumulativeKernel, EqualsTheLoop) {
  for (const auto& [outer, size, inner] : kSizes)
    for (const auto kind : {CumulativeKind::Sum, CumulativeKind::Prod, CumulativeKind::Max})
      for (const bool isReversed : {false, true})
        for (const bool isExclusive : {false, true}) {
          const Floats x = normals(4, outer * size * inner);
          std::vector<double> expected(x.size());
          for (int64_t o = 0; o < outer; ++o)
            for (int64_t t = 0; t < size; ++t)
              for (int64_t i = 0; i < inner; ++i) {
                const double infinity = std::numeric_limits<double>::infinity();
                double total = kind == CumulativeKind::Sum ? 0 : kind == CumulativeKind::Prod ? 1 : -infinity;
                for (int64_t s = 0; s < size; ++s) {
                  if (isReversed ? s < t : s > t) continue;
                  if (isExclusive && s == t) continue;
                  const double v = x[size_t((o * size + s) * inner + i)];
                  total = kind == CumulativeKind::Sum    ? total + v
                          : kind == CumulativeKind::Prod ? total * v
                                                         : std::max(total, v);
                }
                expected[size_t((o * size + t) * inner + i)] = total;
              }
          for (const int threads : {1, 3}) {
            Guarded<float> y(int64_t(x.size()));
            kernels::cpu::cumulative({threads},
                                     {x.data(), y.data(), outer, size, inner, kind, isReversed, isExclusive});
            for (size_t i = 0; i < x.size(); ++i)
              ASSERT_FLOAT_EQ(y[int64_t(i)], float(expected[i]))
                  << "[" << outer << "," << size << "," << inner << "] at " << i;
          }
        }
}

TEST(CumulativeKernel, LongSumsStayExact) {
  const Floats x(1 << 20, 0.1f);
  Guarded<float> y(1 << 20);
  kernels::cpu::cumulative({1}, {x.data(), y.data(), 1, 1 << 20, 1, CumulativeKind::Sum, false, false});
  EXPECT_FLOAT_EQ(y[(1 << 20) - 1], float(double(0.1f) * (1 << 20)));
}

TEST(CumulativeKernel, NaNStays) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Floats x = {1, nan, 3};
  for (const auto kind : {CumulativeKind::Sum, CumulativeKind::Prod, CumulativeKind::Max}) {
    Guarded<float> y(3);
    kernels::cpu::cumulative({1}, {x.data(), y.data(), 1, 3, 1, kind, false, false});
    EXPECT_EQ(y[0], 1);
    EXPECT_TRUE(std::isnan(y[1]));
    EXPECT_TRUE(std::isnan(y[2]));
  }
}

}  // namespace
}  // namespace fw::testing
