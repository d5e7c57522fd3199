// Optimiser steps against the formulas in double, and the sum of squares.
#include "kernels/optimizer.h"

#include <cmath>
#include <limits>

#include "engine/base/rng.h"
#include "tests/support/each_target.h"
#include "tests/support/guarded.h"

namespace fw::kernels {
namespace {

using testing::Guarded;

std::vector<float> randomFloats(int64_t count, uint64_t stream) {
  Rng rng(31, stream);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = float(rng.normal() * (rng.below(30) == 0 ? 1000 : 1));
  return values;
}

TEST(Adamw, FollowsTheFormulaOverManySteps) {
  for (const int64_t count : {1, 3, 7, 33, 63, 20001})
    for (const float scale : {1.0f, 0.25f})
      testing::forEachTarget([&] {
        const double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, decay = 0.1;
        const float rate = 3e-3f;
        Guarded<float> p(randomFloats(count, 1)), m(std::vector<float>(size_t(count), 0)),
            v(std::vector<float>(size_t(count), 0));
        std::vector<double> p0(p.data(), p.data() + count), m0(size_t(count), 0), v0(size_t(count), 0);
        for (int64_t step = 1; step <= 5; ++step) {
          Guarded<float> g(randomFloats(count, uint64_t(10 + step)));
          cpu::adamw({2}, {p.data(), g.data(), m.data(), v.data(), &rate, &step, &scale, p.data(), m.data(), v.data(),
                           count, beta1, beta2, epsilon, decay});
          for (int64_t i = 0; i < count; ++i) {
            const double gi = double(g[i]) * scale;
            double &pi = p0[size_t(i)], &mi = m0[size_t(i)], &vi = v0[size_t(i)];
            mi = beta1 * mi + (1 - beta1) * gi;
            vi = beta2 * vi + (1 - beta2) * gi * gi;
            pi -= rate * decay * pi;
            pi -= rate * (mi / (1 - std::pow(beta1, double(step)))) /
                  (std::sqrt(vi / (1 - std::pow(beta2, double(step)))) + epsilon);
            ASSERT_NEAR(p[i], pi, 2e-6 * std::abs(pi) + 1e-7) << "step " << step << " at " << i;
            ASSERT_NEAR(v[i], vi, 1e-6 * vi);
          }
        }
      });
}

TEST(Adamw, WritesFreshOutputsToo) {
  const int64_t count = 37, step = 4;
  const float rate = 0.01f, scale = 1;
  Guarded<float> p(randomFloats(count, 2)), g(randomFloats(count, 3)), m(randomFloats(count, 4)),
      v(std::vector<float>(37, 2));
  Guarded<float> p1(count), m1(count), v1(count), p2(p.values()), m2(m.values()), v2(v.values());
  cpu::adamw({1}, {p.data(), g.data(), m.data(), v.data(), &rate, &step, &scale, p1.data(), m1.data(), v1.data(), count,
                   0.9, 0.999, 1e-8, 0});
  cpu::adamw({1}, {p2.data(), g.data(), m2.data(), v2.data(), &rate, &step, &scale, p2.data(), m2.data(), v2.data(),
                   count, 0.9, 0.999, 1e-8, 0});
  EXPECT_EQ(p1.values(), p2.values());
  EXPECT_EQ(m1.values(), m2.values());
  EXPECT_EQ(v1.values(), v2.values());
}

TEST(Sgd, FollowsTheFormula) {
  for (const int64_t count : {1, 7, 33, 20001})
    for (const bool isNesterov : {false, true})
      for (const double momentum : {0.0, 0.9})
        testing::forEachTarget([&] {
          const double decay = 0.01;
          const float rate = 0.05f, scale = 0.5f;
          Guarded<float> p(randomFloats(count, 5)), b(std::vector<float>(size_t(count), 0));
          std::vector<double> p0(p.data(), p.data() + count), b0(size_t(count), 0);
          float* buffer = momentum > 0 ? b.data() : nullptr;
          for (int step = 0; step < 4; ++step) {
            Guarded<float> g(randomFloats(count, uint64_t(20 + step)));
            cpu::sgd({2},
                     {p.data(), g.data(), buffer, &rate, &scale, p.data(), buffer, count, momentum, decay, isNesterov});
            for (int64_t i = 0; i < count; ++i) {
              double &pi = p0[size_t(i)], &bi = b0[size_t(i)];
              const double gi = scale * double(g[i]) + decay * pi;
              bi = momentum * bi + gi;
              pi -= rate * (momentum == 0 ? gi : isNesterov ? gi + momentum * bi : bi);
              ASSERT_NEAR(p[i], pi, 1e-5 * (1 + std::abs(pi))) << "step " << step << " at " << i;
            }
          }
        });
}

TEST(Optimizers, KeepEverythingWhenTheScaleIsNotFinite) {
  for (const float scale : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    const int64_t count = 33, step = 2;
    const float rate = 0.1f;
    Guarded<float> p(randomFloats(count, 7)), g(randomFloats(count, 8)), m(randomFloats(count, 9)),
        v(randomFloats(count, 10));
    Guarded<float> newP(count), newM(count), newV(count), sgdP(count), sgdB(count);
    cpu::adamw({2}, {p.data(), g.data(), m.data(), v.data(), &rate, &step, &scale, newP.data(), newM.data(),
                     newV.data(), count, 0.9, 0.999, 1e-8, 0.1});
    EXPECT_EQ(newP.values(), p.values());
    EXPECT_EQ(newM.values(), m.values());
    EXPECT_EQ(newV.values(), v.values());
    cpu::sgd({2}, {p.data(), g.data(), m.data(), &rate, &scale, sgdP.data(), sgdB.data(), count, 0.9, 0.1, true});
    EXPECT_EQ(sgdP.values(), p.values());
    EXPECT_EQ(sgdB.values(), m.values());
  }
}

TEST(SumSquares, AccumulatesInDouble) {
  for (const int64_t count : {0, 1, 3, 7, 33, 63, 16384, 16385, 300001}) {
    Guarded<float> x(randomFloats(count, 6));
    if (count > 10) x[5] = 1e15f;  // an f32 sum would lose everything else
    double expected = 0;
    for (int64_t i = 0; i < count; ++i) expected += double(x[i]) * x[i];
    testing::forEachTarget([&] {
      for (int threads : {1, 3}) {
        Guarded<float> y(1);
        Guarded<double> partials(cpu::sumSquaresPartials(count));
        cpu::sumSquares({threads}, {x.data(), y.data(), partials.data(), count});
        EXPECT_FLOAT_EQ(y[0], float(expected)) << count;
      }
    });
  }
  // A million small squares do not get lost beside each other.
  Guarded<float> x(std::vector<float>(1000000, 1e-3f)), y(1);
  Guarded<double> partials(cpu::sumSquaresPartials(1000000));
  cpu::sumSquares({2}, {x.data(), y.data(), partials.data(), 1000000});
  EXPECT_FLOAT_EQ(y[0], 1.0f);
}

}  // namespace
}  // namespace fw::kernels
