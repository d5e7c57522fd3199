// The selective scan against plain loops in double, on every instruction set.
#include "kernels/selective_scan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <tuple>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "tests/support/each_target.h"
#include "tests/support/guarded.h"

namespace fw::testing {
namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

struct Problem {
  int64_t B, T, D, N;
  Floats x, delta, a, b, c, skip, state, dy, dLast, dSaved = {};
};

Problem makeProblem(int64_t B, int64_t T, int64_t D, int64_t N) {
  Rng rng(uint64_t(B * 1000003 + T * 1009 + D * 31 + N));
  Problem p{B, T, D, N};
  const auto fill = [&](Floats& to, int64_t count) {
    to.resize(size_t(count));
    for (float& v : to) v = float(rng.normal());
  };
  fill(p.x, B * T * D);
  fill(p.delta, B * T * D);
  fill(p.a, D * N);
  fill(p.b, B * T * N);
  fill(p.c, B * T * N);
  fill(p.skip, D);
  fill(p.state, B * D * N);
  fill(p.dy, B * T * D);
  fill(p.dLast, B * D * N);
  fill(p.dSaved, kernels::selectiveScanChunks(T) * B * D * N);
  for (float& v : p.delta) v = std::log1p(std::exp(v - 1));
  for (float& v : p.a) v = -std::exp(v);
  p.delta[p.delta.size() / 2] = 100;  // erases the past
  p.x[0] = 50;
  return p;
}

struct Expected {
  Doubles y, last, dx, dDelta, da, db, dc, dSkip, dState;
};

Expected reference(const Problem& p) {
  const auto [B, T, D, N] = std::tuple(p.B, p.T, p.D, p.N);
  Expected e{Doubles(p.x.size()), Doubles(size_t(B * D * N)), Doubles(p.x.size()),
             Doubles(p.x.size()), Doubles(p.a.size()),        Doubles(p.b.size()),
             Doubles(p.c.size()), Doubles(size_t(D)),         Doubles(size_t(B * D * N))};
  for (int64_t b = 0; b < B; ++b)
    for (int64_t d = 0; d < D; ++d) {
      const auto at = [&](int64_t t) { return size_t((b * T + t) * D + d); };
      if (!p.skip.empty())
        for (int64_t t = 0; t < T; ++t) {
          e.y[at(t)] = double(p.skip[size_t(d)]) * p.x[at(t)];
          e.dx[at(t)] = double(p.skip[size_t(d)]) * p.dy[at(t)];
          e.dSkip[size_t(d)] += double(p.dy[at(t)]) * p.x[at(t)];
        }
      for (int64_t n = 0; n < N; ++n) {
        const size_t s = size_t((b * D + d) * N + n);
        const double a = p.a[size_t(d * N + n)];
        const auto bc = [&](int64_t t) { return size_t((b * T + t) * N + n); };
        Doubles h(static_cast<size_t>(T + 1));  // h[t + 1] is the state after step t
        h[0] = p.state.empty() ? 0 : p.state[s];
        for (int64_t t = 0; t < T; ++t) {
          h[size_t(t) + 1] =
              std::exp(p.delta[at(t)] * a) * h[size_t(t)] + double(p.delta[at(t)]) * p.x[at(t)] * p.b[bc(t)];
          e.y[at(t)] += p.c[bc(t)] * h[size_t(t) + 1];
        }
        e.last[s] = h[size_t(T)];
        double carry = p.dLast.empty() ? 0 : p.dLast[s];
        for (int64_t t = T - 1; t >= 0; --t) {
          const double g = p.c[bc(t)] * double(p.dy[at(t)]) + carry, decay = std::exp(p.delta[at(t)] * a);
          e.dc[bc(t)] += double(p.dy[at(t)]) * h[size_t(t) + 1];
          e.db[bc(t)] += g * p.delta[at(t)] * p.x[at(t)];
          e.dx[at(t)] += g * p.delta[at(t)] * p.b[bc(t)];
          e.dDelta[at(t)] += g * (a * decay * h[size_t(t)] + double(p.b[bc(t)]) * p.x[at(t)]);
          e.da[size_t(d * N + n)] += g * p.delta[at(t)] * decay * h[size_t(t)];
          carry = decay * g;
          if (t % kernels::kSelectiveScanChunk == 0 && !p.dSaved.empty()) {
            const int64_t chunk = b * kernels::selectiveScanChunks(T) + t / kernels::kSelectiveScanChunk;
            carry += p.dSaved[size_t((chunk * N + n) * D + d)];
          }
        }
        e.dState[s] = carry;
      }
    }
  return e;
}

struct Results {
  Floats y, last, dx, dDelta, da, db, dc, dSkip, dState;
};

Results run(const Problem& p, int threads) {
  const auto address = [](const Floats& x) { return x.empty() ? nullptr : x.data(); };
  const kernels::SelectiveScanInputs in{
      p.x.data(), p.delta.data(), p.a.data(), p.b.data(), p.c.data(), address(p.skip), address(p.state), p.B, p.T, p.D,
      p.N};
  const int64_t states = p.B * p.D * p.N, steps = p.B * p.T * p.D;
  Guarded<float> y(steps), last(states), saved(kernels::selectiveScanChunks(p.T) * states), dx(steps), dDelta(steps),
      da(p.D * p.N), db(p.B * p.T * p.N), dc(p.B * p.T * p.N), dSkip(p.D), dState(states),
      workspace(kernels::cpu::selectiveScanGradientWorkspace(in));
  kernels::cpu::selectiveScan({threads}, {in, y.data(), last.data(), saved.data()});
  kernels::cpu::selectiveScanGradient(
      {threads}, {in, saved.data(), p.dy.data(), address(p.dLast), address(p.dSaved), dx.data(), dDelta.data(),
                  da.data(), db.data(), dc.data(), p.skip.empty() ? nullptr : dSkip.data(),
                  p.state.empty() ? nullptr : dState.data(), workspace.data()});
  if (p.skip.empty()) std::fill_n(dSkip.data(), p.D, 0.0f);
  if (p.state.empty()) std::fill_n(dState.data(), states, 0.0f);
  return {y.values(),  last.values(), dx.values(),    dDelta.values(), da.values(),
          db.values(), dc.values(),   dSkip.values(), dState.values()};
}

void expectNear(const Floats& actual, const Doubles& expected, const char* name) {
  ASSERT_EQ(actual.size(), expected.size()) << name;
  double largest = 1;
  for (const double v : expected) largest = std::max(largest, std::abs(v));
  for (size_t i = 0; i < actual.size(); ++i)
    ASSERT_LE(std::abs(actual[i] - expected[i]), 4e-6 * largest)
        << name << "[" << i << "]: " << actual[i] << ", expected " << expected[i];
}

void expectRight(const Problem& p) {
  const Expected e = reference(p);
  forEachTarget([&] {
    const Results r = run(p, 1), other = run(p, 3);
    expectNear(r.y, e.y, "y");
    expectNear(r.last, e.last, "last state");
    expectNear(r.dx, e.dx, "dx");
    expectNear(r.dDelta, e.dDelta, "dDelta");
    expectNear(r.da, e.da, "dA");
    expectNear(r.db, e.db, "dB");
    expectNear(r.dc, e.dc, "dC");
    if (!p.skip.empty()) expectNear(r.dSkip, e.dSkip, "dSkip");
    if (!p.state.empty()) expectNear(r.dState, e.dState, "dState");
    EXPECT_EQ(r.y, other.y);
    EXPECT_EQ(r.last, other.last);
    EXPECT_EQ(r.dDelta, other.dDelta);
    EXPECT_EQ(r.da, other.da);
    EXPECT_EQ(r.db, other.db);
    EXPECT_EQ(r.dc, other.dc);
    EXPECT_EQ(r.dSkip, other.dSkip);
  });
}

TEST(SelectiveScanKernel, AwkwardSizes) {
  for (const auto& [B, T, D, N] : {std::tuple(1, 1, 1, 1), std::tuple(2, 3, 7, 5), std::tuple(1, 63, 33, 16),
                                   std::tuple(3, 65, 3, 8), std::tuple(2, 129, 70, 13), std::tuple(1, 1000, 130, 16)}) {
    SCOPED_TRACE(text("B ", B, " T ", T, " D ", D, " N ", N));
    expectRight(makeProblem(B, T, D, N));
  }
}

TEST(SelectiveScanKernel, WithoutSkipStateAndLaterGradient) {
  Problem p = makeProblem(2, 70, 20, 6);
  p.skip.clear();
  p.state.clear();
  p.dLast.clear();
  p.dSaved.clear();
  expectRight(p);
}

// One channel, two states, computed by hand from the recurrence (golden value of the specification).
TEST(SelectiveScanKernel, GoldenValue) {
  const Problem p{1,
                  3,
                  1,
                  2,
                  {1, -2, 0.5f},
                  {0.5f, 0.1f, 1},
                  {-1, -2},
                  {1, 0.5f, 0.2f, -1, 0.3f, 0.3f},
                  {1, 1, 0.5f, -0.5f, 2, 0},
                  {1},
                  {},
                  {1, 1, 1},
                  {}};
  forEachTarget([&] {
    const Results r = run(p, 1);
    EXPECT_NEAR(r.y[0], 1.75, 1e-6);
    EXPECT_NEAR(r.y[1], -1.996132, 1e-6);
    EXPECT_NEAR(r.y[2], 1.103441, 1e-6);
    EXPECT_NEAR(r.last[0], 0.301720, 1e-6);
    EXPECT_NEAR(r.last[1], 0.204768, 1e-6);
  });
}

TEST(SelectiveScanKernel, StepsInTurnEqualTheWhole) {
  const Problem p = makeProblem(1, 9, 5, 4);
  forEachTarget([&] {
    const Results whole = run(p, 1);
    Floats state = p.state;
    for (int64_t t = 0; t < 9; ++t) {
      const auto part = [&](const Floats& x, int64_t width) {
        return Floats(x.begin() + t * width, x.begin() + (t + 1) * width);
      };
      const Problem step{
          1, 1, 5, 4, part(p.x, 5), part(p.delta, 5), p.a, part(p.b, 4), part(p.c, 4), p.skip, state, part(p.dy, 5),
          {}};
      const Results r = run(step, 1);
      for (size_t d = 0; d < 5; ++d) EXPECT_EQ(r.y[d], whole.y[size_t(t) * 5 + d]);
      state = r.last;
    }
    EXPECT_EQ(state, whole.last);
  });
}

TEST(SelectiveScanKernel, NaNInputGivesNaNFromThereOn) {
  Problem p = makeProblem(1, 4, 1, 2);
  p.delta[1] = std::numeric_limits<float>::quiet_NaN();
  forEachTarget([&] {
    const Results r = run(p, 1);
    EXPECT_FALSE(std::isnan(r.y[0]));
    for (size_t t = 1; t < 4; ++t) EXPECT_TRUE(std::isnan(r.y[t]));
  });
}

}  // namespace
}  // namespace fw::testing
