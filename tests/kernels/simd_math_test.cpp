// The vector functions of kernels/cpu/simd_math.h against the double-precision ones of the standard library.
#include <cmath>
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

}  // namespace fw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "tests/support/each_target.h"

namespace fw::kernels::cpu {
namespace {

HWY_EXPORT(allExp);
HWY_EXPORT(allLog);
HWY_EXPORT(allTanh);
HWY_EXPORT(allSigmoid);
HWY_EXPORT(allErf);

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

}  // namespace
}  // namespace fw::kernels::cpu
#endif
