// The vector functions of kernels/cpu/simd_math.h against the double-precision ones of the standard library.
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/kernels/simd_math_test.cpp"
#include "kernels/cpu/simd.h"
#include "kernels/cpu/simd_math.h"

HWY_BEFORE_NAMESPACE();
namespace fw::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class F>
void applyAll(const float* x, float* y, int64_t count, const F& f) {
  const hn::ScalableTag<float> d;
  for (int64_t i = 0; i < count; i += int64_t(hn::Lanes(d))) hn::StoreU(f(d, hn::LoadU(d, x + i)), d, y + i);
}
void allExp(const float* x, float* y, int64_t n) {
  applyAll(x, y, n, [](auto d, auto v) HWY_ATTR { return vecExp(d, v); });
}
void allLog(const float* x, float* y, int64_t n) {
  applyAll(x, y, n, [](auto d, auto v) HWY_ATTR { return vecLog(d, v); });
}
void allTanh(const float* x, float* y, int64_t n) {
  applyAll(x, y, n, [](auto d, auto v) HWY_ATTR { return vecTanh(d, v); });
}
void allSigmoid(const float* x, float* y, int64_t n) {
  applyAll(x, y, n, [](auto d, auto v) HWY_ATTR { return vecSigmoid(d, v); });
}
void allErf(const float* x, float* y, int64_t n) {
  applyAll(x, y, n, [](auto d, auto v) HWY_ATTR { return vecErf(d, v); });
}
void allExpNegative(const float* x, float* y, int64_t n) {
  applyAll(x, y, n, [](auto d, auto v) HWY_ATTR { return vecExpNegative(d, v); });
}
void allLog1p(const float* x, float* y, int64_t n) {
  applyAll(x, y, n, [](auto d, auto v) HWY_ATTR { return vecLog1p(d, v); });
}
void allSoftplus(const float* x, float* y, int64_t n) {
  applyAll(x, y, n, [](auto d, auto v) HWY_ATTR { return vecSoftplus(d, v); });
}
void allGelu(const float* x, float* y, int64_t n) {
  applyAll(x, y, n, [](auto d, auto v) HWY_ATTR { return vecGelu(d, v); });
}
void allGeluSlope(const float* x, float* y, int64_t n) {
  applyAll(x, y, n, [](auto d, auto v) HWY_ATTR { return vecGeluSlope(d, v); });
}
void allSin(const float* x, float* y, int64_t n) {
  applyAll(x, y, n, [](auto d, auto v) HWY_ATTR { return vecSine<0>(d, v); });
}
void allCos(const float* x, float* y, int64_t n) {
  applyAll(x, y, n, [](auto d, auto v) HWY_ATTR { return vecSine<1>(d, v); });
}
void allPower(const float* x, const float* exponents, float* y, int64_t n) {
  const hn::ScalableTag<float> d;
  for (int64_t i = 0; i < n; i += int64_t(hn::Lanes(d)))
    hn::StoreU(vecPower(d, hn::LoadU(d, x + i), hn::LoadU(d, exponents + i)), d, y + i);
}

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "engine/base/rng.h"
#include "tests/support/each_target.h"

namespace fw::kernels::cpu {
namespace {

HWY_EXPORT(allExp);
HWY_EXPORT(allLog);
HWY_EXPORT(allTanh);
HWY_EXPORT(allSigmoid);
HWY_EXPORT(allErf);
HWY_EXPORT(allExpNegative);
HWY_EXPORT(allLog1p);
HWY_EXPORT(allSoftplus);
HWY_EXPORT(allGelu);
HWY_EXPORT(allGeluSlope);
HWY_EXPORT(allSin);
HWY_EXPORT(allCos);
HWY_EXPORT(allPower);

using Vectorised = void (*)(const float*, float*, int64_t);

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// The distance of `value` from `exact`, in units of the last place of an f32 near `exact`.
double unitsInLastPlace(float value, double exact) {
  if (std::isnan(exact)) return std::isnan(value) ? 0 : 1e9;
  if (std::isinf(float(exact))) return value == float(exact) ? 0 : 1e9;
  const int exponent = std::max(std::ilogb(exact == 0 ? 1e-300 : exact), -126);
  return std::abs(double(value) - exact) / std::ldexp(1.0, exponent - 23);
}

void expectClose(const std::function<Vectorised()>& choose, double (*exact)(double), std::vector<float> x) {
  x.resize((x.size() + 15) / 16 * 16, 0.5f);
  std::vector<float> y(x.size());
  fw::testing::forEachTarget([&] {
    choose()(x.data(), y.data(), int64_t(x.size()));
    double worst = 0;
    float at = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const double distance = unitsInLastPlace(y[i], exact(x[i]));
      if (!(distance <= worst)) {
        worst = distance;
        at = x[i];
      }
    }
    EXPECT_LE(worst, 4) << "at " << at;
  });
}

/// Values spread over [low, high], and those at the edges of f32.
std::vector<float> samples(float low, float high) {
  std::vector<float> x = {0.0f, -0.0f, 1e-30f, -1e-30f, 1e-6f, -1e-6f, 1.0f, -1.0f, infinity, -infinity, nan};
  for (int i = 0; i < 200000; ++i) x.push_back(low + (high - low) * (float(i) / 199999.0f));
  return x;
}

TEST(SimdMath, Exp) {
  expectClose([] { return HWY_DYNAMIC_DISPATCH(allExp); }, [](double x) { return std::exp(x); }, samples(-110, 95));
}

TEST(SimdMath, Log) {
  std::vector<float> x = samples(0, 10);
  for (double v = 1e-45; v < 1e38; v *= 1.011) x.push_back(float(v));
  x.push_back(-1e-45f);
  expectClose([] { return HWY_DYNAMIC_DISPATCH(allLog); }, [](double v) { return std::log(v); }, x);
}

TEST(SimdMath, Tanh) {
  expectClose([] { return HWY_DYNAMIC_DISPATCH(allTanh); }, [](double x) { return std::tanh(x); }, samples(-12, 12));
}

TEST(SimdMath, Sigmoid) {
  expectClose([] { return HWY_DYNAMIC_DISPATCH(allSigmoid); }, [](double x) { return 1 / (1 + std::exp(-x)); },
              samples(-80, 80));
}

TEST(SimdMath, Erf) {
  expectClose([] { return HWY_DYNAMIC_DISPATCH(allErf); }, [](double x) { return std::erf(x); }, samples(-6, 6));
}

TEST(SimdMath, ExpNegative) {
  std::vector<float> x = {0.0f, -0.0f, -infinity, nan};
  for (int i = 0; i < 200000; ++i) x.push_back(-87.3365f * (float(i) / 199999.0f));
  expectClose([] { return HWY_DYNAMIC_DISPATCH(allExpNegative); }, [](double v) { return std::exp(v); }, x);
}

TEST(SimdMath, Log1p) {
  std::vector<float> x = samples(-1, 3);
  for (double v = 1e-45; v < 3e38; v *= 1.011) x.push_back(float(v));
  x.insert(x.end(), {-2.0f, 3.4e38f, -0.99999994f});
  expectClose([] { return HWY_DYNAMIC_DISPATCH(allLog1p); }, [](double v) { return std::log1p(v); }, x);
}

TEST(SimdMath, Softplus) {
  expectClose([] { return HWY_DYNAMIC_DISPATCH(allSoftplus); },
              [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }, samples(-100, 100));
}

TEST(SimdMath, Sin) {
  std::vector<float> x = samples(-10, 10);
  for (float v : samples(-20000, 20000)) x.push_back(v);
  expectClose([] { return HWY_DYNAMIC_DISPATCH(allSin); }, [](double v) { return std::sin(v); }, x);
}

TEST(SimdMath, Cos) {
  std::vector<float> x = samples(-10, 10);
  for (float v : samples(-20000, 20000)) x.push_back(v);
  expectClose([] { return HWY_DYNAMIC_DISPATCH(allCos); }, [](double v) { return std::cos(v); }, x);
}

/// The value of gelu and of its slope: relative to 1e-6 also where the result is tiny.
void expectRelative(const std::function<Vectorised()>& choose, double (*exact)(double), double allowed, double floor) {
  std::vector<float> x = samples(-13, 13);
  x.erase(x.begin() + 8, x.begin() + 11);  // infinities and NaN have a test of their own
  x.resize((x.size() + 15) / 16 * 16, 0.5f);
  std::vector<float> y(x.size());
  fw::testing::forEachTarget([&] {
    choose()(x.data(), y.data(), int64_t(x.size()));
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_NEAR(y[i], exact(x[i]), allowed * std::abs(exact(x[i])) + floor) << "at " << x[i];
  });
}

TEST(SimdMath, Gelu) {
  const auto exact = [](double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); };
  expectRelative([] { return HWY_DYNAMIC_DISPATCH(allGelu); }, exact, 1e-6, 1e-44);
}

TEST(SimdMath, GeluSlope) {
  const auto exact = [](double x) {
    return 0.5 * std::erfc(-x / std::sqrt(2.0)) + x * std::exp(-x * x / 2) / std::sqrt(8 * std::atan(1.0));
  };
  // Two terms cancel around -0.75, so part of the error is relative to them.
  expectRelative([] { return HWY_DYNAMIC_DISPATCH(allGeluSlope); }, exact, 1e-6, 1e-7);
}

TEST(SimdMath, GeluAtTheEnds) {
  std::vector<float> x(16, 0.0f), y(16);
  x[0] = infinity;
  x[1] = -infinity;
  x[2] = nan;
  fw::testing::forEachTarget([&] {
    HWY_DYNAMIC_DISPATCH(allGelu)(x.data(), y.data(), 16);
    EXPECT_EQ(y[0], infinity);
    EXPECT_EQ(y[1], 0);
    EXPECT_TRUE(std::isnan(y[2]));
    HWY_DYNAMIC_DISPATCH(allGeluSlope)(x.data(), y.data(), 16);
    EXPECT_EQ(y[0], 1);
    EXPECT_EQ(y[1], 0);
    EXPECT_TRUE(std::isnan(y[2]));
  });
}

// A NaN of any payload stays one: fresh memory of the tests is full of them.
TEST(SimdMath, NanOfAnyPayload) {
  std::vector<float> x(16), y(16);
  for (uint32_t bits : {0xffffffffu, 0x7fffffffu, 0x7fc00001u, 0xff801234u}) {
    for (float& v : x) std::memcpy(&v, &bits, 4);
    fw::testing::forEachTarget([&] {
      for (Vectorised f :
           {HWY_DYNAMIC_DISPATCH(allExp), HWY_DYNAMIC_DISPATCH(allExpNegative), HWY_DYNAMIC_DISPATCH(allLog),
            HWY_DYNAMIC_DISPATCH(allLog1p), HWY_DYNAMIC_DISPATCH(allTanh), HWY_DYNAMIC_DISPATCH(allSigmoid),
            HWY_DYNAMIC_DISPATCH(allSoftplus), HWY_DYNAMIC_DISPATCH(allErf), HWY_DYNAMIC_DISPATCH(allGelu),
            HWY_DYNAMIC_DISPATCH(allGeluSlope), HWY_DYNAMIC_DISPATCH(allSin), HWY_DYNAMIC_DISPATCH(allCos)}) {
        f(x.data(), y.data(), 16);
        for (float v : y) EXPECT_TRUE(std::isnan(v));
      }
    });
  }
}

TEST(SimdMath, Power) {
  std::vector<float> x, exponents;
  const float special[] = {0.0f,   -0.0f,       1.0f,  -1.0f, infinity, -infinity, nan,     0.5f,
                           -0.5f,  2.0f,        -2.0f, 3.0f,  -3.0f,    1e-40f,    -1e-40f, 1e30f,
                           -1e30f, 16777217.0f, 0.99f, 1.01f, 40.0f,    -7.0f,     1.5f,    -1.5f};
  for (float base : special)
    for (float exponent : special) {
      x.push_back(base);
      exponents.push_back(exponent);
    }
  Rng rng(5);
  for (int i = 0; i < 100000; ++i) {
    x.push_back(float(std::exp(20 * rng.normal())));
    exponents.push_back(float(4 * rng.normal()));
  }
  x.resize((x.size() + 15) / 16 * 16, 2.0f);
  exponents.resize(x.size(), 2.0f);
  std::vector<float> y(x.size());
  fw::testing::forEachTarget([&] {
    HWY_DYNAMIC_DISPATCH(allPower)(x.data(), exponents.data(), y.data(), int64_t(x.size()));
    for (size_t i = 0; i < x.size(); ++i) {
      const double exact = std::pow(double(x[i]), double(exponents[i]));
      ASSERT_LE(unitsInLastPlace(y[i], exact), 1) << x[i] << " to the power " << exponents[i] << " gave " << y[i];
      const bool hasSign = !std::isnan(exact);
      ASSERT_TRUE(!hasSign || std::signbit(y[i]) == std::signbit(float(exact)))
          << x[i] << " to the power " << exponents[i];
    }
  });
}

}  // namespace
}  // namespace fw::kernels::cpu
#endif
