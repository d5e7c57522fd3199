// Rotary embedding against complex rotations in double, and the update of a cache.
#include "kernels/rotary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstring>
#include <numeric>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "kernels/cache_update.h"
#include "tests/support/each_target.h"
#include "tests/support/guarded.h"

namespace fw::testing {
namespace {

using Floats = std::vector<float>;
using kernels::RotaryArgs;

Floats normals(uint64_t seed, int64_t count) {
  Rng rng(seed);
  Floats x(static_cast<size_t>(count));
  for (float& value : x) value = float(rng.normal());
  return x;
}

struct Sizes {
  int64_t B, T, H, K, R;
};

TEST(RotaryKernel, TurnsPairs) {
  for (const Sizes& n : {Sizes{1, 1, 1, 2, 2}, Sizes{2, 7, 3, 64, 64}, Sizes{1, 33, 2, 20, 10}, Sizes{2, 3, 1, 7, 0},
                         Sizes{1, 63, 5, 66, 66}, Sizes{3, 5, 2, 9, 8}})
    for (const bool isInterleaved : {false, true})
      for (const bool isInverse : {false, true})
        for (const int kind : {0, 1, 2, 3}) {
          SCOPED_TRACE(text("T ", n.T, " K ", n.K, " R ", n.R, " interleaved ", isInterleaved, " kind ", kind));
          const Floats x = normals(1, n.B * n.T * n.H * n.K);
          Floats frequencies;
          for (int64_t i = 0; i < n.R / 2; ++i)
            frequencies.push_back(float(std::pow(10000.0, -2.0 * double(i) / double(n.R))));
          std::vector<int64_t> position(static_cast<size_t>(n.B * n.T));
          std::iota(position.begin(), position.end(), 4000);  // kind 1: one; 2: one a sequence; 3: one a token
          RotaryArgs args;
          args.x = x.data();
          args.frequencies = frequencies.data();
          args.position = kind == 0 ? nullptr : position.data();
          args.positionBatch = kind == 3 ? n.T : kind == 2 ? 1 : 0;
          args.positionTime = kind == 3 ? 1 : 0;
          args.isCounted = kind != 3;
          args.batch = n.B;
          args.time = n.T;
          args.heads = n.H;
          args.width = n.K;
          args.rotated = n.R;
          args.isInterleaved = isInterleaved;
          args.isInverse = isInverse;
          std::vector<double> expected(x.begin(), x.end());
          for (int64_t b = 0; b < n.B; ++b)
            for (int64_t t = 0; t < n.T; ++t)
              for (int64_t h = 0; h < n.H; ++h)
                for (int64_t i = 0; i < n.R / 2; ++i) {
                  const int64_t at = kind == 0   ? t
                                     : kind == 1 ? 4000 + t
                                     : kind == 2 ? 4000 + b + t
                                                 : 4000 + b * n.T + t;
                  const double angle = float(at) * frequencies[size_t(i)] * (isInverse ? -1.0 : 1.0);
                  const size_t base = size_t(((b * n.T + t) * n.H + h) * n.K);
                  const size_t one = base + size_t(isInterleaved ? 2 * i : i),
                               two = base + size_t(isInterleaved ? 2 * i + 1 : i + n.R / 2);
                  const std::complex<double> turned = std::complex<double>(x[one], x[two]) * std::polar(1.0, angle);
                  expected[one] = turned.real();
                  expected[two] = turned.imag();
                }
          forEachTarget([&] {
            Guarded<float> y(int64_t(x.size()));
            args.y = y.data();
            kernels::cpu::rotary({2}, args);
            for (size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(y[int64_t(i)], expected[i], 2e-6) << i;
            Guarded<float> same(x);
            RotaryArgs inPlace = args;
            inPlace.x = inPlace.y = same.data();
            kernels::cpu::rotary({1}, inPlace);
            EXPECT_EQ(same.values(), y.values());
          });
        }
}

TEST(CacheUpdateKernel, WritesEachSequenceAtItsPlace) {
  const Floats cache = normals(1, 3 * 9 * 5), rows = normals(2, 3 * 2 * 5);
  const std::vector<int64_t> position = {0, 7, 4};
  Floats expected = cache;
  for (size_t b = 0; b < 3; ++b)
    for (size_t i = 0; i < 10; ++i) expected[b * 45 + size_t(position[b]) * 5 + i] = rows[b * 10 + i];
  Guarded<float> out(3 * 9 * 5), inPlace(cache);
  EXPECT_EQ(kernels::cpu::cacheUpdate({2}, {cache.data(), rows.data(), position.data(), 1, out.data(), 3, 9, 2, 20}),
            -1);
  EXPECT_EQ(out.values(), expected);
  EXPECT_EQ(
      kernels::cpu::cacheUpdate({2}, {inPlace.data(), rows.data(), position.data(), 1, inPlace.data(), 3, 9, 2, 20}),
      -1);
  EXPECT_EQ(inPlace.values(), expected);
}

TEST(CacheUpdateKernel, SaysWhichSequenceDoesNotFit) {
  const Floats rows(3 * 2 * 5, 1);
  Floats cache(3 * 9 * 5, 0);
  for (const int64_t bad : {int64_t(8), int64_t(-1), int64_t(1) << 62}) {
    const std::vector<int64_t> position = {0, bad, 4};
    EXPECT_EQ(
        kernels::cpu::cacheUpdate({1}, {cache.data(), rows.data(), position.data(), 1, cache.data(), 3, 9, 2, 20}), 1);
    EXPECT_EQ(cache, Floats(3 * 9 * 5, 0));
  }
}

}  // namespace
}  // namespace fw::testing
